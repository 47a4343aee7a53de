/** Reads what people did in the trackers, every `poll_seconds` by one process: who waits for a webhook alone misses what got lost.
 *
 * Readings overlap by two minutes, because trackers' searches know whole minutes and lag behind; what is read twice changes nothing. */
import { isObject } from "../model/json.ts";
import { backendRead, blockBackend } from "../store/ticket-backends.ts";
import { claimReading, rereadTickets, type Standing } from "../store/ticket-watch.ts";
import type { TicketSettings } from "../tickets/settings.ts";
import type { Core } from "./core.ts";
import { askBackend } from "./ticket-backend.ts";

const overlapMinutes = 2;
const firstMinutes = 60;
const mostMinutes = 60 * 24 * 30;

/** Gives how many tickets are to be read again. */
export async function watchTrackers(
  core: Core,
  { pollSeconds, defaults }: TicketSettings,
  signal: AbortSignal,
): Promise<number> {
  const { db } = core.database;
  let changed = 0;
  for (const { name, since } of await claimReading(db, pollSeconds)) {
    const now = new Date();
    const passed = since === null ? firstMinutes : (now.getTime() - since.getTime()) / 60_000;
    const minutes = Math.min(mostMinutes, Math.ceil(passed) + overlapMinutes);
    const answer = await askBackend(core, {
      backend: name,
      verb: "changed",
      key: `changed:${name}`,
      signal,
      input: { ...defaults, minutes },
    });
    if (!answer.ok) {
      await blockBackend(db, name, { seconds: answer.retryAfter ?? 10, reason: answer.error });
      continue;
    }
    changed += await rereadTickets(db, name, standings(answer.result["tickets"]));
    await backendRead(db, name, now);
  }
  return changed;
}

function standings(value: unknown): readonly Standing[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.filter(isObject).flatMap(({ key, status, assignee }) => {
    if (typeof key !== "string" || typeof status !== "string") return [];
    return [{ key, status, assignee: typeof assignee === "string" ? assignee : null }];
  });
}
