/** `raicho service-registry`: the processes that live. */
import type { CommandSetup } from "./cli.ts";
import { optionText } from "./output.ts";
import { addVerb } from "./verb.ts";

export const setUpServiceRegistry: CommandSetup = (command, cli) => {
  const group = command.command("group").description("Groups of processes.");
  addVerb(group, cli, {
    usage: "list",
    summary: "List groups of processes.",
    shows: true,
    run: async ({ client, print }) => {
      const { groups } = await client.object("GET", "/service_registry/groups");
      const names: readonly unknown[] = Array.isArray(groups) ? groups : [];
      await print.list(
        names.map((group_id) => ({ group_id })),
        { columns: ["group_id"] },
      );
    },
  });
  const member = command.command("member").description("Live processes.");
  addVerb(member, cli, {
    usage: "list [group]",
    summary: "List live processes, of one group or of all.",
    shows: true,
    options: [["--group-id <name>", "of that group"]],
    run: async ({ args: [name], client, options, print }) => {
      const wanted = name ?? optionText(options, "groupId");
      const { groups } = await client.object("GET", "/service_registry/groups");
      const names =
        wanted === undefined ? (Array.isArray(groups) ? groups.map(String) : []) : [wanted];
      const all = await Promise.all(
        names.map(async (each) =>
          client.object("GET", `/service_registry/groups/${encodeURIComponent(each)}/members`),
        ),
      );
      const rows = all.flatMap(({ members }) => (Array.isArray(members) ? members : []));
      await print.list(rows, { columns: ["group_id", "member_id", "capabilities"] });
    },
  });
};
