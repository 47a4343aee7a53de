/** `raicho alert`: alerts, silences and the messages they were made of. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type Cli, type CommandSetup } from "./cli.ts";
import { rowsOf, service } from "./inventory-entry.ts";
import { optionText, type Options } from "./output.ts";
import { addVerb, type Asked } from "./verb.ts";

const columns = [
  "id",
  "status",
  "severity",
  "urgency",
  "host_raw",
  "service",
  "count",
  "ticket",
  "last_at",
];
const limit = ["-n, --last <number>", "how many", "50"] as const;
const comment = ["-c, --comment <text>", "why, or what is done about it"] as const;

export const setUpAlert: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "list",
    summary: "List alerts, the latest first.",
    shows: true,
    options: [
      ["--status <status>", "open, acked or resolved"],
      ["--day <date>", "of that calendar day, YYYY-MM-DD"],
      ["--source <name>", "of that monitor"],
      ["--host <name>", "of that host, as the monitor writes it"],
      ["--urgency <urgency>", "immediate or business_day"],
      ["--ticket <ticket>", "of that ticket, by the tracker's key"],
      ["--held", "only those that are not told now"],
      limit,
    ],
    examples: ["alert list --status open", "alert list --day 2026-11-21 -o json"],
    run: (asked) =>
      list(
        asked,
        "/alerts",
        ["status", "day", "source", "host", "urgency", "ticket", "held"],
        columns,
      ),
  });
  addVerb(command, cli, {
    usage: "get <id>",
    summary: "Show an alert with the messages that were counted in it.",
    shows: true,
    run: async ({ args, client, print }) =>
      print.one(await client.object("GET", `/alerts/${word(args[0])}`, { service })),
  });
  for (const [verb, path, summary] of [
    ["ack", "acknowledge", "Note that somebody looks after an alert."],
    ["resolve", "resolve", "Close an alert by hand."],
  ] as const)
    addVerb(command, cli, {
      usage: `${verb} <id>`,
      summary,
      shows: true,
      options: [comment],
      run: async ({ args, client, options, print }) => {
        const body = { comment: optionText(options, "comment") ?? "" };
        const at = `/alerts/${word(args[0])}/${path}`;
        await print.one(await client.object("POST", at, { service, body }));
      },
    });
  addVerb(command, cli, {
    usage: "groups",
    summary: "List groups of alerts that are told together.",
    shows: true,
    options: [limit],
    run: (asked) =>
      list(asked, "/alerts/groups", [], ["group_key", "rule", "firing", "opened_at", "due_at"]),
  });
  setUpMessages(command, cli);
  setUpSilences(command.command("silence").description("hold alerts back for a time"), cli);
  addFileVerbs(command, cli);
};

const setUpMessages: CommandSetup = (command, cli) => {
  const chosen = [
    ["--unparsed", "only those that no parser knows"],
    ["--since <time>", "received from then on, ISO 8601"],
    ["--until <time>", "received before then, ISO 8601"],
  ] as const;
  addVerb(command, cli, {
    usage: "messages",
    summary: "List messages that were received, the latest first.",
    shows: true,
    options: [...chosen, limit],
    run: (asked) =>
      list(
        asked,
        "/alerts/messages",
        ["unparsed", "since", "until"],
        ["key", "received_at", "sender", "subject", "parser", "reason"],
      ),
  });
  addVerb(command, cli, {
    usage: "message <key>",
    summary: "Show a message as it came, by its key or the raw_ref of an alert.",
    shows: true,
    options: [["--raw <file>", "write the mail itself to this file"]],
    run: async ({ args, client, options, print }) => {
      const at = `/alerts/messages/${word(args[0])}`;
      const file = optionText(options, "raw");
      if (file === undefined) return print.one(await client.object("GET", at, { service }));
      const mail = await client.bytes(at, { service, query: { raw: "true" } });
      writeFileSync(resolve(cli.workingDirectory, file), mail);
    },
  });
  addVerb(command, cli, {
    usage: "replay [key]",
    summary:
      "Read kept messages again with the parsers of now; what was counted stays counted once.",
    shows: true,
    options: [
      ...chosen,
      ["--again", "count them once more"],
      ["--dry-run", "say what the parsers make of them, and change nothing"],
    ],
    examples: ["alert replay --unparsed --dry-run", "alert replay 'mail:20261121@mx.example.jp'"],
    run: async ({ args, client, options, print }) => {
      const body = {
        ...(args[0] === undefined ? {} : { message: args[0] }),
        ...pick(options, ["since", "until"]),
        unparsed: options["unparsed"] === true,
        again: options["again"] === true,
        dry_run: options["dryRun"] === true,
      };
      if (args[0] === undefined && !body.unparsed && optionText(options, "since") === undefined)
        throw new CliError(exitCodes.usage, "replay what? Give a key, --unparsed or --since");
      await print.one(await client.object("POST", "/alerts/replay", { service, body }));
    },
  });
};

const setUpSilences: CommandSetup = (command, cli) => {
  const shown = ["id", "state", "match", "starts_at", "ends_at", "author", "comment"];
  addVerb(command, cli, {
    usage: "add <conditions...>",
    summary: "Silence alerts: host='web*' severity=warning service!=PING.",
    shows: true,
    options: [
      comment,
      ["--for <duration>", "30m, 2h, 1d"],
      ["--from <time>", "from when on, ISO 8601; now when left out"],
      ["--until <time>", "until when, ISO 8601; instead of --for"],
    ],
    examples: ["alert silence add host='web*' --for 2h --comment 'disk swap'"],
    run: async ({ args, client, options, print }) => {
      const body = {
        match: matchOf(args),
        comment: optionText(options, "comment") ?? "",
        ...pick(options, ["for"]),
        ...renamed(options, { from: "starts_at", until: "ends_at" }),
      };
      await print.one(await client.object("POST", "/alerts/silences", { service, body }));
    },
  });
  addVerb(command, cli, {
    usage: "list",
    summary: "List silences.",
    shows: true,
    options: [["--ended", "also those that are over"], limit],
    run: (asked) => list(asked, "/alerts/silences", ["ended"], shown),
  });
  addVerb(command, cli, {
    usage: "end <id>",
    summary: "End a silence now.",
    shows: true,
    run: async ({ args, client, print }) =>
      print.one(await client.object("DELETE", `/alerts/silences/${word(args[0])}`, { service })),
  });
};

async function list(
  { client, options, print }: Asked,
  path: string,
  filters: readonly string[],
  shown: readonly string[],
): Promise<void> {
  const flags = filters.filter((name) => options[name] === true).map((name) => [name, "true"]);
  const query = {
    ...pick(options, filters),
    ...Object.fromEntries(flags),
    limit: optionText(options, "last"),
  };
  const { items } = await client.object("GET", path, { service, query });
  await print.list(rowsOf(items), { columns: shown });
}

function pick(options: Options, names: readonly string[]): Record<string, string> {
  return renamed(options, Object.fromEntries(names.map((name) => [name, name])));
}

function renamed(
  options: Options,
  names: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(names).flatMap(([option, name]) => {
      const value = optionText(options, option);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** `host=web*`, `service!=PING`, `summary=~disk.*full`; several values separated by commas. */
