/** `raicho runbook lint|resolve|render`: documents as they lie here, without a server. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve as resolvePath } from "node:path";
import { automationPack, workflowFiles } from "../content/runbook-workflow.ts";
import { documentIn } from "../content/runbooks.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { inTongue } from "../runbooks/catalog.ts";
import { planChecks } from "../runbooks/checks.ts";
import { readOnlyCommands } from "../runbooks/command.ts";
import type { RunbookDocument, Tongue } from "../runbooks/document.ts";
import { renderSubTicket } from "../runbooks/render.ts";
import { requestOfAlert } from "../runbooks/request.ts";
import { type Request, resolve, variablesOf } from "../runbooks/resolve.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";
import { decideHere } from "./decide.ts";
import { readObject } from "./files.ts";
import { asJson, asText } from "./lint.ts";
import { documentPath, type LocalOptions, readLocal } from "./runbook-files.ts";

function texts(given: JsonObject, key: string): readonly string[] {
  const value = given[key];
  return Array.isArray(value) ? value.map(String) : [];
}

function localOptions(given: JsonObject): LocalOptions {
  return { components: texts(given, "component"), allow: texts(given, "allow") };
}

function tongueOf(given: JsonObject): Tongue {
  const { lang } = given;
  if (lang === "ja" || lang === "en") return lang;
  throw new CliError(exitCodes.usage, `--lang ${String(lang)}: expected ja or en`);
}

async function requestOf(cli: Cli, given: JsonObject): Promise<Request> {
  const { request: file } = given;
  const read = typeof file === "string" ? await readObject(cli, file) : {};
  const pairs = texts(given, "field").map((pair) => {
    const at = pair.indexOf("=");
    if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
    throw new CliError(exitCodes.usage, `--field ${pair}: expected name=value`);
  });
  const { ticket: asked, fields, alert } = read;
  const list = (key: string): readonly string[] => texts(read, key);
  const ticket = { key: "EXAMPLE-1", summary: "", ...(isObject(asked) ? asked : {}) };
  const about = isObject(alert) ? requestOfAlert(ticket, alert) : undefined;
  return {
    ticket,
    components: [...list("components"), ...texts(given, "component")],
    fields: {
      ...about?.fields,
      ...(isObject(fields) ? fields : {}),
      ...Object.fromEntries(pairs),
    },
    servers: [...(about?.servers ?? []), ...list("servers"), ...texts(given, "server")],
    alert: about?.alert ?? null,
  };
}

/** Prints which sub-tickets a request would get; ends with 1 when it is not covered. */
export async function resolveHere(
  cli: Cli,
  path: string | undefined,
  given: JsonObject,
): Promise<void> {
  const local = await readLocal(cli, path, { ...localOptions(given), components: [] });
  const tongue = tongueOf(given);
  const request = await requestOf(cli, given);
  const resolved = await decideHere((ask) => resolve(local.catalog, request, ask));
  const shown = resolved.covered
    ? {
        covered: true,
        request: resolved.type.request,
        subtickets: resolved.needed.map(({ subticket, hosts, doubts }) => ({
          name: inTongue(subticket.name, tongue),
          document: documentIn(local.documents, subticket.doc, tongue)?.path ?? subticket.doc,
          hosts,
          ...(doubts.length === 0 ? {} : { doubts }),
        })),
      }
    : resolved;
  cli.terminal.write(`${JSON.stringify(shown, undefined, 2)}\n`);
  if (!resolved.covered) cli.end(exitCodes.failed);
}

interface Wanted {
  readonly document: string;
  readonly path: string | undefined;
}

async function documentHere(
  cli: Cli,
  { document, path }: Wanted,
  given: JsonObject,
): Promise<{ readonly found: RunbookDocument; readonly tongue: Tongue }> {
  const local = await readLocal(cli, path, { ...localOptions(given), components: [] });
  const tongue = tongueOf(given);
  const found = documentIn(local.documents, documentPath(cli, local, document), tongue);
  if (found !== undefined) return { found, tongue };
  const known = [...local.documents.keys()].join(", ");
  throw new CliError(exitCodes.notFound, `there is no document ${document}; there are: ${known}`);
}

/** Prints the workflow of a document and its action, or writes them into a pack. Throws CliError. */
export async function generateHere(cli: Cli, wanted: Wanted, given: JsonObject): Promise<void> {
  const { found, tongue } = await documentHere(cli, wanted, given);
  const { out } = given;
  const directory = typeof out === "string" ? resolvePath(cli.workingDirectory, out) : undefined;
  const pack = directory === undefined ? "automation" : basename(directory);
  const { files, name } = workflowFiles(found, { commit: "(not committed)", tongue, pack });
  if (directory === undefined) {
    for (const [file, text] of files) cli.terminal.write(`# ${file}\n${text}\n`);
    return;
  }
  if (!existsSync(join(directory, "pack.yaml"))) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "pack.yaml"), automationPack(pack));
  }
  for (const [file, text] of files) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), text);
    cli.terminal.write(`${String(out)}/${file}\n`);
  }
  cli.terminal.note(`${pack}.${name} is disabled until its file says enabled: true\n`);
}

/** Prints the sub-ticket that a document gives. Throws CliError. */
export async function renderHere(cli: Cli, wanted: Wanted, given: JsonObject): Promise<void> {
  const { found, tongue } = await documentHere(cli, wanted, given);
  const request = await requestOf(cli, given);
  const { servers: hosts } = request;
  const allowed = [...readOnlyCommands, ...texts(given, "allow")];
  const text = await decideHere((ask) => {
    const view = { variables: variablesOf(request), ask };
    const checks = planChecks(found, view, { hosts, allowed, tongue });
    const rendered = renderSubTicket({
      document: found,
      view,
      tongue,
      commit: "(not committed)",
      link: undefined,
      edit: undefined,
      hosts,
      doubts: [],
    });
    const lines = checks.map(
      ({ host, command, refused }) =>
        `${host}: ${command}${refused === undefined ? "" : ` (not run: ${refused})`}`,
    );
    return [rendered, ...lines].join("\n");
  });
  cli.terminal.write(`${text}\n`);
}

/** Prints every problem of the index and the documents. */
export async function lintHere(
  cli: Cli,
  { path, json }: { readonly path: string | undefined; readonly json: boolean },
  given: JsonObject,
): Promise<void> {
  const { problems } = await readLocal(cli, path, localOptions(given));
  cli.terminal.write(json ? asJson(problems) : asText(problems, cli.workingDirectory));
  if (problems.some(({ severity }) => severity === "error")) cli.end(exitCodes.failed);
}
