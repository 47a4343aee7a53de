/** A unit: rows that are committed together or not at all, and the one statement that writes many units. */
import type { ExecutionStatus } from "../model/execution.ts";
import type { JsonObject } from "../model/json.ts";

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
  readonly finished?: readonly FinishedRow[];
  readonly changes?: readonly ExecutionChange[];
  readonly workflows?: readonly WorkflowRow[];
  readonly journal?: readonly JournalRow[];
  readonly snapshots?: readonly SnapshotRow[];
  /** Ends that a workflow has now taken in. */
  readonly delivered?: readonly { readonly id: string }[];
  readonly cursors?: readonly { readonly name: string; readonly value: unknown }[];
}

const kinds = [
  "instances",
  "processed",
  "enforcements",
  "executions",
  "finished",
  "changes",
  "workflows",
  "journal",
  "snapshots",
  "delivered",
  "cursors",
] as const;
type Kind = (typeof kinds)[number];

const final = "('succeeded','failed','timeout','abandoned','canceled')";

/** SQL of one kind; `rows` is the recordset, `guarded` says whether trigger instances are written beside it. */
const clauses: Record<Kind, (rows: string, guarded: boolean) => string> = {
  instances: (
    rows,
  ) => `insert into trigger_instance (id, trigger, parameters, payload, source, dedupe_key, status, trace_tag)
    select * from ${rows} as r(id text, trigger text, parameters jsonb, payload jsonb, source text, dedupe_key text, status text, trace_tag text)
    on conflict do nothing returning id`,
  processed: (
    rows,
  ) => `update trigger_instance t set status = r.status from ${rows} as r(id text, status text)
    where t.id = r.id and t.status = 'pending' returning t.id`,
  enforcements: (
    rows,
    guarded,
  ) => `insert into enforcement (id, trigger_instance_id, rule, execution_id, status, failure_reason)
    select * from ${rows} as r(id text, trigger_instance_id text, rule text, execution_id text, status text, failure_reason text)
    ${guarded ? "where r.trigger_instance_id in (select id from instances) or r.trigger_instance_id in (select id from trigger_instance where status = 'pending')" : ""}`,
  executions: (
    rows,
    guarded,
  ) => `insert into execution (id, action, runner, status, parameters, context, result, parent, task_key, owner, fence, attempt,
      delivered, run_at, started_at, ended_at)
    select r.id, action, runner, status, parameters, context, result, parent, task_key, owner, fence, attempt, delivered,
      case when delay > 0 then now() + delay * interval '1 second' end, case when started then now() end, case when ended then now() end
    from ${rows} as r(id text, action text, runner text, status text, parameters jsonb, context jsonb, result jsonb, parent text, task_key text,
      owner text, fence int, attempt int, delivered boolean, delay float8, started boolean, ended boolean, instance text)
    ${guarded ? "where r.instance is null or r.instance in (select id from instances)" : ""}`,
  finished: (
    rows,
    guarded,
  ) => `insert into execution (id, action, runner, status, parameters, context, result, parent, task_key, fence, attempt, started_at, ended_at)
    select i, action, runner, 'succeeded', coalesce(p, '{}'), c, z, parent, k, 1, 1, now(), now()
    from ${rows} as r(i text, action text, runner text, p jsonb, c jsonb, z jsonb, parent text, k text, n text)
    ${guarded ? "where r.n is null or r.n in (select id from instances)" : ""}`,
  changes: (
    rows,
  ) => `update execution e set status = r.status, result = coalesce(r.result, e.result), delivered = r.delivered,
      owner = case when r.released then null else e.owner end, ended_at = case when r.ended then now() else e.ended_at end
    from ${rows} as r(id text, fence int, status text, result jsonb, ended boolean, delivered boolean, released boolean)
    where e.id = r.id and e.fence = r.fence and e.status not in ${final} returning e.id`,
  workflows: (rows) =>
    `insert into workflow (execution_id, definition) select * from ${rows} as r(execution_id text, definition text)`,
  journal: (rows) =>
    `insert into journal (execution_id, seq, entries) select * from ${rows} as r(execution_id text, seq int, entries text)`,
  snapshots: (rows) => `update workflow w set snapshot = r.snapshot, snapshot_seq = r.snapshot_seq
    from ${rows} as r(execution_id text, snapshot jsonb, snapshot_seq int) where w.execution_id = r.execution_id`,
  delivered: (rows) =>
    `update execution e set delivered = true from ${rows} as r(id text) where e.id = r.id`,
  cursors: (
    rows,
  ) => `insert into sensor_cursor (name, value) select name, value from ${rows} as r(name text, value jsonb)
    on conflict (name) do update set value = excluded.value, updated_at = now()`,
};

const counted: ReadonlySet<Kind> = new Set<Kind>(["processed", "changes"]);

export interface Statement {
  readonly name: string;
  readonly text: string;
}

const prepared = new Map<number, Statement>();

function statementFor(mask: number): Statement {
  const known = prepared.get(mask);
  if (known !== undefined) return known;
  const present = kinds.filter((_, index) => (mask & (1 << index)) !== 0);
  const guarded = present.includes("instances");
  const parts = present.map(
    (kind, index) =>
      `${kind} as (${clauses[kind](`json_to_recordset($${index + 1}::json)`, guarded)})`,
  );
  const checks = present
    .filter((kind) => counted.has(kind))
    .map(
      (kind, index) => `raicho_all((select count(*) from ${kind}), $${present.length + index + 1})`,
    );
  const born = guarded ? `(select array_agg(id) from instances) as born` : `null::text[] as born`;
  const statement = {
    name: `unit-${mask}`,
    text: `with ${parts.join(", ")} select ${[born, ...checks].join(", ")}`,
  };
  prepared.set(mask, statement);
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

/** The statement and its values that write all these units at once. */
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
  return { statement: statementFor(mask), values: [...values, ...counts] };
}

export function rowsIn(unit: Unit): number {
  return kinds.reduce((sum, kind) => sum + (unit[kind]?.length ?? 0), 0);
}
