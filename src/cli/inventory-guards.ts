/** `raicho inventory breakers`, `reset-breaker`, `expiring`, `acknowledge`: what the inventory watches over. */
import type { CommandSetup } from "./cli.ts";
import { rowsOf, service } from "./inventory-entry.ts";
import { optionText } from "./output.ts";
import { addVerb } from "./verb.ts";

export const setUpInventoryGuards: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "breakers",
    summary: "List rules that are held off an entry because they fired too often on it.",
    shows: true,
    options: [["--all", "also those that were reset"]],
    run: async ({ client, options, print }) => {
      const path = `/inventory/breakers${options["all"] === true ? "?all=true" : ""}`;
      const { breakers } = await client.object("GET", path, { service });
      await print.list(rowsOf(breakers), {
        columns: ["id", "rule", "entry", "firings", "seconds", "opened_at", "reset_at"],
      });
    },
  });
  addVerb(command, cli, {
    usage: "reset-breaker <id>",
    summary: "Let a rule fire on its entry again.",
    shows: true,
    run: async ({ args, client, print }) => {
      const path = `/inventory/breakers/${encodeURIComponent(args[0] ?? "")}/reset`;
      await print.one(await client.object("POST", path, { service }));
    },
  });
  addVerb(command, cli, {
    usage: "expiring",
    summary: "List what expires soon: contracts, certificates, domains.",
    shows: true,
    options: [
      ["--days <number>", "within so many days; 90 unless said"],
      ["--type <name>", "of that type"],
    ],
    run: async ({ client, options, print }) => {
      const asked = new URLSearchParams();
      for (const name of ["days", "type"]) {
        const value = optionText(options, name);
        if (value !== undefined) asked.set(name, value);
      }
      const { expiring } = await client.object("GET", `/inventory/expiring?${asked.toString()}`, {
        service,
      });
      await print.list(rowsOf(expiring), {
        columns: ["entry", "attribute", "date", "days_left", "told", "acknowledged"],
      });
    },
  });
  addVerb(command, cli, {
    usage: "acknowledge <id> <attribute>",
    summary: "Say that the expiry of an entry's attribute is known: its date is not told again.",
    shows: true,
    options: [["--note <text>", "what is done about it"]],
    run: async ({ args, client, options, print }) => {
      const [id = "", attribute = ""] = args.map(encodeURIComponent);
      const note = optionText(options, "note");
      const path = `/inventory/entries/${id}/expiry/${attribute}/acknowledge`;
      await print.one(
        await client.object("POST", path, { service, body: note === undefined ? {} : { note } }),
      );
    },
  });
};
