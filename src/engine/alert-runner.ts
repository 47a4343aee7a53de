/** Actions of the pack `alert`: messages become alerts, repeats are counted, one ticket stands for a day.
 *
 * One noter at a time per alert: who holds the note writes the newest count to the ticket and looks again before letting go. */
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import type { RunCall, Runner } from "../runners/runner.ts";
import { alertOf, lockAlert, mergeFacts, rememberTicket, type AlertRow } from "../store/alerts.ts";
import type { Database } from "../store/database.ts";
import type { Db } from "../store/schema.ts";
import { shownAlert } from "./alert-record.ts";
import { alertVerbs } from "./alert-verbs.ts";
import type { Alerts } from "./alerts.ts";

const noteSeconds = 120;

export interface AlertRunnerOptions {
  readonly database: Database;
  readonly alerts: Alerts;
}

type Verb = (options: AlertRunnerOptions, call: RunCall) => Promise<unknown>;

const verbs: Readonly<Record<string, Verb>> = {
  ...Object.fromEntries(
    Object.entries(alertVerbs).map(([name, verb]): [string, Verb] => [
      name,
      ({ alerts }, call) => verb(alerts, call),
    ]),
  ),
  get: async ({ database, alerts }, { parameters }) =>
    typeof parameters["id"] === "string" && parameters["id"] !== ""
      ? alerts.get(parameters["id"])
      : shown(await alertOf(database.db, ...identity(parameters))),
  set_ticket: async ({ database }, { parameters }) => {
    const kept = await rememberTicket(
      database.db,
      ...identity(parameters),
      String(parameters["ticket"]),
    );
    if (kept === undefined) throw new Error("no such alert");
    return { ticket: kept, mine: kept === String(parameters["ticket"]) };
  },
  begin_note: beginNote,
  end_note: endNote,
  remember: async ({ database }, { parameters }) =>
    shown(
      await mergeFacts(
        database.db,
        ...identity(parameters),
        isObject(parameters["facts"]) ? parameters["facts"] : {},
      ),
    ),
};

/** Runs in the engine's own process: everything it does is a transaction of the ledger. */
export function alertRunner(options: AlertRunnerOptions): Runner {
  return {
    name: "alert",
    aliases: [],
    description: "Takes in messages of monitoring systems and keeps their alerts.",
    parameters: {},
    outputKey: undefined,
    onWorkerLost: "rerun",
    inLedger: true,
    run: async (call): Promise<Outcome> => {
      const verb = verbs[call.action.ref.slice(call.action.ref.indexOf(".") + 1)];
      if (verb === undefined)
        return {
          status: "failed",
          result: {
            error: `There is no alert action "${call.action.ref}": ${Object.keys(verbs).join(", ")}`,
          },
        };
      try {
        return { status: "succeeded", result: await verb(options, call) };
      } catch (error) {
        if (error instanceof AppError)
          return { status: "failed", result: { error: error.message, code: error.code } };
        throw error;
      }
    },
  };
}

function identity(parameters: JsonObject): [fingerprint: string, day: string] {
  return [String(parameters["fingerprint"]), String(parameters["day"])];
}

/** The alert; throws when there is none. */
function shown(row: AlertRow | undefined): JsonObject {
  if (row === undefined) throw new Error("no such alert");
  return shownAlert(row);
}

/** Whether the caller may write the newest count to the ticket now; `note: false` = nothing to write, no ticket yet, or somebody does it. */
async function beginNote(
  { database }: AlertRunnerOptions,
  { parameters, executionId, context }: RunCall,
): Promise<unknown> {
  const [fingerprint, day] = identity(parameters);
  const holder =
    isObject(context["parent"]) && typeof context["parent"]["execution_id"] === "string"
      ? context["parent"]["execution_id"]
      : executionId;
  return database.transaction(async (tx) => {
    await lockAlert(tx, fingerprint);
    const row = await alertOf(tx, fingerprint, day);
    if (row === undefined || row.ticket === null) return { note: false, reason: "no ticket yet" };
    const facts = isObject(row.workflow) ? row.workflow : {};
    const noted = typeof facts["noted"] === "number" ? facts["noted"] : 1;
    if (noted >= row.count) return { note: false, reason: "nothing new" };
    const held =
      typeof facts["noter"] === "string" &&
      facts["noter"] !== holder &&
      Number(facts["noting_since"] ?? 0) > Date.now() - noteSeconds * 1_000;
    if (held) return { note: false, reason: "another workflow writes it" };
    await mergeFacts(tx, fingerprint, day, { noter: holder, noting_since: Date.now() });
    return {
      note: true,
      ticket: row.ticket,
      count: row.count,
      last_at: row.last_at.toISOString(),
      summary: facts["summary"],
    };
  });
}

async function endNote(
  { database }: AlertRunnerOptions,
  { parameters }: RunCall,
): Promise<unknown> {
  const [fingerprint, day] = identity(parameters);
  return database.transaction(async (tx: Db) => {
    await lockAlert(tx, fingerprint);
    await mergeFacts(tx, fingerprint, day, { noted: Number(parameters["count"]), noter: null });
    const row = await alertOf(tx, fingerprint, day);
    return { more: row !== undefined && row.count > Number(parameters["count"]) };
  });
}
