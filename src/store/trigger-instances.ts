/** Events that are written in the transaction of what they tell of, beside the units of the pump. */
import type { Db } from "./schema.ts";
import type { InstanceRow } from "./unit.ts";

export async function insertInstances(tx: Db, rows: readonly InstanceRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .insertInto("trigger_instance")
    .values(
      rows.map(({ trace_tag, trace, cause, parameters, payload, dedupe_key, ...row }) => ({
        ...row,
        parameters: parameters === undefined ? null : JSON.stringify(parameters),
        payload: JSON.stringify(payload),
        dedupe_key: dedupe_key ?? null,
        trace_tag: trace_tag ?? null,
        trace: trace ?? null,
        cause: cause === undefined ? null : JSON.stringify(cause),
      })),
    )
    .execute();
}
