/** Events that are written in the transaction of what they tell of, beside the units of the pump. */
import type { Db } from "./schema.ts";
import type { InstanceRow } from "./unit.ts";

export async function insertInstances(tx: Db, rows: readonly InstanceRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .insertInto("trigger_instance")
    .values(
      rows.map(({ id, trigger, parameters, payload, source, dedupe_key, status, trace_tag }) => ({
        id,
        trigger,
        parameters: parameters === undefined ? null : JSON.stringify(parameters),
        payload: JSON.stringify(payload),
        source,
        dedupe_key: dedupe_key ?? null,
        status,
        trace_tag: trace_tag ?? null,
      })),
    )
    .execute();
}
