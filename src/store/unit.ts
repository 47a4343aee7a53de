/** A unit: rows that are committed together or not at all, and the one statement that writes many units. */
import type { ExecutionStatus } from "../model/execution.ts";
import type { JsonObject } from "../model/json.ts";
import { tallyClause, tallyOf } from "./execution-tally.ts";

export interface InstanceRow {
  readonly id: string;
  readonly trigger: string;
  readonly parameters?: JsonObject | undefined;
  readonly payload: unknown;
  readonly source: string;
  readonly dedupe_key?: string | undefined;
  readonly status: "pending" | "processed";
  readonly trace_tag?: string | undefined;
}

export interface EnforcementRow {
  readonly id: string;
  readonly trigger_instance_id: string;
  readonly rule: string;
  readonly execution_id?: string | undefined;
  readonly status: "succeeded" | "failed";
  readonly failure_reason?: string | undefined;
}

/** A new execution. `instance` = written only if that trigger instance is new in the same unit. */
export interface ExecutionRow {
  readonly id: string;
  readonly action: string;
  readonly runner: string;
  readonly status: ExecutionStatus;
  readonly parameters: JsonObject;
  readonly context: JsonObject;
  readonly result?: unknown;
  readonly parent?: string | undefined;
  readonly task_key?: string | undefined;
  readonly owner?: string | undefined;
  readonly fence: number;
  readonly attempt: number;
  readonly delivered: boolean;
  /** Seconds from now until it may run. */
  readonly delay?: number | undefined;
  readonly started: boolean;
  readonly ended: boolean;
  readonly instance?: string | undefined;
  /** True: policies decide when it may run; nobody can claim it until then. */
  readonly held?: boolean;
}

/** An execution that waits at a gate of a policy until the policy lets it through. */
export interface GateRow {
  readonly execution_id: string;
  readonly gate: string;
  readonly policy: string;
  /** Seconds from now until it may be considered. */
  readonly delay: number;
  /** Written only if that trigger instance is new in the same unit. */
  readonly instance?: string | undefined;
}

/** An execution that is born finished: decided and done before its first commit. Children of a workflow leave their context out: it follows
 * from the parent's (`childContext`). Short names: this is the row of which most are written. */
export interface FinishedRow {
  readonly i: string;
  readonly action: string;
  readonly runner: string;
  /** Parameters; absent = none. */
  readonly p?: JsonObject | undefined;
  readonly c?: JsonObject | undefined;
  readonly z: unknown;
  readonly parent?: string | undefined;
  readonly k?: string | undefined;
  /** Written only if that trigger instance is new in the same unit. */
  readonly n?: string | undefined;
}

/** A fenced change: applies only to the claim it knows, and only while the execution is unfinished. */
export interface ExecutionChange {
  readonly id: string;
  readonly fence: number;
  readonly status: ExecutionStatus;
  readonly result?: unknown;
  /** The result without secrets, where that differs. */
  readonly shown?: unknown;
  readonly ended: boolean;
  readonly delivered: boolean;
  /** True: nobody owns it any more (it waits, or it ended). */
  readonly released: boolean;
}

export interface WorkflowRow {
  readonly execution_id: string;
  readonly definition: string;
}

export interface JournalRow {
  readonly execution_id: string;
  readonly seq: number;
  readonly entries: unknown;
}

export interface SnapshotRow {
  readonly execution_id: string;
  readonly snapshot: unknown;
  readonly snapshot_seq: number;
}

export interface Unit {
  readonly instances?: readonly InstanceRow[];
  /** Instances that were pending and are now matched; each must still be pending. */
  readonly processed?: readonly {
    readonly id: string;
    readonly status: "processed" | "processing_failed";
  }[];
  readonly enforcements?: readonly EnforcementRow[];
  readonly executions?: readonly ExecutionRow[];
  readonly gates?: readonly GateRow[];
  readonly finished?: readonly FinishedRow[];
  readonly changes?: readonly ExecutionChange[];
  readonly workflows?: readonly WorkflowRow[];
  readonly journal?: readonly JournalRow[];
  readonly snapshots?: readonly SnapshotRow[];
  /** Children whose workflow has now taken in that they have that status. */
  readonly delivered?: readonly { readonly id: string; readonly status: string }[];
  readonly cursors?: readonly { readonly name: string; readonly value: unknown }[];
}

