import { type Kysely, sql } from "kysely";

/** A trace has the id of what began it. Noted is only what does not follow from elsewhere: that a trigger instance continues the trace of an execution,
 * and that a caller put an execution into a trace or named its own. Ordinary events and executions write nothing more. */
const statements = [
  `alter table trigger_instance add column trace text collate "C"`,
  `create index trigger_instance_trace on trigger_instance (trace, id) where trace is not null`,
  `create index trigger_instance_trace_tag on trigger_instance (trace_tag, id) where trace_tag is not null and trace is null`,
  `create table execution_trace (execution_id text collate "C" primary key, trace text collate "C", tag text)`,
  `create index execution_trace_member on execution_trace (trace) where trace is not null`,
  `create index execution_trace_tag on execution_trace (tag, execution_id) where trace is null`,
  `insert into execution_trace (execution_id, trace, tag)
    select id, context #>> '{trace_context,id_}', context #>> '{trace_context,trace_tag}' from execution
    where parent is null and context #> '{trace_context}' is not null and context #> '{trigger_instance}' is null`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
