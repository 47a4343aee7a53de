/** Something happened: store it, match it, and answer only when that is on disk.
 *
 * 1. The instance, its enforcements and their executions are one unit: a delivery that is known already leaves nothing.
 * 2. Rules that need an answer from outside (datastore, slow expression) are matched right after: the instance stays `pending` until then, and
 *    becomes `processed` in the unit that holds its enforcements. Whoever finds it pending may do that; only one can. */
import { passing } from "../model/crash-points.ts";
import { Unanswered, type Ask } from "../expressions/context.ts";
import type { RuleDefinition } from "../model/definitions.ts";
import type { NewEvent, SensorCursor } from "../model/events.ts";
import type { JsonObject } from "../model/json.ts";
import { causeOfEvent, loopReason } from "../inventory/cause.ts";
import { decide } from "../processes/ask.ts";
import { reentrancy } from "../rules/inventory-filter.ts";
import { match } from "../rules/match.ts";
import type {
  EnforcementRow,
  ExecutionRow,
  FinishedRow,
  GateRow,
  InstanceRow,
  Unit,
} from "../store/unit.ts";
import type { Core } from "./core.ts";
import { failedRow, type Launch, plan } from "./launch.ts";
import { release, start } from "./start.ts";
import { AppError } from "../model/errors.ts";

interface Matched {
  readonly enforcements: readonly EnforcementRow[];
  readonly executions: readonly ExecutionRow[];
  readonly finished: readonly FinishedRow[];
  readonly gates: readonly GateRow[];
  readonly launches: readonly Launch[];
}

const noMatch: Matched = {
  enforcements: [],
  executions: [],
  finished: [],
  gates: [],
  launches: [],
};

/** What the rules make of an event. Throws Unanswered when one of them needs an answer first. `fresh`: the instance is in the same unit. */
function matchEvent(
  core: Core,
  id: string,
  event: NewEvent,
  { ask, fresh }: { ask: Ask; fresh: boolean },
): Matched {
  const { matches, failures } = match(core.definitions().rules, event, ask);
  if (matches.length === 0 && failures.length === 0) return noMatch;
  const drafted: Draft = {
    enforcements: [],
    executions: [],
    finished: [],
    gates: [],
    launches: [],
  };
  for (const { rule, reason } of failures)
    drafted.enforcements.push(
      refusal(
        core,
        id,
        rule,
        `Failed to match rule "${rule.ref}" against trigger instance "${id}": ${reason}`,
      ),
    );
  for (const { rule } of matches) {
    const loop =
      loopReason(event.payload, rule.ref, reentrancy(rule)) ??
      core.breaker.refusal(rule.ref, event, id);
    if (loop === undefined) enforce(core, { id, event, rule, ask, fresh }, drafted);
    else drafted.enforcements.push(refusal(core, id, rule, `Not fired, to stop a loop: ${loop}`));
  }
  return drafted;
}

type Draft = {
  -readonly [Name in keyof Matched]: Matched[Name] extends readonly (infer Row)[] ? Row[] : never;
};

function refusal(
  core: Core,
  instance: string,
  rule: RuleDefinition,
  reason: string,
): EnforcementRow {
  return {
    id: core.newId(),
    trigger_instance_id: instance,
    rule: rule.ref,
    status: "failed",
    failure_reason: reason,
  };
}

interface Hit {
  readonly id: string;
  readonly event: NewEvent;
  readonly rule: RuleDefinition;
  readonly ask: Ask;
  readonly fresh: boolean;
}

/** One matching rule: its execution and its enforcement. Throws only Unanswered; then nothing of the whole event is reserved. */
function enforce(core: Core, { id, event, rule, ask, fresh }: Hit, drafted: Draft): void {
  const wish = {
    action: rule.action.ref,
    parameters: rule.action.parameters,
    variables: { trigger: event.payload },
    context: contextOf(core, id, event, rule),
    ...(rule.action.pool === undefined ? {} : { pool: rule.action.pool }),
    ...(fresh ? { instance: id } : {}),
  };
  try {
    const launch = plan(core, wish, ask);
    drafted.launches.push(launch);
    if (launch.how === "inline") drafted.finished.push(launch.row);
    else drafted.executions.push(launch.row);
    if (launch.how === "held") drafted.gates.push(...launch.gates);
    const execution_id = launch.how === "inline" ? launch.row.i : launch.row.id;
    drafted.enforcements.push({
      id: core.newId(),
      trigger_instance_id: id,
      rule: rule.ref,
      status: "succeeded",
      execution_id,
    });
  } catch (error) {
    if (error instanceof Unanswered) {
      release(core, drafted.launches);
      throw error;
    }
    const reason = error instanceof Error ? error.message : String(error);
    const refused = refusal(core, id, rule, reason);
    if (error instanceof AppError && error.code === "ACTION_NOT_FOUND") {
      drafted.enforcements.push(refused);
      return;
    }
    const row = failedRow(core, wish, error);
    drafted.executions.push(row);
    drafted.enforcements.push({ ...refused, execution_id: row.id });
  }
}