const kinds = [
  "instances",
  "processed",
  "enforcements",
  "executions",
  "gates",
  "finished",
  "changes",
  "workflows",
  "journal",
  "snapshots",
  "delivered",
  "cursors",
] as const;
type Kind = (typeof kinds)[number];

/** Whether there is anything to write: no statement can be made of nothing. */
export function holdsSomething(unit: Unit): boolean {
  return kinds.some((kind) => (unit[kind] ?? []).length > 0);
}

const final = "('succeeded','failed','timeout','abandoned','canceled')";

const instanceColumns =
  "id text, trigger text, parameters json, payload json, source text, dedupe_key text, status text, trace_tag text";

/** SQL of one kind. `rows` is the recordset; `guarded`: trigger instances are written beside it of which some may be known deliveries. */
const clauses: Record<Kind, (rows: string, guarded: boolean) => string> = {
  instances: (
    rows,
    guarded,
  ) => `insert into trigger_instance (id, trigger, parameters, payload, source, dedupe_key, status, trace_tag)
    select * from ${guarded ? "given on conflict do nothing returning id" : `${rows} as r(${instanceColumns})`}`,
  processed: (
    rows,
  ) => `update trigger_instance t set status = r.status from ${rows} as r(id text, status text)
    where t.id = r.id and t.status = 'pending' returning t.id`,
  enforcements: (
    rows,
    guarded,
  ) => `insert into enforcement (id, trigger_instance_id, rule, execution_id, status, failure_reason)
    select * from ${rows} as r(id text, trigger_instance_id text, rule text, execution_id text, status text, failure_reason text)
    ${guarded ? "where r.trigger_instance_id not in (select id from known)" : ""}`,
  executions: (
    rows,
    guarded,
  ) => `insert into execution (id, action, runner, status, parameters, context, result, parent, task_key, owner, fence, attempt,
      delivered, run_at, started_at, ended_at)
    select r.id, action, runner, status, parameters, context, result, parent, task_key, owner, fence, attempt, delivered,
      case when held then '9999-01-01' when delay > 0 then now() + delay * interval '1 second' end, case when started then now() end, case when ended then now() end
    from ${rows} as r(id text, action text, runner text, status text, parameters json, context json, result json, parent text, task_key text,
      owner text, fence int, attempt int, delivered boolean, delay float8, started boolean, ended boolean, instance text, held boolean)
    ${guarded ? "where r.instance is null or r.instance not in (select id from known)" : ""}`,
  gates: (rows, guarded) => `insert into admission (execution_id, gate, policy, due_at)
    select execution_id, gate, policy, clock_timestamp() + delay * interval '1 second'
    from ${rows} as r(execution_id text, gate text, policy text, delay float8, instance text)
    ${guarded ? "where r.instance is null or r.instance not in (select id from known)" : ""}`,
  finished: (
    rows,
    guarded,
  ) => `insert into execution (id, action, runner, status, parameters, context, result, parent, task_key, fence, attempt, started_at, ended_at)
    select i, action, runner, 'succeeded', coalesce(p, '{}'), c, z, parent, k, 1, 1, now(), now()
    from ${rows} as r(i text, action text, runner text, p json, c json, z json, parent text, k text, n text)
    ${guarded ? "where r.n is null or r.n not in (select id from known)" : ""}`,
  changes: (
    rows,
  ) => `update execution e set status = r.status, result = coalesce(r.result, e.result),
      shown = case when r.result is null then e.shown else r.shown end, delivered = r.delivered,
      owner = case when r.released and not r.ended then null else e.owner end, ended_at = case when r.ended then now() else e.ended_at end
    from ${rows} as r(id text, fence int, status text, result json, shown json, ended boolean, delivered boolean, released boolean)
    where e.id = r.id and e.fence = r.fence and e.status not in ${final} returning e.id`,
  workflows: (rows) =>
    `insert into workflow (execution_id, definition) select * from ${rows} as r(execution_id text, definition text)`,
  journal: (rows) =>
    `insert into journal (execution_id, seq, entries) select * from ${rows} as r(execution_id text, seq int, entries text)`,
  snapshots: (rows) => `update workflow w set snapshot = r.snapshot, snapshot_seq = r.snapshot_seq
    from ${rows} as r(execution_id text, snapshot jsonb, snapshot_seq int) where w.execution_id = r.execution_id`,
  delivered: (rows) =>
    `update execution e set delivered = true from ${rows} as r(id text, status text) where e.id = r.id and e.status = r.status`,
  cursors: (
    rows,
  ) => `insert into sensor_cursor (name, value) select name, value from ${rows} as r(name text, value jsonb)
    on conflict (name) do update set value = excluded.value, updated_at = now()`,
};

