/** The digest: each business morning the alerts that could wait become tickets, one per alert.
 *
 * 1. The identity of a ticket is (alert, date): running a digest again, by two workers or after a crash, makes nothing twice.
 * 2. Tickets of a batch and the mark on their alerts are one transaction: what is marked has a ticket, what is not is taken by the next run.
 * 3. Alerts of earlier days that nobody took (a late mail, a morning without an engine) are taken too. */
import { passing } from "../model/crash-points.ts";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { RunCall } from "../runners/runner.ts";
import {
  countDigest,
  digestOf,
  occurrencesOf,
  ticketOfDays,
  waitingAlerts,
  type WaitingAlert,
} from "../store/digests.ts";
import type { Db } from "../store/schema.ts";
import { listTickets, lockTicketKey } from "../store/tickets.ts";
import { dayAfter, dayKind, windowOf, type BusinessCalendar } from "../tickets/calendar.ts";
import { raiseSettings } from "../tickets/raise.ts";
import { responsibleOf, type OwnerAnswer } from "./inventory-owner.ts";
import { dateIn, presentCalendar } from "./business-calendar.ts";
import { takeWanted, type TicketGround, type TicketVerb } from "./ticket-actions.ts";
import { wantedOf } from "./ticket-raise.ts";
import { ticketId, ticketView } from "./ticket-view.ts";

const batch = 100;
/** Alerts older than that are nobody's business any more. */
const oldestDays = 60;
const previewed = 1_000;

interface Digest {
  readonly ground: TicketGround;
  readonly calendar: BusinessCalendar;
  readonly date: string;
}

async function waiting(
  db: Db,
  { ground, date }: Digest,
  { limit, after }: { readonly limit: number; readonly after: string },
): Promise<readonly WaitingAlert[]> {
  const { urgencies } = raiseSettings(ground.settings.realTime);
  return waitingAlerts(db, { from: dayAfter(date, -oldestDays), date, urgencies, limit, after });
}

/** What the inventory says of a machine now. */
type Machine = Pick<OwnerAnswer, "host"> & { readonly owner: JsonObject };
type Machines = Map<string, Machine>;

const lookedUpAtOnce = 4;

/** An entry's id, or the host as the monitor wrote it. */
function machineOf({ document: { entity, host_raw: raw } }: WaitingAlert): string {
  const id = isObject(entity) ? entity["id"] : undefined;
  return typeof id === "string" ? id : typeof raw === "string" ? raw : "";
}

/** Looks up machines that are not in `known` yet: owners may have changed since the alert came, most of all after a weekend. */
async function lookUp(
  { findOwner }: TicketGround,
  alerts: readonly WaitingAlert[],
  known: Machines,
): Promise<void> {
  const names = [...new Set(alerts.map(machineOf))].filter(
    (name) => name !== "" && !known.has(name),
  );
  const left = names.values();
  const lane = async (): Promise<void> => {
    for (const name of left) {
      const answer = await findOwner(name);
      known.set(name, { host: answer.host, owner: responsibleOf(answer) });
    }
  };
  await Promise.all(Array.from({ length: lookedUpAtOnce }, lane));
}

/** The alert's document with what is known of its machine now; a machine that the inventory does not know keeps what was known when the alert came. */
function presentOf(alert: WaitingAlert, machines: Machines): JsonObject {
  const { fingerprint, document } = alert;
  const found = machines.get(machineOf(alert));
  const now = found?.host == null ? {} : { entity: { ...found.host }, owner: found.owner };
  return { ...document, ...now, fingerprint };
}

/** What an alert's ticket says, with all its occurrences. */
function wantedFor(
  { ground: { settings } }: Digest,
  document: JsonObject,
  { fingerprint, first_at: first }: WaitingAlert,
  times: readonly string[],
): JsonObject {
  const all = times.length > 0 ? times : [first.toISOString()];
  return wantedOf(document, settings.language, fingerprint, all);
}

