/** Actions of the pack `alert`: messages become alerts, repeats are counted. */
import { isObject, type JsonObject } from "../model/json.ts";
import type { RunCall, Runner } from "../runners/runner.ts";
import { alertOf, mergeFacts, type AlertRow } from "../store/alerts.ts";
import type { Database } from "../store/database.ts";
import { shownAlert } from "./alert-record.ts";
import { alertVerbs } from "./alert-verbs.ts";
import type { Alerts } from "./alerts.ts";
import { runVerb } from "./verbs.ts";

export interface AlertRunnerOptions {
  readonly database: Database;
  readonly alerts: Alerts;
  readonly close: () => Promise<void>;
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
    close: options.close,
    run: (call) => runVerb(verbs, call, (verb) => verb(options, call)),
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
