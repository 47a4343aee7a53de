/** `raicho runbook`: documents as they lie here; what they do without a server is loaded when it is asked for. */
import type { Command } from "commander";
import type { JsonObject } from "../model/json.ts";
import type { Cli, CommandSetup } from "./cli.ts";
import { setUpRunbookKnowledge } from "./runbook-knowledge.ts";

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function filesOptions(command: Command): Command {
  return command
    .option(
      "--component <name>",
      "a component that the ticket system has (repeatable)",
      collect,
      [],
    )
    .option(
      "--allow <pattern>",
      "a further command that may run, such as 'my-tool show **'",
      collect,
      [],
    )
    .option("--lang <language>", "ja or en", "ja");
}

export const setUpRunbook: CommandSetup = (command, cli) => {
  filesOptions(command.command("lint [path]"))
    .description("Tell what is wrong with the index and the documents, with line and column.")
    .addHelpText(
      "after",
      "\nExamples:\n  raicho runbook lint\n  raicho runbook lint ../docs/runbooks --component Web --component DNS",
    )
    .action(async (path: string | undefined, given: JsonObject) => {
      const json = command.optsWithGlobals()["json"] === true;
      await (await import("./runbook-local.ts")).lintHere(cli, { path, json }, given);
    });
  requestOptions(filesOptions(command.command("resolve [path]")))
    .description("Tell which sub-tickets a request would get.")
    .addHelpText(
      "after",
      "\nExamples:\n  raicho runbook resolve --component Web --field env=prod --server web01\n  raicho runbook resolve docs --request request.yaml",
    )
    .action(async (path: string | undefined, given: JsonObject) =>
      (await import("./runbook-local.ts")).resolveHere(cli, path, given),
    );
  requestOptions(filesOptions(command.command("render <document> [path]")))
    .description("Show the sub-ticket that a document gives for a request, and its check commands.")
    .addHelpText(
      "after",
      "\nExamples:\n  raicho runbook render dns/add-record.md --field fqdn=shop.example.jp --server web01",
    )
    .action(async (document: string, path: string | undefined, given: JsonObject) =>
      (await import("./runbook-local.ts")).renderHere(cli, { document, path }, given),
    );
  offers(command, cli);
  setUpRunbookKnowledge(command, cli);
};

function offers(command: Command, cli: Cli): void {
  filesOptions(command.command("generate-workflow <document> [path]"))
    .description("Make a workflow of a document: it is disabled until somebody approves it.")
    .option("--out <pack>", "directory of the pack that it is written to, e.g. packs/automation")
    .addHelpText(
      "after",
      "\nExamples:\n  raicho runbook generate-workflow dns/add-record.md\n  raicho runbook generate-workflow dns/add-record.md docs --out packs/automation",
    )
    .action(async (document: string, path: string | undefined, given: JsonObject) =>
      (await import("./runbook-local.ts")).generateHere(cli, { document, path }, given),
    );
}

function requestOptions(command: Command): Command {
  return command
    .option(
      "--request <file>",
      "the request as YAML or JSON: ticket, components, fields, servers; alert for the ticket of one",
    )
    .option("--field <name=value>", "a field of the request (repeatable)", collect, [])
    .option("--server <name>", "a server of the request (repeatable)", collect, []);
}