export function digestVerbs(timeZone: string): Readonly<Record<string, TicketVerb>> {
  const digestIn = (ground: TicketGround, { parameters }: RunCall): Digest => {
    try {
      const calendar = presentCalendar(ground.core, timeZone);
      return { ground, calendar, date: dateIn(parameters, calendar) };
    } catch (error) {
      if (error instanceof RangeError) throw new AppError("TICKET_REQUEST", [error.message]);
      throw error;
    }
  };
  return {
    digest_run: async (ground, call) =>
      runDigest(digestIn(ground, call), call.parameters["force"] === true),
    digest_preview: async (ground, call) => previewDigest(digestIn(ground, call)),
  };
}

async function runDigest(digest: Digest, force: boolean): Promise<JsonObject> {
  const { ground, calendar, date } = digest;
  const day = dayKind(calendar, date);
  if (!day.business && !force)
    return { date, run: false, reason: `${date} is no business day (${day.name ?? day.kind})` };
  const { database, bells } = ground.core;
  const window = windowOf(calendar, date);
  const machines: Machines = new Map();
  let [tickets, alerts] = [0, 0];
  for (let after = ""; ;) {
    // Outside of the transaction: who waits for its lock holds a connection that this would need.
    await lookUp(ground, await waiting(database.db, digest, { limit: batch, after }), machines);
    const taken = await database.transaction(async (tx) => {
      await lockTicketKey(tx, `digest ${date}`);
      const rows = await waiting(tx, digest, { limit: batch, after });
      const times = await occurrencesOf(tx, rows);
      let made = 0;
      for (const alert of rows) {
        const { row, taken: isNew } = await takeWanted(tx, ground.settings, {
          key: `digest:${alert.fingerprint}`,
          period: date,
          kind: "digest",
          above: undefined,
          wanted: wantedFor(
            digest,
            presentOf(alert, machines),
            alert,
            times.get(alert.fingerprint) ?? [],
          ),
        });
        await ticketOfDays(tx, alert, row.remote_key ?? ticketId(row.id));
        if (isNew) made += 1;
      }
      await countDigest(tx, {
        date,
        window_from: new Date(window.from),
        window_to: new Date(window.to),
        tickets: made,
        alerts: rows.reduce((sum, { days }) => sum + days.length, 0),
      });
      passing("digest.before-commit");
      return { rows, made };
    });
    passing("digest.after-commit");
    tickets += taken.made;
    alerts += taken.rows.length;
    bells.ring({ kind: "ticket", id: date });
    const last = taken.rows.at(-1);
    if (last === undefined || taken.rows.length < batch) break;
    after = last.fingerprint;
  }
  return { date, run: true, tickets, alerts, ...instants(window) };
}

function instants({ from, to }: { readonly from: number; readonly to: number }): JsonObject {
  return { window_from: new Date(from).toISOString(), window_to: new Date(to).toISOString() };
}

/** What a digest of that date would make now, and what it has made. */
async function previewDigest(digest: Digest): Promise<JsonObject> {
  const { ground, calendar, date } = digest;
  const { db } = ground.core.database;
  const page = { limit: previewed, offset: 0 };
  const rows = await waiting(db, digest, { limit: previewed, after: "" });
  const machines: Machines = new Map();
  await lookUp(ground, rows, machines);
  const times = await occurrencesOf(db, rows);
  const [ran, all] = await Promise.all([
    digestOf(db, date),
    listTickets(db, { kind: "digest", period: date }, page),
  ]);
  const { business, kind, name } = dayKind(calendar, date);
  return {
    date,
    business,
    kind,
    name: name ?? null,
    ...instants(windowOf(calendar, date)),
    ran_at: ran?.ran_at.toISOString() ?? null,
    tickets: all.map(ticketView),
    due: rows.map((alert) => {
      const occurrences = times.get(alert.fingerprint) ?? [];
      const document = presentOf(alert, machines);
      return {
        fingerprint: alert.fingerprint,
        days: alert.days,
        count: occurrences.length,
        first_at: alert.first_at.toISOString(),
        last_at: alert.last_at.toISOString(),
        summary: wantedFor(digest, document, alert, occurrences)["summary"],
        owner: document["owner"] ?? null,
      };
    }),
  };
}