function matchOf(conditions: readonly string[]): JsonObject {
  return Object.fromEntries(
    conditions.map((condition) => {
      const parts = /^([\w.-]+)(!=|=~|=)([^]*)$/.exec(condition);
      if (parts === null)
        throw new CliError(
          exitCodes.usage,
          `"${condition}" is no condition; write host='web*', service!=PING or summary=~'disk.*full'`,
        );
      const [, field = "", operator, value = ""] = parts;
      if (operator === "=~") return [field, { regex: value }];
      const values = value.split(",");
      return [field, operator === "!=" ? { not: values } : values];
    }),
  );
}

function word(value: string | undefined): string {
  return encodeURIComponent(value ?? "");
}

/** What needs no server. */
function addFileVerbs(command: Command, cli: Cli): void {
  command
    .command("parse")
    .description(
      "run mails (.eml, any other file) and webhooks (.json) through the parsers and print the alert of each",
    )
    .argument("<files...>", "files, or directories with everything in them")
    .option("-a, --attr <names>", "attributes to show, separated by commas; all = everything")
    .addHelpText(
      "after",
      "\nExit code 1 when a message is known to no parser.\n\nExamples:\n  raicho alert parse mails/\n  raicho alert parse alert.eml -o json",
    )
    .action(async (files: readonly string[], _flags: unknown, verb: Command) => {
      const { parseFiles } = await import("./alert-files.ts");
      await parseFiles(files, cli, verb.optsWithGlobals());
    });
  command
    .command("test")
    .description("run the tests beside alert parsers (parsers/tests/*.yaml)")
    .argument(
      "[packs...]",
      "directories of packs; all that a server started here would load when left out",
    )
    .action(async (packs: readonly string[]) => {
      const { testPacks } = await import("./alert-tests.ts");
      await testPacks(packs, cli);
    });
}
