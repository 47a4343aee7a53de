/** Policies at work: which gates an execution stands at, and who goes through them.
 *
 * 1. An execution with gates is written as held: nobody can claim it. Only the admission, alone at these gates in the ledger, lets it through.
 * 2. Who was let through counts until its execution has ended in the ledger, however it ended.
 * 3. Every arrival and every end knocks; what a lost knock leaves, the sweep finds. */
import { passing } from "../model/crash-points.ts";
import { createHash } from "node:crypto";
import type { Ask } from "../expressions/context.ts";
import { Unanswered } from "../expressions/context.ts";
import { AppError } from "../model/errors.ts";
import { isFinished, isWorkflow } from "../model/execution.ts";
import type { JsonObject } from "../model/json.ts";
import { poolOf } from "../model/pools.ts";
import { admission, type Admission, type Queued } from "../policies/admission.ts";
import {
  admit,
  type Admitted,
  gatesBeside,
  gatesOf,
  insideOf,
  leaveGates,
  lockGates,
  makeWait,
  moveDue,
  notePasses,
  passesOf,
  type Waiting,
  waitingAt,
} from "../store/admission.ts";
import { claimExecution, lockExecution, overrideExecution } from "../store/executions.ts";
import type { Ring } from "../queue/queue.ts";
import type { Db } from "../store/schema.ts";
import type { GateRow } from "../store/unit.ts";
import type { Core } from "./core.ts";

/** Longer names would not fit the index. */
const longestName = 200;

/** The gates that a new execution stands at; none for almost every action. Throws AppError when a key cannot be evaluated, Unanswered when it needs an
 * answer first. */
export function gatesFor(
  core: Core,
  { action, parameters, context }: { action: string; parameters: JsonObject; context: JsonObject },
  ask: Ask,
): readonly { readonly gate: string; readonly policy: string }[] | undefined {
  const gates = core.definitions().policies.actions.get(action)?.gates;
  if (gates === undefined || gates.length === 0) return undefined;
  return gates.map(({ policy, key }) => {
    try {
      return { policy, gate: nameOf(policy, key(parameters, context, ask)) };
    } catch (error) {
      if (error instanceof Unanswered) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new AppError("PARAMETERS_INVALID", [
        `The key of policy "${policy}" cannot be evaluated: ${reason}`,
      ]);
    }
  });
}

function nameOf(policy: string, key: string): string {
  if (key === "") return policy;
  const name = `${policy} ${key}`;
  if (name.length <= longestName) return name.replaceAll("\u0000", "\uFFFD").toWellFormed();
  return `${policy} sha256:${createHash("sha256").update(key).digest("hex")}`;
}

/** Rows of the gates of one execution. */
export function gateRows(
  execution: string,
  gates: readonly { readonly gate: string; readonly policy: string }[],
  { delay = 0, instance }: { delay?: number | undefined; instance?: string | undefined },
): readonly GateRow[] {
  return gates.map((each) => ({ execution_id: execution, ...each, delay, instance }));
}

interface Knocks {
  readonly gates: Set<string>;
  readonly executions: Set<string>;
  working: boolean;
}

const knocks = new WeakMap<Core, Knocks>();

/** Looks at gates: somebody came, or went. Never throws and never waits; one admission at a time in a process. */
export function knock(
  core: Core,
  { gates = [], executions = [] }: { gates?: Iterable<string>; executions?: Iterable<string> },
): void {
  const mine = knocks.get(core) ?? { gates: new Set(), executions: new Set(), working: false };
  knocks.set(core, mine);
  for (const gate of gates) mine.gates.add(gate);
  for (const execution of executions) mine.executions.add(execution);
  if (!mine.working) void answerKnocks(core, mine);
}

/** An execution ended: the gates that it had passed have room. */
export function freed(core: Core, { id, action }: { id: string; action: string }): void {
  const policies = core.definitions().policies.actions.get(action);
  if (policies !== undefined && policies.gates.length > 0) knock(core, { executions: [id] });
}

