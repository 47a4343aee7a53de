/** New and changed requests, read from the tracker.
 *
 * 1. How far was read and what was raised of it are one unit: no request is lost, whatever stops in between.
 * 2. The search of trackers knows whole minutes and lags: each look goes back behind the last one. What was seen before is in the cursor and raised once.
 * 3. Webhooks only make it sooner: what they name is read from the tracker like everything else. */
import { AppError } from "../model/errors.ts";
import type { NewEvent, SensorCursor } from "../model/events.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { knownRequests } from "../store/requests.ts";
import type { Core } from "./core.ts";
import { ingest } from "./ingest.ts";
import type { RunbookBook } from "./runbook-book.ts";
import { askBackend } from "./ticket-backend.ts";
import { presentTicketSettings } from "./ticket-runner.ts";

export interface PollingGround {
  readonly core: Core;
  readonly book: Pick<RunbookBook, "settings">;
}

/** Events of one look, and how far it came. */
export interface Look {
  readonly events: readonly NewEvent[];
  readonly cursor: SensorCursor;
}

interface Seen {
  readonly readUntil: string | undefined;
  /** When each ticket of the last looks was changed. */
  readonly tickets: ReadonlyMap<string, string>;
}

function cursorName(backend: string): string {
  return `requests ${backend}`;
}

async function seenOf(core: Core, backend: string): Promise<Seen> {
  const row = await core.database.db
    .selectFrom("sensor_cursor")
    .select("value")
    .where("name", "=", cursorName(backend))
    .executeTakeFirst();
  const value = isObject(row?.value) ? row.value : {};
  const { read_until: until, tickets } = value;
  return {
    readUntil: typeof until === "string" ? until : undefined,
    tickets: new Map(
      Object.entries(isObject(tickets) ? tickets : {}).map(([key, at]) => [key, String(at)]),
    ),
  };
}

/** Asks the tracker; undefined when nothing is to be polled. Throws when the tracker does not answer. */
export async function lookForRequests(
  { core, book }: PollingGround,
  signal: AbortSignal,
): Promise<Look | undefined> {
  const { requests } = await book.settings();
  const { components, project, overlapMinutes, firstMinutes } = requests;
  if (components.length === 0) return undefined;
  const { backend } = presentTicketSettings(core);
  const seen = await seenOf(core, backend);
  const now = new Date();
  const passed =
    seen.readUntil === undefined
      ? firstMinutes
      : (now.getTime() - Date.parse(seen.readUntil)) / 60_000;
  const minutes = Math.max(1, Math.ceil(passed + overlapMinutes));
  const input = { minutes, components, ...(project === undefined ? {} : { project }) };
  const { tickets } = await ask(core, backend, { verb: "changed", input, signal });
  const changed = (Array.isArray(tickets) ? tickets : []).filter(isObject).map((one) => ({
    key: textOf(one["key"]),
    at: textOf(one["updated_at"]),
  }));
  const fresh = changed.filter(({ key, at }) => seen.tickets.get(key) !== at);
  const events: NewEvent[] = [];
  for (const { key } of fresh)
    events.push(...(await eventsOf(core, { backend, key, components }, signal)));
  // All of the window, so that a ticket which the next look finds again is known.
  const kept = Object.fromEntries(changed.map(({ key, at }) => [key, at]));
  return {
    events,
    cursor: { name: cursorName(backend), value: { read_until: now.toISOString(), tickets: kept } },
  };
}

/** Looks once, outside of the sensor. */
export async function pollRequests(
  ground: PollingGround,
  signal: AbortSignal,
): Promise<JsonObject> {
  const look = await lookForRequests(ground, signal);
  if (look === undefined)
    return { events: 0, reason: "requests.components of <configs>/runbook.yaml is empty" };
  await ingest(ground.core, look.events, { cursor: look.cursor });
  return { events: look.events.length };
}

/** Takes in one ticket that a webhook named. */
export async function lookAtRequest(
  { core, book }: PollingGround,
  key: string,
  signal: AbortSignal,
): Promise<JsonObject> {
  if (key === "")
    throw new AppError("PARAMETERS_INVALID", ["ticket is missing: the tracker's name of it"]);
  const { components } = (await book.settings()).requests;
  const { backend } = presentTicketSettings(core);
  const events = await eventsOf(core, { backend, key, components }, signal);
  await ingest(core, events);
  return { events: events.length };
}

interface Wanted {
  readonly backend: string;
  readonly key: string;
  readonly components: readonly string[];
}

/** `request.created` until it was prepared, afterwards `request.updated`; nothing for sub-tickets and other components. */
async function eventsOf(
  core: Core,
  { backend, key, components }: Wanted,
  signal: AbortSignal,
): Promise<readonly NewEvent[]> {
  const found = await ask(core, backend, { verb: "get", input: { ticket: key }, signal });
  const ticket = ticketOf(found, backend);
  if (found["parent"] !== null && found["parent"] !== undefined) return [];
  if (!ticket.components.some((one) => components.includes(one))) return [];
  const known = (await knownRequests(core.database.db, backend, [key])).has(key);
  const payload = { ticket, components: ticket.components };
  const source = "requests";
  return [
    known
      ? {
          trigger: "request.updated",
          source,
          dedupeKey: `updated ${backend} ${key} ${textOf(ticket.updated)}`,
          payload,
        }
      : { trigger: "request.created", source, dedupeKey: `created ${backend} ${key}`, payload },
  ];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A backend's ticket as payload. */
function ticketOf(found: JsonObject, backend: string) {
  const { key, url, summary, description, status, reporter, assignee, fields } = found;
  const components: readonly unknown[] = Array.isArray(found["components"])
    ? found["components"]
    : [found["component"]];
  return {
    key,
    backend,
    url: url ?? null,
    summary: summary ?? "",
    description: description ?? "",
    components: components.filter((one) => typeof one === "string"),
    status: status ?? null,
    reporter: reporter ?? null,
    assignee: assignee ?? null,
    created: found["created_at"] ?? null,
    updated: found["updated_at"] ?? null,
    fields: isObject(fields) ? fields : {},
  };
}

async function ask(
  core: Core,
  backend: string,
  { verb, input, signal }: { verb: string; input: JsonObject; signal: AbortSignal },
): Promise<JsonObject> {
  const { defaults } = presentTicketSettings(core);
  const answer = await askBackend(core, {
    backend,
    verb,
    input: { ...defaults, ...input },
    key: `${verb}:requests`,
    signal,
  });
  if (answer.ok) return answer.result;
  throw new AppError("TICKET_REQUEST", [`${backend} does not answer (${verb}): ${answer.error}`]);
}
