/** Actions of the pack `runbook`. */
import { documentIn } from "../content/runbooks.ts";
import { passing } from "../model/crash-points.ts";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { decide } from "../processes/ask.ts";
import type { RunCall, Runner } from "../runners/runner.ts";
import { planChecks, type PlannedCheck, renderResults } from "../runbooks/checks.ts";
import type { Tongue } from "../runbooks/document.ts";
import { resolve, variablesOf } from "../runbooks/resolve.ts";
import { noteUses } from "../store/requests.ts";
import { runChecks } from "./runbook-checks.ts";
import { runVerb } from "./verbs.ts";
import type { FoundHost } from "./inventory-host.ts";
import type { Edition } from "./runbook-book.ts";
import { prepare, requestIn, type RunbookGround } from "./runbook-prepare.ts";
import { lookAtRequest, pollRequests } from "./request-polling.ts";

export interface RunbookRunnerParts extends RunbookGround {
  readonly findHost: (name: string) => Promise<FoundHost>;
}

type Verb = (parts: RunbookRunnerParts, call: RunCall) => Promise<unknown>;

const verbs: Readonly<Record<string, Verb>> = {
  prepare: async (parts, { parameters, signal }) => {
    const settings = await parts.book.settings();
    return prepare(parts, {
      edition: await editionFor(parts, parameters, signal),
      settings,
      request: requestIn(parameters),
      tongue: tongueIn(parameters, settings.tongue),
      backend: textIn(parameters, "backend") ?? "",
      door: settings.door ?? parts.core.apiUrl,
    });
  },
  resolve: async (parts, { parameters, signal }) => {
    const { runbooks, commit } = await editionFor(parts, parameters, signal);
    const request = requestIn(parameters);
    const resolved = await decide(
      (ask) => resolve(runbooks.catalog, request, ask),
      (question) => parts.core.answer(question),
    );
    return { commit, ...resolved };
  },
  plan_checks: planOf,
  run_checks: checks,
  lint: async (parts, { parameters, signal }) => {
    const { commit, runbooks } = await editionFor(parts, parameters, signal);
    return { commit, problems: runbooks.problems };
  },
  poll_requests: ({ core, book }, { signal }) => pollRequests({ core, book }, signal),
  look_at_request: ({ core, book }, { parameters, signal }) =>
    lookAtRequest({ core, book }, textIn(parameters, "ticket") ?? "", signal),
};

/** Runs in the engine's own process; what it asks of servers only looks. */
export function runbookRunner(parts: () => RunbookRunnerParts): Runner {
  return {
    name: "runbook",
    aliases: [],
    description: "Prepares requests with documents from git and check commands.",
    parameters: {},
    outputKey: undefined,
    onWorkerLost: "rerun",
    inLedger: true,
    run: (call) => runVerb(verbs, call, (verb) => verb(parts(), call)),
  };
}

/** What is merged at this moment, or the version that is named. */
function editionFor(
  { book }: RunbookRunnerParts,
  parameters: JsonObject,
  signal: AbortSignal,
): Promise<Edition> {
  return book.edition(textIn(parameters, "version"), { asking: "now", signal });
}

async function planOf(
  parts: RunbookRunnerParts,
  { parameters, signal }: RunCall,
): Promise<unknown> {
  const { core, book } = parts;
  const { runbooks, commit } = await editionFor(parts, parameters, signal);
  const settings = await book.settings();
  const path = textIn(parameters, "document") ?? "";
  const tongue = tongueIn(parameters, settings.tongue);
  const found = documentIn(runbooks.documents, path, tongue);
  if (found === undefined)
    throw new AppError("DOCUMENTS_UNKNOWN", [`There is no document ${path} in ${commit}.`]);
  const request = requestIn(parameters);
  const checked = await decide(
    (ask) =>
      planChecks(
        found,
        { variables: { ...variablesOf(request), commit }, ask },
        { hosts: request.servers, allowed: settings.commands, tongue },
      ),
    (question) => core.answer(question),
  );
  const { fields, servers, components } = request;
  const about = { fields, servers, components };
  return { commit, document: found.path, request: about, checks: checked };
}

/** Runs them, says how the results read, and notes that the document was attached. */
async function checks(parts: RunbookRunnerParts, call: RunCall): Promise<unknown> {
  const { core, book, findHost } = parts;
  const { parameters } = call;
  const settings = await book.settings();
  const shell = core.runners.get("remote-shell-cmd");
  if (shell === undefined) throw new Error("there is no runner of remote commands");
  const tongue = tongueIn(parameters, settings.tongue);
  const planned = plannedIn(parameters["checks"]);
  const results = await runChecks({ shell, settings, findHost, tongue }, planned, call);
  const { document, commit, key } = parameters;
  if (typeof document === "string" && typeof commit === "string" && typeof key === "string")
    await noteUses(core.database.db, [
      {
        key: `attached:${key}`,
        document,
        commit,
        what: "attached",
        person: null,
        ticket: textIn(parameters, "ticket") ?? null,
        sub_ticket: textIn(parameters, "sub_ticket") ?? null,
      },
    ]);
  passing("prework.checked");
  return {
    results,
    failed: results.filter(({ exit_code: code }) => code !== 0).length,
    text: results.length === 0 ? "" : renderResults(results, tongue),
  };
}

function plannedIn(value: unknown): readonly PlannedCheck[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.filter(isObject).map(({ host, command, timeout, refused }) => ({
    host: String(host),
    command: String(command),
    timeout: typeof timeout === "number" ? timeout : 30,
    ...(typeof refused === "string" ? { refused } : {}),
  }));
}

function textIn(parameters: JsonObject, name: string): string | undefined {
  const value = parameters[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function tongueIn(parameters: JsonObject, otherwise: Tongue): Tongue {
  const { language } = parameters;
  return language === "ja" || language === "en" ? language : otherwise;
}
