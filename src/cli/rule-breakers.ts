/** `raicho rule breakers`, `reset-breaker`: rules that went round and are held off what they lead to. */
import type { CommandSetup } from "./cli.ts";
import { rowsOf } from "./inventory-entry.ts";
import { addVerb } from "./verb.ts";

const service = "own";

export const setUpRuleBreakers: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "breakers",
    summary:
      "List rules that fired again and again because of what they started, and are held off that.",
    shows: true,
    options: [["--all", "also those that were held off before"]],
    run: async ({ client, options, print }) => {
      const path = `/rules/breakers${options["all"] === true ? "?all=true" : ""}`;
      const { breakers } = await client.object("GET", path, { service });
      await print.list(rowsOf(breakers), {
        columns: ["id", "rule", "firings", "seconds", "opened_at", "until", "reset_at"],
      });
    },
  });
  addVerb(command, cli, {
    usage: "reset-breaker <id>",
    summary: "Let a rule fire again on what it leads to.",
    shows: true,
    run: async ({ args, client, print }) => {
      const path = `/rules/breakers/${encodeURIComponent(args[0] ?? "")}/reset`;
      await print.one(await client.object("POST", path, { service }));
    },
  });
};
