/** Runs check commands on servers, over SSH, in a read-only account. Whatever goes wrong is a result: nothing here fails the work. */
import type { JsonObject } from "../model/json.ts";
import { isObject } from "../model/json.ts";
import type { RunCall, Runner } from "../runners/runner.ts";
import type { CheckResult, PlannedCheck } from "../runbooks/checks.ts";
import type { Tongue } from "../runbooks/document.ts";
import { judgeCommand } from "../runbooks/command.ts";
import { word } from "../runbooks/words.ts";
import type { FoundHost } from "./inventory-host.ts";
import type { RunbookSettings } from "./runbook-settings.ts";

export interface CheckGround {
  /** The runner of remote commands. */
  readonly shell: Runner;
  readonly settings: RunbookSettings;
  readonly tongue: Tongue;
  readonly findHost: (name: string) => Promise<FoundHost>;
}

/** Every check in its order. */
export async function runChecks(
  ground: CheckGround,
  planned: readonly PlannedCheck[],
  call: RunCall,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  const waiting = planned.entries();
  const places = new Map<string, Promise<Place>>();
  const place = (name: string): Promise<Place> => {
    const known = places.get(name) ?? placeOf(ground, name);
    places.set(name, known);
    return known;
  };
  const work = async (): Promise<void> => {
    for (const [index, check] of waiting) {
      call.signal.throwIfAborted();
      results[index] = await runOne(ground, check, { call, place: await place(check.host) });
    }
  };
  const lanes = Math.min(ground.settings.ssh.parallel, planned.length);
  await Promise.all(Array.from({ length: lanes }, work));
  return results;
}

type Place = { readonly address: string } | { readonly refused: string };

/** Where a server answers: as configured, else by the name the inventory has for it. */
async function placeOf({ settings, findHost, tongue }: CheckGround, name: string): Promise<Place> {
  const { addresses, known } = settings.ssh;
  const own = addresses.get(name);
  if (own !== undefined) return { address: own };
  const found = await findHost(name);
  if (!found.found)
    return known ? { refused: `${word("unknownServer", tongue)}: ${name}` } : { address: name };
  const { hostname: official } = found.host.attributes;
  const called = typeof official === "string" ? official : name;
  return { address: addresses.get(called) ?? called };
}

async function runOne(
  { shell, settings, tongue }: CheckGround,
  check: PlannedCheck,
  { call, place }: { readonly call: RunCall; readonly place: Place },
): Promise<CheckResult> {
  const at = new Date().toISOString();
  const none = { exit_code: null, stdout: "", stderr: "", timed_out: false, seconds: 0, at };
  // The plan was judged when it was made; what is run is judged again.
  const refused =
    check.refused ??
    judgeCommand(check.command, settings.commands)?.message[tongue] ??
    ("refused" in place ? place.refused : undefined);
  if (refused !== undefined || !("address" in place))
    return { ...check, ...none, refused: refused ?? "" };
  const output = { stdout: "", stderr: "" };
  const since = performance.now();
  const outcome = await shell
    .run({
      ...call,
      action: { ...call.action, entryPath: "" },
      environment: {},
      timeoutSeconds: check.timeout,
      parameters: {
        ...settings.ssh.parameters,
        hosts: place.address,
        cmd: check.command,
        cwd: "/",
        timeout: check.timeout,
      },
      emit: (stream, text) => void (output[stream] += text),
    })
    .catch((error: unknown) => ({
      status: "failed" as const,
      result: { error: error instanceof Error ? error.message : String(error) },
    }));
  const seconds = (performance.now() - since) / 1_000;
  const result = resultOf(outcome.result);
  const { return_code: code } = result;
  const said = [
    output.stderr,
    textIn(result, "error"),
    output.stderr === "" ? textIn(result, "traceback") : "",
  ];
  return {
    ...check,
    exit_code: typeof code === "number" ? code : null,
    stdout: output.stdout,
    stderr: [...new Set(said)].filter((text) => text !== "").join("\n"),
    timed_out: outcome.status === "timeout" || result["timeout"] === true,
    seconds,
    at,
  };
}

/** The result of the only host, or of a call that reached none. */
function resultOf(result: unknown): JsonObject {
  if (!isObject(result)) return {};
  if ("error" in result || "return_code" in result) return result;
  const [only] = Object.values(result);
  return isObject(only) ? only : {};
}

function textIn(result: JsonObject, name: string): string {
  const value = result[name];
  return typeof value === "string" ? value : "";
}