/** The context of the executions that a rule starts because of an event. */
export function contextOf(
  core: Core,
  id: string,
  event: Pick<NewEvent, "trigger" | "payload" | "traceTag" | "trace" | "cause">,
  rule: { ref: string; action: { ref: string }; context: JsonObject },
): JsonObject {
  return {
    ...rule.context,
    trigger_instance: { id, name: event.trigger },
    rule: { id: rule.ref, name: rule.ref },
    user: core.systemUser,
    pack: rule.action.ref.split(".")[0],
    ...traceContext(event),
    inventory_cause: causeOfEvent(event, rule.ref),
  };
}

/** Nothing where it follows from the trigger instance. */
function traceContext({ trace, traceTag }: Pick<NewEvent, "traceTag" | "trace">): JsonObject {
  if (trace === undefined && traceTag === undefined) return {};
  return {
    trace_context: {
      ...(trace === undefined ? {} : { id_: trace }),
      ...(traceTag === undefined ? {} : { trace_tag: traceTag }),
    },
  };
}

function matchNow(core: Core, id: string, event: NewEvent): Matched | undefined {
  try {
    return matchEvent(core, id, event, { ask: core.ask, fresh: true });
  } catch (error) {
    if (error instanceof Unanswered) return undefined;
    throw error;
  }
}

/** Resolves with one id per event when all of them (and the cursor) are committed; a known delivery keeps its first id secret and gives undefined.
 * Rejects with LEDGER_DOWN or BUSY: then nothing is stored. `persistent`: it waits for the ledger instead. */
export async function ingest(
  core: Core,
  events: readonly NewEvent[],
  { cursor, persistent }: { cursor?: SensorCursor | undefined; persistent?: boolean } = {},
): Promise<readonly (string | undefined)[]> {
  const planned = events.map((event) => {
    const id = core.newId();
    return { id, event, matched: matchNow(core, id, event) };
  });
  const unit: Unit = {
    instances: planned.map(({ id, event, matched }) =>
      instanceRow(id, event, matched === undefined),
    ),
    enforcements: planned.flatMap(({ matched }) => matched?.enforcements ?? []),
    executions: planned.flatMap(({ matched }) => matched?.executions ?? []),
    finished: planned.flatMap(({ matched }) => matched?.finished ?? []),
    gates: planned.flatMap(({ matched }) => matched?.gates ?? []),
    ...(cursor === undefined ? {} : { cursors: [cursor] }),
  };
  passing("ingest.before-commit");
  const { known } = await core.pump
    .commit(unit, persistent === true ? { persistent } : {})
    .catch((error: unknown) => {
      for (const { matched } of planned) release(core, matched?.launches ?? []);
      throw error;
    });
  passing("ingest.after-commit");
  return planned.map(({ id, event, matched }) => {
    if (known.has(id)) {
      release(core, matched?.launches ?? []);
      return undefined;
    }
    if (matched === undefined) void matchLater(core, id, event);
    else start(core, matched.launches);
    return id;
  });
}

/** The row of an event; `pending`: it is matched after its commit. */
export function instanceRow(id: string, event: NewEvent, pending: boolean): InstanceRow {
  return {
    id,
    trigger: event.trigger,
    parameters: event.parameters,
    payload: event.payload,
    source: event.source,
    dedupe_key: event.dedupeKey,
    status: pending ? "pending" : "processed",
    trace_tag: event.traceTag,
    trace: event.trace,
    cause: event.cause,
  };
}

/** Matches a stored instance that is still pending. Never rejects: what fails is found again by the sweep. */
export async function matchLater(core: Core, id: string, event: NewEvent): Promise<void> {
  let matched = noMatch;
  try {
    matched = await decide(
      (ask) => matchEvent(core, id, event, { ask, fresh: false }),
      (question) => core.answer(question),
    );
    const { enforcements, executions, finished, gates } = matched;
    passing("match.before-commit");
    await core.pump.commit(
      { processed: [{ id, status: "processed" }], enforcements, executions, finished, gates },
      { persistent: true },
    );
    passing("match.after-commit");
    start(core, matched.launches);
  } catch (error) {
    release(core, matched.launches);
    if (error instanceof Error && "code" in error && error.code === "RA001") return;
    core.log("error", "a trigger instance could not be matched", {
      instance: id,
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}
