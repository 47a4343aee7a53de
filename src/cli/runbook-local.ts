/** `raicho runbook lint|resolve|render`: documents as they lie here, without a server. */
import { documentIn } from "../content/runbooks.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { inTongue } from "../runbooks/catalog.ts";
import { planChecks } from "../runbooks/checks.ts";
import { readOnlyCommands } from "../runbooks/command.ts";
import type { Tongue } from "../runbooks/document.ts";
import { renderSubTicket } from "../runbooks/render.ts";
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
  const { ticket, fields } = read;
  const list = (key: string): readonly string[] => texts(read, key);
  return {
    ticket: { key: "EXAMPLE-1", summary: "", ...(isObject(ticket) ? ticket : {}) },
    components: [...list("components"), ...texts(given, "component")],
    fields: { ...(isObject(fields) ? fields : {}), ...Object.fromEntries(pairs) },
    servers: [...list("servers"), ...texts(given, "server")],
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

/** Prints the sub-ticket that a document gives. Throws CliError. */
export async function renderHere(
  cli: Cli,
  wanted: { readonly document: string; readonly path: string | undefined },
  given: JsonObject,
): Promise<void> {
  const local = await readLocal(cli, wanted.path, { ...localOptions(given), components: [] });
  const tongue = tongueOf(given);
  const found = documentIn(local.documents, documentPath(cli, local, wanted.document), tongue);
  if (found === undefined)
    throw new CliError(
      exitCodes.notFound,
      `there is no document ${wanted.document}; there are: ${[...local.documents.keys()].join(", ")}`,
    );
  const request = await requestOf(cli, given);
  const { servers: hosts } = request;
  const allowed = [...readOnlyCommands, ...texts(given, "allow")];
  const text = await decideHere((ask) => {
    const view = { variables: variablesOf(request), ask };
    const checks = planChecks(found, view, { hosts, allowed });
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