async function answerKnocks(core: Core, mine: Knocks): Promise<void> {
  mine.working = true;
  while (mine.gates.size + mine.executions.size > 0) {
    const gates = new Set(mine.gates);
    const executions = [...mine.executions];
    mine.gates.clear();
    mine.executions.clear();
    try {
      for (const gate of await gatesOf(core.database.db, executions)) gates.add(gate);
      if (gates.size > 0) await admitAt(core, [...gates]);
    } catch (error) {
      core.log("warn", "gates of policies could not be looked at; the sweep looks again", {
        gates: [...gates].slice(0, 10),
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }
  mine.working = false;
}

interface Canceled {
  readonly parent: string | null;
  /** Rules and whoever is to be notified hear of it. */
  readonly told: () => void;
}

interface Outcome {
  readonly admitted: readonly Admitted[];
  readonly canceled: readonly Canceled[];
  readonly next: number | undefined;
}

async function admitAt(core: Core, gates: readonly string[]): Promise<void> {
  passing("gate.before-admit");
  const { admitted, canceled, next } = await core.database.transaction((tx) =>
    admitIn(core, tx, gates),
  );
  passing("gate.after-admit");
  if (next !== undefined) setTimeout(() => knock(core, { gates }), Math.max(next, 5)).unref();
  for (const { parent, told } of canceled) {
    told();
    if (parent === null) continue;
    core.conducted.get(parent)?.look();
    core.bells.ring({ kind: "advance", id: parent });
  }
  await begin(core, admitted);
}

async function admitIn(core: Core, tx: Db, wanted: readonly string[]): Promise<Outcome> {
  const beside = await gatesBeside(tx, wanted);
  const gates = [...new Set([...wanted, ...beside])];
  const now = await lockGates(tx, gates);
  const waiting = await waitingAt(tx, gates);
  const inside = await insideOf(tx, gates);
  const { rules } = core.definitions().policies;
  const passes = new Map<string, readonly number[]>();
  for (const { gate, policy } of waiting) {
    const rule = rules.get(policy);
    if (passes.has(gate) || rule === undefined || rule.kind === "concurrency") continue;
    passes.set(
      gate,
      (await passesOf(tx, gate, rule.seconds)).map((at) => at.getTime()),
    );
  }
  const queue = queueOf(core, waiting, new Set(gates));
  const decided = admission(queue, { now: now.getTime(), inside, passes });
  return await write(core, tx, decided, { now: now.getTime(), policyOf: policiesOf(waiting) });
}

function policiesOf(waiting: readonly Waiting[]): ReadonlyMap<string, string> {
  return new Map(waiting.map(({ execution_id, policy }) => [execution_id, policy]));
}

/** By execution, in order of arrival; without those that stand at a gate which is not locked: they came meanwhile and knock themselves. */
function queueOf(
  core: Core,
  waiting: readonly Waiting[],
  locked: ReadonlySet<string>,
): readonly Queued[] {
  const { rules } = core.definitions().policies;
  const byId = new Map<string, Waiting[]>();
  for (const each of waiting) {
    const known = byId.get(each.execution_id);
    if (known === undefined) byId.set(each.execution_id, [each]);
    else known.push(each);
  }
  return [...byId]
    .filter(([, stands]) => stands.every(({ gate }) => locked.has(gate)))
    .map(([id, stands]) => ({
      id,
      ended: stands.some(({ status }) => status === null || isFinished(status)),
      stands: stands.map(({ gate, policy, state, due_at, since }) => ({
        gate,
        rule: rules.get(policy),
        fresh: state === "new",
        due: due_at.getTime(),
        since: since.getTime(),
      })),
    }));
}

async function write(
  core: Core,
  tx: Db,
  decided: Admission,
  { now, policyOf }: { now: number; policyOf: ReadonlyMap<string, string> },
): Promise<Outcome> {
  const { admit: let_in, wait, cancel, leave, moved, passes, next } = decided;
  for (const { id, gate, due, since } of moved)
    await moveDue(tx, { execution_id: id, gate }, { due: new Date(due), since: new Date(since) });
  await notePasses(tx, passes);
  await makeWait(tx, wait);
  const canceled: Canceled[] = [];
  for (const { id, reason } of cancel) {
    const execution = await lockExecution(tx, id);
    if (execution === undefined || isFinished(execution.status)) continue;
    const { parent } = execution;
    const policy = policyOf.get(id) ?? "";
    const result = { message: `Canceled by policy "${policy}": ${reason}.` };
    const end = { status: "canceled", result } as const;
    await overrideExecution(tx, id, {
      ...end,
      context: { policies: { canceled: { applied_policy: policy } } },
      ended: true,
      raiseFence: true,
      delivered: parent === null,
    });
    canceled.push({ parent, told: await core.carry.tellIn(core, tx, execution, end) });
  }
  await leaveGates(tx, [...leave, ...cancel.map(({ id }) => id)]);
  const admitted = await admit(tx, let_in);
  return { admitted, canceled, next: next === undefined ? undefined : next - now };
}

/** Here where there is room, else whoever is free. */
async function begin(core: Core, admitted: readonly Admitted[]): Promise<void> {
  const rings: Ring[] = [];
  for (const { id, attempt, runner, context } of admitted) {
    const claim =
      core.slots.free() > 0
        ? await claimExecution(core.database.db, id, core).catch(() => undefined)
        : undefined;
    const pool = poolOf({ runner, context });
    if (claim === undefined) rings.push({ name: "run", execution: id, attempt: attempt + 1, pool });
    else if (isWorkflow(claim.runner))
      void core.carry.conduct(core, claim, claim.fence === 1 ? "new" : "known");
    else {
      core.slots.take();
      void core.carry.run(core, claim);
    }
  }
  if (rings.length > 0) await core.queue.ring(rings);
}
