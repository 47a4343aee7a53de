/** `raicho runbook report`, `documents`, `stale`, `authors`, `requests`, `propose`: what a server knows of the documents. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { CliError, exitCodes, type CommandSetup } from "./cli.ts";
import { readWords } from "./files.ts";
import { rowsOf, service } from "./inventory-entry.ts";
import { optionText } from "./output.ts";
import { addVerb, type Asked } from "./verb.ts";

const daysOption = ["--days <number>", "of the last so many days; 90 unless said"] as const;

function query({ options }: Asked, names: readonly string[]): string {
  const asked = new URLSearchParams();
  for (const name of names) {
    const value = optionText(options, name);
    if (value !== undefined) asked.set(name, value);
  }
  return asked.size === 0 ? "" : `?${asked.toString()}`;
}

const documentColumns = [
  "document",
  "owner",
  "reviewed_at",
  "stale",
  "changes",
  "attached",
  "viewed",
  "corrected",
];

async function report(asked: Asked): Promise<void> {
  const { client, options, print, cli } = asked;
  const picture = optionText(options, "svg");
  if (picture === undefined) {
    const found = await client.object("GET", `/runbooks${query(asked, ["days"])}`, { service });
    const { commit, days, covered, uncovered, stale, coverage } = found;
    await print.one({ commit, days, covered, uncovered, stale, coverage });
    return;
  }
  const path = `/runbooks/report.svg${query(asked, ["days", "lang"])}`;
  const { text } = await client.request("GET", path, { service });
  writeFileSync(resolve(cli.workingDirectory, picture), text);
}

async function propose(asked: Asked): Promise<void> {
  const { args, client, options, print, cli } = asked;
  const [document = "", file = ""] = args;
  const shown = await client.object(
    "GET",
    `/runbooks/documents/${document.split("/").map(encodeURIComponent).join("/")}`,
    { service },
  );
  const text = await readWords(cli, file);
  if (text.trim() === "") throw new CliError(exitCodes.usage, `${file} is empty`);
  const ticket = optionText(options, "ticket");
  const message = optionText(options, "message");
  const body = {
    document,
    text,
    base: shown["version"],
    ...(ticket === undefined ? {} : { ticket }),
    ...(message === undefined ? {} : { message }),
  };
  await print.one(await client.object("POST", "/runbooks/proposals", { service, body }));
}

export const setUpRunbookKnowledge: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "report",
    summary:
      "Tell how many requests were covered and which documents are stale; with --svg as a picture.",
    shows: true,
    options: [
      daysOption,
      ["--svg <file>", "write bars into that file"],
      ["--lang <language>", "of the picture: ja or en"],
    ],
    examples: ["runbook report --days 30", "runbook report --svg report.svg --lang ja"],
    run: report,
  });
  addVerb(command, cli, {
    usage: "documents",
    summary: "List documents with owner, review, changes and use.",
    shows: true,
    options: [daysOption, ["--stale", "only those that were not reviewed for long"]],
    examples: ["runbook documents --stale"],
    run: async (asked) => {
      const found = await asked.client.object("GET", `/runbooks${query(asked, ["days"])}`, {
        service,
      });
      const rows = rowsOf(found["documents"]).filter(
        ({ stale }) => asked.options["stale"] !== true || stale === true,
      );
      await asked.print.list(rows, { columns: documentColumns, nothing: "no documents" });
    },
  });
  addVerb(command, cli, {
    usage: "authors",
    summary: "List who made, changed and keeps how many documents.",
    shows: true,
    examples: ["runbook authors"],
    run: async ({ client, print }) => {
      const { authors } = await client.object("GET", "/runbooks", { service });
      await print.list(rowsOf(authors), {
        columns: ["author", "created", "changed", "owned", "last_at"],
        nothing: "nobody",
      });
    },
  });
  setUpRest(command, cli);
};

const setUpRest: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "requests",
    summary: "List requests as they were prepared.",
    shows: true,
    options: [["--covered <truth>", "true: those with documents; false: those without"]],
    examples: ["runbook requests --covered false"],
    run: async (asked) => {
      const { items } = await asked.client.object("GET", `/requests${query(asked, ["covered"])}`, {
        service,
      });
      await asked.print.list(rowsOf(items), {
        columns: ["ticket", "component", "type", "covered", "reason", "commit", "prepared_at"],
        nothing: "no requests",
      });
    },
  });
  addVerb(command, cli, {
    usage: "propose <document> <file>",
    summary: "Propose that text for a document, as a branch for review.",
    shows: true,
    options: [
      ["--ticket <key>", "at which it was noticed; it is told"],
      ["--message <text>", "what was corrected"],
    ],
    examples: ["runbook propose runbooks/dns/add-record.md new.md --ticket OPS-12"],
    run: propose,
  });
};
