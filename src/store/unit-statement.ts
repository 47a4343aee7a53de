/** The one statement that writes many units. */
import { columnCount, type Columns, columnValues, manyColumnValues, recordset } from "./columns.ts";
import { tallyClause, tallyColumns, tallyOf } from "./execution-tally.ts";
import { Stint } from "./stint.ts";
import { type Kind, kinds, rowsIn, type Unit } from "./unit.ts";

const final = "('succeeded','failed','timeout','abandoned','canceled')";

const columns: { readonly [Name in Kind]: Columns<NonNullable<Unit[Name]>[number]> } = {
  instances: {
    id: "text",
    trigger: "text",
    parameters: "json",
    payload: "json",
    source: "text",
    dedupe_key: "text",
    status: "text",
    trace_tag: "text",
    trace: "text",
    cause: "json",
  },
  processed: { id: "text", status: "text" },
  enforcements: {
    id: "text",
    trigger_instance_id: "text",
    rule: "text",
    execution_id: "text",
    status: "text",
    failure_reason: "text",
  },
  executions: {
    id: "text",
    action: "text",
    runner: "text",
    status: "text",
    parameters: "json",
    context: "json",
    result: "json",
    parent: "text",
    task_key: "text",
    owner: "text",
    fence: "int",
    attempt: "int",
    delivered: "boolean",
    delay: "float8",
    started: "boolean",
    ended: "boolean",
    instance: "text",
    held: "boolean",
  },
  gates: { execution_id: "text", gate: "text", policy: "text", delay: "float8", instance: "text" },
  finished: {
    i: "text",
    action: "text",
    runner: "text",
    p: "json",
    c: "json",
    z: "json",
    o: "text",
    parent: "text",
    k: "text",
    n: "text",
  },
  changes: {
    id: "text",
    fence: "int",
    status: "text",
    result: "json",
    shown: "json",
    ended: "boolean",
    delivered: "boolean",
    released: "boolean",
  },
  workflows: { execution_id: "text", definition: "text" },
  journal: { execution_id: "text", seq: "int", entries: "document" },
  snapshots: { execution_id: "text", snapshot: "jsonb", snapshot_seq: "int" },
  delivered: { id: "text", status: "text" },
  traces: { execution_id: "text", trace: "text", tag: "text" },
  cursors: { name: "text", value: "jsonb" },
  keys: { scope: "text", key: "text", process: "text", made: "text" },
};

/** SQL of one kind. `rows` is the recordset; `guarded`: trigger instances are written beside it of which some may be known deliveries. */
const clauses: Record<Kind, (rows: string, guarded: boolean) => string> = {
  instances: (
    rows,
    guarded,
  ) => `insert into trigger_instance (id, trigger, parameters, payload, source, dedupe_key, status, trace_tag, trace, cause)
    select * from ${guarded ? "given on conflict do nothing returning id" : `${rows} as r`}`,
  processed: (rows) => `update trigger_instance t set status = r.status from ${rows} as r
    where t.id = r.id and t.status = 'pending' returning t.id`,
  enforcements: (
    rows,
    guarded,
  ) => `insert into enforcement (id, trigger_instance_id, rule, execution_id, status, failure_reason)
    select * from ${rows} as r
    ${guarded ? "where r.trigger_instance_id not in (select id from known)" : ""}`,
  executions: (
    rows,
    guarded,
  ) => `insert into execution (id, action, runner, status, parameters, context, result, parent, task_key, owner, fence, attempt,
      delivered, run_at, started_at, ended_at)
    select r.id, action, runner, status, parameters, context, result, parent, task_key, owner, fence, attempt, delivered,
      case when held then '9999-01-01' when delay > 0 then now() + delay * interval '1 second' end, case when started then now() end, case when ended then now() end
    from ${rows} as r
    ${guarded ? "where r.instance is null or r.instance not in (select id from known)" : ""}`,
  gates: (rows, guarded) => `insert into admission (execution_id, gate, policy, due_at)
    select execution_id, gate, policy, clock_timestamp() + delay * interval '1 second'
    from ${rows} as r
    ${guarded ? "where r.instance is null or r.instance not in (select id from known)" : ""}`,
  finished: (
    rows,
    guarded,
  ) => `insert into execution (id, action, runner, status, parameters, context, result, owner, parent, task_key, fence, attempt, started_at, ended_at)
    select i, action, runner, 'succeeded', coalesce(p, '{}'), c, z, o, parent, k, 1, 1, now(), now()
    from ${rows} as r
    ${guarded ? "where r.n is null or r.n not in (select id from known)" : ""}`,
  changes: (
    rows,
  ) => `update execution e set status = r.status, result = coalesce(r.result, e.result),
      shown = case when r.result is null then e.shown else r.shown end, delivered = r.delivered,
      owner = case when r.released and not r.ended then null else e.owner end, ended_at = case when r.ended then now() else e.ended_at end
    from ${rows} as r
    where e.id = r.id and e.fence = r.fence and e.status not in ${final} returning e.id`,
  workflows: (rows) => `insert into workflow (execution_id, definition) select * from ${rows} as r`,
  journal: (rows) => `insert into journal (execution_id, seq, entries) select * from ${rows} as r`,
  snapshots: (rows) => `update workflow w set snapshot = r.snapshot, snapshot_seq = r.snapshot_seq
    from ${rows} as r where w.execution_id = r.execution_id`,
  delivered: (rows) =>
    `update execution e set delivered = true from ${rows} as r where e.id = r.id and e.status = r.status`,
  traces: (rows) => `insert into execution_trace select * from ${rows} as r`,
  cursors: (rows) => `insert into sensor_cursor (name, value) select name, value from ${rows} as r
    on conflict (name) do update set value = excluded.value, updated_at = now()`,
  keys: (rows) => `update idempotency i set changed = true, made = coalesce(i.made, r.made)
    from ${rows} as r where i.scope = r.scope and i.key = r.key and i.process = r.process and i.status is null returning i.key`,
};

