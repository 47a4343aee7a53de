/** What became of it, seen from outside: executions and enforcements through the API, effects through the recorder. */
import { setTimeout as delay } from "node:timers/promises";
import { read } from "./ask.ts";
import type { Effects } from "./recorder.ts";
import type { Site } from "./site.ts";

export interface Seen {
  readonly id: string;
  readonly status: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly context?: {
    readonly parent?: { readonly execution_id?: string };
    readonly orquesta?: { readonly task_name?: string };
  };
}

/** What a worker may have under way when it is killed, and what a share of few effects therefore does not bound. */
const underWay = 12;
const finished = new Set(["succeeded", "failed", "timeout", "canceled", "abandoned"]);

/** All executions of that action. */
export async function executionsOf(
  { doors, token }: Site,
  action: string,
  attributes = "id,status,parameters,context",
): Promise<readonly Seen[]> {
  const all: Seen[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const path = `/api/v2/executions?action=${action}&limit=1000&include_attributes=${attributes}${cursor === "" ? "" : `&cursor=${cursor}`}`;
    const page: { items: Seen[]; next: string | null } = await read(doors, path, { token });
    all.push(...page.items);
    cursor = page.next;
  }
  return all;
}

/** How many there are, by what the list says of all. */
export async function countOf(site: Site, path: string): Promise<number> {
  const url = `${site.doors[0]}${path}`;
  const response = await fetch(url, { headers: { "x-auth-token": site.token } });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return Number(response.headers.get("x-total-count"));
}

async function openCount({ doors, token }: Site): Promise<number> {
  let open = 0;
  for (const status of ["requested", "scheduled", "delayed", "running", "canceling", "pending"]) {
    const path = `/api/v2/executions?status=${status}&limit=1000&include_attributes=id`;
    open += (await read<{ items: unknown[] }>(doors, path, { token })).items.length;
  }
  return open;
}

/** Resolves, with the seconds it took, when these effects were done and nothing is open. Effects that do not come are for the check to tell: it goes on without them. */
export async function untilQuiet(
  site: Site,
  wanted: readonly string[],
  seconds: number,
): Promise<number> {
  const since = performance.now();
  const left = (): number => seconds * 1_000 - (performance.now() - since);
  const done = async (): Promise<boolean> => {
    const effects = await site.recorder.effects();
    return wanted.every((name) => effects[name] !== undefined);
  };
  while (!(await done()) && left() > 0) await delay(500);
  for (let quiet = 0; quiet < 2;) {
    const open = await openCount(site);
    const pending = await countOf(site, "/v1/triggerinstances?status=pending&limit=1").catch(
      () => 1,
    );
    quiet = open === 0 && pending === 0 ? quiet + 1 : 0;
    if (left() < -60_000)
      throw new Error(`after ${seconds} s ${open} executions are open and ${pending} events pend`);
    if (quiet < 2) await delay(500);
  }
  return (performance.now() - since) / 1_000;
}

/** What is wrong, in sentences; nothing when all is well. */
export class Findings {
  readonly #list: string[] = [];

  expect(holds: boolean, sentence: string): void {
    if (!holds) this.#list.push(sentence);
  }

  /** An empty list. */
  none(list: readonly string[], what: string): void {
    if (list.length > 0) this.#list.push(`${list.length} ${what}: ${list.slice(0, 5).join(", ")}`);
  }

  get list(): readonly string[] {
    return this.#list;
  }
}

function tally(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function missing(wanted: readonly string[], counts: ReadonlyMap<string, number>): string[] {
  return wanted.filter((name) => !counts.has(name));
}

function repeated(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].filter(([, count]) => count > 1).map(([name]) => name);
}

export interface Counts {
  workflows: number;
  transitions: number;
  effects: number;
  /** Effects that were done again, under the same key. */
  repeatedEffects: number;
}

/** Each of these deliveries made one workflow, each of its steps one execution, each of these one effect under one key. */
export async function checkWorkflows(
  site: Site,
  names: readonly string[],
  { findings, steps = ["a", "b", "c"] }: { findings: Findings; steps?: readonly string[] },
): Promise<Pick<Counts, "workflows" | "transitions">> {
  const workflows = await executionsOf(site, "faults.three");
  const started = tally(workflows.map(({ parameters }) => String(parameters?.["n"])));
  findings.none(missing(names, started), "acknowledged events are lost");
  findings.none(repeated(started), "events made more than one execution");
  const bad = workflows.filter(({ status }) => status !== "succeeded");
  findings.none(
    bad.map(({ id, status }) => `${id} ${status}`),
    "workflows did not succeed",
  );
  const children = await executionsOf(site, "faults.effect");
  const inside = children.filter(({ context }) => context?.parent?.execution_id !== undefined);
  const taken = tally(
    inside.map(
      ({ context }) => `${context?.parent?.execution_id}:${context?.orquesta?.task_name ?? "?"}`,
    ),
  );
  const wanted = workflows.flatMap(({ id }) => steps.map((step) => `${id}:${step}`));
  findings.none(missing(wanted, taken), "steps were not taken");
  findings.none(repeated(taken), "steps were taken twice");
  findings.expect(
    inside.length === wanted.length,
    `${inside.length} steps for ${wanted.length} transitions`,
  );
  const unfinished = children.filter(({ status }) => !finished.has(status));
  findings.none(
    unfinished.map(({ id }) => id),
    "steps are open",
  );
  return { workflows: workflows.length, transitions: inside.length };
}

/** Each of these effects was done, under one key; gives how many were done again. */
export function checkEffects(
  effects: Effects,
  wanted: readonly string[],
  { findings, share = 0.01 }: { findings: Findings; share?: number },
): Pick<Counts, "effects" | "repeatedEffects"> {
  const names = new Set(wanted);
  findings.none(
    wanted.filter((name) => effects[name] === undefined),
    "effects are missing",
  );
  findings.none(
    Object.keys(effects).filter((name) => !names.has(name)),
    "effects that nobody asked for",
  );
  const twoKeys = Object.entries(effects).filter(([, keys]) => Object.keys(keys).length > 1);
  findings.none(
    twoKeys.map(([name, keys]) => `${name} ${Object.keys(keys).join(" ")}`),
    "effects were done under different keys",
  );
  const times = Object.values(effects).flatMap((keys) => Object.values(keys));
  const repeats = times.reduce((sum, count) => sum + count - 1, 0);
  findings.expect(
    repeats <= Math.max(underWay, wanted.length * share),
    `${repeats} of ${wanted.length} effects were repeated, more than ${share * 100} %`,
  );
  return { effects: times.length, repeatedEffects: repeats };
}

/** Each of these single actions ran once. */
export async function checkSingles(
  site: Site,
  names: readonly string[],
  findings: Findings,
  { action, parameter }: { action: string; parameter: string } = effectOfOne,
): Promise<number> {
  const all = await executionsOf(site, action);
  const single = all.filter(({ context }) => context?.parent?.execution_id === undefined);
  const started = tally(single.map(({ parameters }) => String(parameters?.[parameter])));
  findings.none(missing(names, started), "acknowledged events are lost");
  findings.none(repeated(started), "events made more than one execution");
  findings.none(
    single
      .filter(({ status }) => status !== "succeeded")
      .map(({ id, status }) => `${id} ${status}`),
    "actions did not succeed",
  );
  return single.length;
}

const effectOfOne = { action: "faults.effect", parameter: "body" };
