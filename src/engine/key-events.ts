/** StackStorm's triggers about keys, stored in the transaction of the change and matched right after it; a sweep finds what a lost process left. */
import type { JsonObject } from "../model/json.ts";
import type { NewEvent } from "../model/events.ts";
import type { InstanceRow } from "../store/unit.ts";
import { causing } from "./announcement.ts";
import type { Core } from "./core.ts";
import type { KeyChange, KeyValue, Telling } from "./datastore.ts";
import { instanceRow, matchLater } from "./ingest.ts";
import type { Claim } from "./run.ts";

const family = "core.st2.key_value_pair";

interface Teller {
  /** A key as its API shows it, secrets encrypted. */
  readonly view: (pair: KeyValue) => JsonObject;
  /** The execution that changes it, when one does. */
  readonly run: Pick<Claim, "context"> | undefined;
}

/** The events of a change, as StackStorm's persistence raises them. */
function eventsOf(
  { before, after, valueChanged }: KeyChange,
  { view, run }: Teller,
): readonly NewEvent[] {
  const source = "datastore";
  const event = (kind: string, payload: JsonObject): NewEvent => ({
    trigger: `${family}.${kind}`,
    payload,
    source,
    ...causing(run),
  });
  if (after === undefined)
    return before === undefined ? [] : [event("delete", { object: view(before) })];
  if (before === undefined) return [event("create", { object: view(after) })];
  const changed = event("value_change", { old_object: view(before), new_object: view(after) });
  return [event("update", { object: view(after) }), ...(valueChanged ? [changed] : [])];
}

/** Changes a key and raises the triggers to which rules listen: both are committed, or neither. */
export async function telling<Change extends KeyChange | undefined>(
  core: Core,
  teller: Teller,
  change: (tell: Telling) => Promise<Change>,
): Promise<Change> {
  let told: readonly { readonly id: string; readonly event: NewEvent }[] = [];
  const done = await change((what): readonly InstanceRow[] => {
    told = eventsOf(what, teller)
      .filter(({ trigger }) => core.definitions().listens(trigger))
      .map((event) => ({ id: core.newId(), event }));
    return told.map(({ id, event }) => instanceRow(id, event, true));
  });
  for (const { id, event } of told) void matchLater(core, id, event);
  return done;
}