const counted: ReadonlySet<Kind> = new Set<Kind>(["processed", "changes", "keys"]);
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
  let next = 1;
  const rowsOf = <Row>(typed: Columns<Row>): string => {
    const rows = recordset(typed, next);
    next += columnCount(typed);
    return rows;
  };
  const parts = present.flatMap((kind) => {
    const rows = rowsOf(columns[kind]);
    const part = `${kind} as (${clauses[kind](rows, guarded)})`;
    if (kind !== "instances" || !guarded) return [part];
    const given = `given as materialized (select * from ${rows} as r)`;
    const known = `known as materialized (select id from given where id not in (select id from instances))`;
    return [given, part, known];
  });
  if ((mask & adding) !== 0) parts.push(`tally as (${tallyClause(rowsOf(tallyColumns), guarded)})`);
  const checks = present
    .filter((kind) => counted.has(kind))
    .map((kind) => `raicho_all((select count(*) from ${kind}), $${next++})`);
  const known = guarded ? `(select array_agg(id) from known) as known` : `null::text[] as known`;
  const statement = {
    name: `unit-${key}`,
    text: `with ${parts.join(", ")} select ${[known, ...checks].join(", ")}`,
  };
  prepared.set(key, statement);
  return statement;
}

function rowsOfKind(units: readonly Unit[], kind: Kind): readonly object[] {
  if (units.length === 1) return units[0]?.[kind] ?? [];
  return units.flatMap((unit): readonly object[] => unit[kind] ?? []);
}

interface Written {
  readonly kind: Kind;
  readonly rows: number;
  readonly values: readonly (Buffer | null)[];
}

function assembled(
  units: readonly Unit[],
  present: readonly Written[],
): { statement: Statement; values: unknown[] } {
  let mask = 0;
  for (const { kind } of present) mask |= 1 << kinds.indexOf(kind);
  const values: unknown[] = present.flatMap((each) => each.values);
  if ((mask & adding) !== 0) values.push(...columnValues(tallyColumns, tallyOf(units)));
  for (const { kind, rows } of present) if (counted.has(kind)) values.push(rows);
  const guarded = units.some(({ instances }) =>
    instances?.some(({ dedupe_key }) => dedupe_key !== undefined),
  );
  return { statement: statementFor(mask, guarded), values };
}

/** The statement and its values that write all these units at once; it gives the ids of instances that were known deliveries. */
export function write(units: readonly Unit[]): { statement: Statement; values: unknown[] } {
  const present: Written[] = [];
  for (const kind of kinds) {
    const rows = rowsOfKind(units, kind);
    if (rows.length > 0)
      present.push({ kind, rows: rows.length, values: columnValues<object>(columns[kind], rows) });
  }
  return assembled(units, present);
}

/** More rows are written down with rests. */
const manyRows = 5_000;

/** The same; where there are very many rows others have the event loop meanwhile. */
export async function writeWithRests(units: readonly Unit[]): Promise<ReturnType<typeof write>> {
  if (units.reduce((sum, unit) => sum + rowsIn(unit), 0) <= manyRows) return write(units);
  const stint = new Stint();
  const present: Written[] = [];
  for (const kind of kinds) {
    const rows = rowsOfKind(units, kind);
    if (rows.length === 0) continue;
    const values = await manyColumnValues<object>(columns[kind], rows, stint);
    present.push({ kind, rows: rows.length, values });
  }
  return assembled(units, present);
}
