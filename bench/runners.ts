/** What it costs to start an action: warm Python against a cold interpreter, a shell action against a bare spawn, and 10,000 rules over
 * 100 triggers against 100 rules. All in one run, each pair measured one right after the other in every repetition. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { RuleDefinition } from "../src/model/definitions.ts";
import { spawner } from "../src/processes/spawner.ts";
import { compileRules } from "../src/rules/index.ts";
import { match, type MatchEvent } from "../src/rules/match.ts";
import { localShellCommandRunner } from "../src/runners/local-shell.ts";
import { pythonRunner } from "../src/runners/python.ts";
import type { RunCall, Runner } from "../src/runners/runner.ts";
import { ruleOf } from "./match.ts";
import { median, perSecond, rounded } from "./measure.ts";

/** Modules of a typical pack; the cold interpreter imports the same. */
const modules =
  "json, logging, urllib.request, http.client, ssl, datetime, xml.etree.ElementTree, yaml";
const width = 4;

const program = `import ${modules}
from st2common.runners.base_action import Action


class Bench(Action):
    def run(self, n):
        return {"n": n}
`;

interface Round {
  readonly pythonWarm: number;
  readonly pythonCold: number;
  readonly shellAction: number;
  readonly bareSpawn: number;
  readonly rules100: number;
  readonly rules10k: number;
}

function callOf(action: Partial<RunCall["action"]>, parameters: RunCall["parameters"]): RunCall {
  return {
    executionId: "65a000000000000000000001",
    attempt: 1,
    idempotencyKey: "bench",
    action: {
      ref: "bench.action",
      pack: "bench",
      entryPath: "",
      packPath: "",
      parameters: {},
      onWorkerLost: "abandon",
      ...action,
    },
    parameters,
    config: {},
    context: { user: "stanley" },
    environment: { ST2_ACTION_PACK_NAME: "bench" },
    timeoutSeconds: 60,
    signal: new AbortController().signal,
    emit: () => undefined,
  };
}

function runs(runner: Runner, call: RunCall): () => Promise<number> {
  return async () => {
    const outcome = await runner.run(call);
    if (outcome.status !== "succeeded") throw new Error(JSON.stringify(outcome));
    return 1;
  };
}

/** Starts a program as plainly as Node can, and waits for its end. */
function bare(command: string, ...args: readonly string[]): () => Promise<number> {
  return () =>
    new Promise((resolve, reject) => {
      const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
      child.once("error", reject);
      child.once("close", (code) =>
        code === 0 ? resolve(1) : reject(new Error(`${command} ended with ${code}`)),
      );
    });
}

function host(n: number): string {
  return `web${Math.floor(n / 100)}.example.com`;
}

function ask(): never {
  throw new Error("nothing is asked here");
}

/** That many rules, spread over 100 triggers; each event meets one that matches. */
function matcher(count: number): (events: number) => number {
  const perTrigger = count / 100;
  const rules = Array.from({ length: count }, (_, n): RuleDefinition => ({
    ...ruleOf(n, {
      when: undefined,
      criteria: {
        "trigger.body.host": { type: "equals", pattern: host(n) },
        "trigger.body.severity": { type: "gt", pattern: 2 },
      },
    }),
    trigger: { type: `bench.alert${n % 100}`, parameters: {} },
  }));
  const index = compileRules(rules);
  const events = Array.from({ length: 1_000 }, (_, n): MatchEvent => {
    const body = { host: host(((n * 97) % perTrigger) * 100), severity: 3, state: "CRITICAL" };
    return { trigger: `bench.alert${n % 100}`, payload: { body } };
  });
  return (wanted) => {
    const start = performance.now();
    let matches = 0;
    for (let n = 0; n < wanted; n += 1) {
      const event = events[n % events.length];
      if (event !== undefined) matches += match(index, event, ask).matches.length;
    }
    if (matches !== wanted) throw new Error(`${matches} matches for ${wanted} events`);
    return ((performance.now() - start) * 1_000) / wanted;
  };
}

async function measure(repetitions: number, ms: number): Promise<readonly Round[]> {
  await using stack = new AsyncDisposableStack();
  const pack = mkdtempSync(join(tmpdir(), "raicho-bench-runners-"));
  stack.defer(() => rmSync(pack, { recursive: true, force: true }));
  mkdirSync(join(pack, "actions"));
  const entryPath = join(pack, "actions", "bench.py");
  writeFileSync(entryPath, program);
  const python = pythonRunner();
  stack.defer(() => python.close?.());
  const starter = spawner();
  stack.defer(() => starter.close());
  const shell = localShellCommandRunner({
    spawn: (command, args, options) => starter.spawn(command, args, options),
  });
  const warm = runs(python, callOf({ packPath: pack, entryPath }, { n: 1 }));
  const action = runs(shell, callOf({}, { cmd: "true" }));
  const cold = bare("python3", "-c", `import ${modules}`);
  const plain = bare("/bin/sh", "-c", "true");
  const small = matcher(100);
  const large = matcher(10_000);
  const events = 50_000;
  for (const turn of [warm, action, cold, plain]) await perSecond(width, 300, turn);
  small(events);
  large(events);
  const rounds: Round[] = [];
  for (let n = 0; n < repetitions; n += 1)
    rounds.push({
      pythonWarm: await perSecond(width, ms, warm),
      pythonCold: await perSecond(width, ms, cold),
      shellAction: await perSecond(width, ms, action),
      bareSpawn: await perSecond(width, ms, plain),
      rules100: small(events),
      rules10k: large(events),
    });
  return rounds;
}

function report(rounds: readonly Round[]): string {
  const of = (value: (round: Round) => number): number => rounded(median(rounds.map(value)));
  const rows: readonly (readonly [string, number, string])[] = [
    ["warm Python actions/s", of(({ pythonWarm }) => pythonWarm), "≥ 300"],
    ["cold python3/s, same modules", of(({ pythonCold }) => pythonCold), ""],
    ["warm ÷ cold", of(({ pythonWarm, pythonCold }) => pythonWarm / pythonCold), "≥ 10"],
    ["shell actions/s", of(({ shellAction }) => shellAction), ""],
    ["bare spawns/s", of(({ bareSpawn }) => bareSpawn), ""],
    ["shell ÷ bare", of(({ shellAction, bareSpawn }) => shellAction / bareSpawn), "≥ 0.6"],
    ["µs per event, 100 rules", of(({ rules100 }) => rules100), ""],
    ["µs per event, 10,000 rules", of(({ rules10k }) => rules10k), "≤ 100"],
    ["10,000 ÷ 100", of(({ rules100, rules10k }) => rules10k / rules100), "≤ 3"],
  ];
  return rows.map(([name, value, aim]) => `${name.padEnd(32)}${value}  ${aim}\n`).join("");
}

const quick = process.argv.includes("--quick");
process.stdout.write(report(await measure(quick ? 3 : 7, quick ? 1_000 : 3_000)));