const counted: ReadonlySet<Kind> = new Set<Kind>(["processed", "changes"]);
const adding = (1 << kinds.indexOf("executions")) | (1 << kinds.indexOf("finished"));

export interface Statement {
  readonly name: string;
  readonly text: string;
}

const prepared = new Map<number, Statement>();
const guardBit = 1 << kinds.length;

/** `guarded`: deliveries carry keys, so some may be known. Their instances are left out, and so is what belongs to them. Without keys there is
 * nothing to look up, which is most of the time and a third cheaper. */
function statementFor(mask: number, guarded: boolean): Statement {
  const key = guarded ? mask | guardBit : mask;
  const made = prepared.get(key);
  if (made !== undefined) return made;
  const present = kinds.filter((_, index) => (mask & (1 << index)) !== 0);
  const parts = present.flatMap((kind, index) => {
    const rows = `json_to_recordset($${index + 1}::json)`;
    const part = `${kind} as (${clauses[kind](rows, guarded)})`;
    if (kind !== "instances" || !guarded) return [part];
    const given = `given as materialized (select * from ${rows} as r(${instanceColumns}))`;
    const known = `known as materialized (select id from given where id not in (select id from instances))`;
    return [given, part, known];
  });
  const adds = (mask & adding) === 0 ? 0 : 1;
  if (adds > 0)
    parts.push(
      `tally as (${tallyClause(`json_to_recordset($${present.length + 1}::json)`, guarded)})`,
    );
  const checks = present
    .filter((kind) => counted.has(kind))
    .map(
      (kind, index) =>
        `raicho_all((select count(*) from ${kind}), $${present.length + adds + index + 1})`,
    );
  const known = guarded ? `(select array_agg(id) from known) as known` : `null::text[] as known`;
  const statement = {
    name: `unit-${key}`,
    text: `with ${parts.join(", ")} select ${[known, ...checks].join(", ")}`,
  };
  prepared.set(key, statement);
  return statement;
}

/** NUL and lone surrogates are legal in JSON but not in jsonb. */
const unstorable = /\\u0000|\\ud[89a-f]/i;

function storable(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed().replaceAll("\u0000", "\uFFFD") : value;
}

function encode(rows: readonly unknown[]): string {
  const text = JSON.stringify(rows);
  return unstorable.test(text) ? JSON.stringify(rows, storable) : text;
}

/** The statement and its values that write all these units at once; it gives the ids of instances that were known deliveries. */
export function write(units: readonly Unit[]): { statement: Statement; values: unknown[] } {
  let mask = 0;
  const values: unknown[] = [];
  const counts: number[] = [];
  kinds.forEach((kind, index) => {
    const rows =
      units.length === 1
        ? (units[0]?.[kind] ?? [])
        : units.flatMap((unit): readonly unknown[] => unit[kind] ?? []);
    if (rows.length === 0) return;
    mask |= 1 << index;
    values.push(encode(rows));
    if (counted.has(kind)) counts.push(rows.length);
  });
  if ((mask & adding) !== 0) values.push(encode(tallyOf(units)));
  const guarded = units.some(({ instances }) =>
    instances?.some(({ dedupe_key }) => dedupe_key !== undefined),
  );
  return { statement: statementFor(mask, guarded), values: [...values, ...counts] };
}

export function rowsIn(unit: Unit): number {
  return kinds.reduce((sum, kind) => sum + (unit[kind]?.length ?? 0), 0);
}
