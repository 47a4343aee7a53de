/** `raicho action-alias`: what people say in a chat. */
import { isObject } from "../model/json.ts";
import type { CommandSetup } from "./cli.ts";
import { addResource, packFilter } from "./resource.ts";
import { valueAt } from "./output.ts";
import { addVerb, type Asked } from "./verb.ts";
import { exitCodeOf, idOf, waitFor } from "./wait.ts";

async function start({
  args,
  client,
  options,
}: Asked): Promise<readonly Record<string, unknown>[]> {
  const body = { command: args.join(" "), user: options["user"] ?? "", source_channel: "cli" };
  const { results } = await client.object("POST", "/aliasexecution/match_and_execute", { body });
  return Array.isArray(results) ? results.filter(isObject) : [];
}

async function test(asked: Asked): Promise<void> {
  const { client, cli } = asked;
  for (const { execution } of await start(asked)) {
    if (!isObject(execution)) continue;
    const ended = await waitFor(asked, idOf(execution));
    const body = {
      action: "chatops.format_execution_result",
      parameters: { execution_id: idOf(ended) },
    };
    const formatted = await waitFor(
      asked,
      idOf(await client.object("POST", "/executions", { body })),
    );
    const text =
      valueAt(formatted, "result.result.message") ?? valueAt(formatted, "result.message");
    if (typeof text === "string") cli.terminal.write(`${text}\n`);
    else await asked.print.one(formatted, ["id", "status", "result"]);
    cli.end(exitCodeOf(ended));
  }
}

export const setUpAlias: CommandSetup = (command, cli) => {
  addResource(command, cli, {
    noun: "action alias",
    plural: "action aliases",
    path: "/actionalias",
    key: "ref",
    columns: ["ref", "pack", "description", "enabled"],
    filters: [packFilter],
    verbs: ["list", "get", "create", "update", "delete", "enable", "disable"],
  });
  addVerb(command, cli, {
    usage: "match <words...>",
    summary: "Tell which alias these words call.",
    shows: true,
    run: async ({ args, client, print }) => {
      const found = await client.object("POST", "/actionalias/match", {
        body: { command: args.join(" ") },
      });
      const { actionalias, display, representation } = found;
      const alias = isObject(actionalias) ? actionalias : {};
      await print.one({
        ref: alias["ref"],
        action_ref: alias["action_ref"],
        display,
        representation,
      });
    },
  });
  addVerb(command, cli, {
    usage: "execute <words...>",
    summary: "Say these words; the action begins.",
    options: [["-u, --user <name>", "who says it"]],
    examples: ['action-alias execute "restart web1"'],
    run: async (asked) => {
      for (const { execution, message } of await start(asked)) {
        if (isObject(execution)) await asked.print.one(execution, ["id", "action.ref", "status"]);
        if (typeof message === "string") asked.print.done(message);
      }
    },
  });
  addVerb(command, cli, {
    usage: "test <words...>",
    summary: "Say these words, and print the answer as the chat would show it.",
    run: test,
  });
};
