/** `raicho pool`: what waits for which workers. */
import { isObject } from "../model/json.ts";
import type { CommandSetup } from "./cli.ts";
import { addVerb } from "./verb.ts";

export const setUpPool: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "list",
    summary: "List pools of workers, what waits for each, and who serves it.",
    shows: true,
    run: async ({ client, print }) => {
      const { items } = await client.object("GET", "/pools", { service: "own" });
      const rows = (Array.isArray(items) ? items : []).filter(isObject);
      await print.list(rows, { columns: ["pool", "status", "waiting", "since", "workers"] });
      for (const { problem } of rows)
        if (typeof problem === "string") cli.terminal.note(`${problem}\n`);
    },
  });
};
