/** `raicho inventory changes`, `change`, `change-propose` and the decisions about them. */
import { isObject, type JsonObject } from "../model/json.ts";
import type { CommandSetup } from "./cli.ts";
import { readDocument } from "./files.ts";
import { rowsOf, service } from "./inventory-entry.ts";
import { optionText } from "./output.ts";
import { countOf, listOptions } from "./resource.ts";
import { addVerb, type Asked } from "./verb.ts";

/** The items of a file: a list, or an object that may say title and time as well. */
async function itemsOf({ args: [path = ""], cli }: Asked): Promise<JsonObject> {
  const read = await readDocument(cli, path);
  return isObject(read) ? read : { items: read };
}

async function propose(asked: Asked): Promise<void> {
  const { client, options, print } = asked;
  const given = [
    ["title", "title"],
    ["description", "description"],
    ["apply_at", "applyAt"],
    ["ticket", "ticket"],
  ] as const;
  const said = given.flatMap(([name, option]) => {
    const value = optionText(options, option);
    return value === undefined ? [] : [[name, value] as const];
  });
  const body = { ...(await itemsOf(asked)), ...Object.fromEntries(said) };
  await print.one(await client.object("POST", "/inventory/changes", { service, body }));
}

async function list({ client, options, print }: Asked): Promise<void> {
  const query = { state: optionText(options, "state"), limit: countOf(options) };
  const { changes } = await client.object("GET", "/inventory/changes", { service, query });
  const rows = rowsOf(changes).map((row) => ({ ...row, entries: rowsOf(row["items"]).length }));
  await print.list(rows, {
    columns: ["id", "state", "title", "entries", "created_by", "apply_at", "decided_by"],
    nothing: "No proposed changes",
  });
}

const decisions = [
  ["approve", "Let a proposed change happen, at once or at its time."],
  ["refuse", "Refuse a proposed change."],
  ["cancel", "Take a proposed change back."],
  ["apply", "Apply an approved change now, or one that was blocked once more."],
  ["rebase", "Make a proposed change anew for what is there now; it is reviewed again."],
] as const;

export const setUpInventoryChanges: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "changes",
    summary: "List proposed changes, the newest first.",
    shows: true,
    options: [...listOptions, ["--state <names>", "states, separated by commas"]],
    run: list,
  });
  addVerb(command, cli, {
    usage: "change <id>",
    summary: "Show a proposed change, with what is there now.",
    shows: true,
    run: async ({ args: [id = ""], client, print }) => {
      const path = `/inventory/changes/${encodeURIComponent(id)}`;
      await print.one(await client.object("GET", path, { service }));
    },
  });
  addVerb(command, cli, {
    usage: "change-propose <file>",
    summary:
      "Propose changes of several entries: a YAML or JSON file (- = standard input) with a list of {type, name, attributes}.",
    shows: true,
    options: [
      ["--title <text>", "what is to change, in one line"],
      ["--description <text>", "more about it"],
      [
        "--apply-at <moment>",
        "when it is applied, as 2026-04-01T09:00:00+09:00; when it is approved unless said",
      ],
      ["--ticket <key>", "ticket it is done for"],
    ],
    run: propose,
  });
  for (const [verb, summary] of decisions)
    addVerb(command, cli, {
      usage: `change-${verb} <id>`,
      summary,
      shows: true,
      options: [["--comment <text>", "why"]],
      run: async ({ args: [id = ""], client, options, print }) => {
        const path = `/inventory/changes/${encodeURIComponent(id)}/${verb}`;
        const body = { comment: optionText(options, "comment") };
        await print.one(await client.object("POST", path, { service, body }));
      },
    });
};
