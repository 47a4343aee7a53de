/** Tells others what became of an execution: rules, whoever is to be notified, and the workflow that it belongs to.
 *
 * What rules are to hear of an end is written in the unit that records the end, as pending trigger instances: no crash comes between. They are matched
 * right after, or by the sweep. */
import { isFinished } from "../model/execution.ts";
import type { NewEvent } from "../model/events.ts";
import { insertInstances } from "../store/trigger-instances.ts";
import type { Db } from "../store/schema.ts";
import type { InstanceRow } from "../store/unit.ts";
import { actionEvent, inquiryEvent } from "./announcement.ts";
import type { ChildEnd, Core, End } from "./core.ts";
import { freed } from "./gates.ts";
import { ingest, instanceRow, matchLater } from "./ingest.ts";
import { notifications, notifies, notifyNow } from "./notify.ts";
import type { Claim } from "./run.ts";

/** What an end adds to the unit that records it, and what follows the commit. */
export interface Told {
  readonly instances: readonly InstanceRow[];
  readonly after: () => void;
}

/** What is to be told of that end, or of that question. */
export function telling(core: Core, claim: Claim, end: End): Told {
  const late = isFinished(end.status) && notifies(core, claim);
  const notified = late ? notifyNow(core, claim, end) : [];
  const events = [...eventsOf(core, claim, end), ...(notified ?? [])];
  const rows = events.map((event) => ({ event, row: instanceRow(core.newId(), event, true) }));
  return {
    instances: rows.map(({ row }) => row),
    after: () => {
      if (isFinished(end.status)) freed(core, claim);
      for (const { event, row } of rows) void matchLater(core, row.id, event);
      if (notified === undefined) void notifyLater(core, claim, end);
    },
  };
}

function eventsOf(core: Core, claim: Claim, end: End): readonly NewEvent[] {
  if (end.status === "pending") return [inquiryEvent(claim, end.result)];
  const event = isFinished(end.status) ? actionEvent(core, claim, end) : undefined;
  return event === undefined ? [] : [event];
}

/** The same for an end that a transaction records: an operator's, a policy's, the sweep's. Gives what follows its commit. */
export async function tellIn(core: Core, tx: Db, claim: Claim, end: End): Promise<() => void> {
  const { instances, after } = telling(core, claim, end);
  await insertInstances(tx, instances);
  return after;
}

/** The same after the commit, for actions of the engine that are born finished. */
export function announceEnd(core: Core, claim: Claim, end: End): void {
  freed(core, claim);
  const events = eventsOf(core, claim, end);
  if (events.length > 0) void raise(core, claim, events);
  if (notifies(core, claim)) void notifyLater(core, claim, end);
}

async function notifyLater(core: Core, claim: Claim, end: End): Promise<void> {
  try {
    await raise(core, claim, await notifications(core, claim, end));
  } catch (error) {
    core.log("error", "a notification could not be made", {
      execution: claim.id,
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}

async function raise(core: Core, { id }: Claim, events: readonly NewEvent[]): Promise<void> {
  const keyed = events.map((event, index) => ({
    ...event,
    dedupeKey: `${event.trigger}:${id}:${index}`,
  }));
  await ingest(core, keyed, { persistent: true }).catch((error: unknown) =>
    core.log("error", "triggers of the engine were not stored", {
      triggers: events.map(({ trigger }) => trigger),
      reason: error instanceof Error ? error.message : String(error),
    }),
  );
}

/** Tells the workflow that a child (a workflow itself) ended or waits. */
export function tellParent(
  core: Core,
  claim: Claim,
  { status, result, secrets = [] }: Pick<ChildEnd, "status" | "result" | "secrets">,
): void {
  if (claim.parent === undefined || claim.parent === null) return;
  const parent = core.conducted.get(claim.parent);
  if (parent === undefined) core.bells.ring({ kind: "advance", id: claim.parent });
  else parent.deliver({ id: claim.id, context: claim.context, status, result, secrets });
}
