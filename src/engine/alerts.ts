/** Alerts as the door and the actions use them. Throws NOT_FOUND and PARAMETERS_INVALID. */
import { acknowledgement } from "../alerts/correlate.ts";
import { readSilence } from "../alerts/silence.ts";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { listGroups } from "../store/alert-groups.ts";
import {
  findMessage,
  listMessages,
  messageKeys,
  type MessageFilter,
  type MessageHead,
  type MessageRow,
} from "../store/alert-messages.ts";
import {
  addSilence,
  expireSilence,
  listSilences,
  type SilenceRow,
} from "../store/alert-silences.ts";
import {
  alertNamed,
  listAlerts,
  occurrencesOf,
  type AlertFilter,
  type AlertRow,
} from "../store/alerts.ts";
import { matchedOf } from "./alert-judge.ts";
import { readMessage, replayed, type ReadMail, type ReceivedMessage } from "./alert-message.ts";
import { alertsIn, receiveMessage } from "./alert-receive.ts";
import { alertId, shownAlert } from "./alert-record.ts";
import { take, type AlertGround } from "./alert-take.ts";

interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** Who does something, and why. `key`: the same for the same request, which then counts once. */
export interface Doing {
  readonly by: string;
  readonly comment: string;
  readonly key: string;
}

const mostReplayed = 10_000;
const shownOccurrences = 100;
const mostOfTicket = 1_000;

export class Alerts {
  readonly #ground: AlertGround;
  readonly #readMail: ReadMail;

  constructor(ground: AlertGround, readMail: ReadMail) {
    this.#ground = ground;
    this.#readMail = readMail;
  }

  get #db() {
    return this.#ground.database.db;
  }

  /** Takes a message in, once. `fallbackKey`: for one that has no name. */
  receive(parameters: JsonObject, fallbackKey: string): Promise<JsonObject> {
    return receiveMessage(this.#ground, readMessage(parameters, fallbackKey));
  }

  async list(filter: AlertFilter, page: Page): Promise<readonly JsonObject[]> {
    const rows = await listAlerts(this.#db, filter, page);
    return rows.map((row) => listed(row));
  }

  /** With the messages that were counted in it. */
  async get(id: string): Promise<JsonObject> {
    const row = await this.#named(id);
    const occurrences = await occurrencesOf(this.#db, row, shownOccurrences);
    return {
      ...listed(row),
      occurrences: occurrences.map(({ message_key: key, effect, received_at: at, document }) => ({
        message_key: key,
        effect,
        received_at: at.toISOString(),
        summary: isObject(document) ? (document["summary"] ?? "") : "",
        raw_ref: isObject(document) ? (document["raw_ref"] ?? "") : "",
      })),
    };
  }

  async #named(id: string): Promise<AlertRow> {
    const row = await alertNamed(this.#db, id);
    if (row !== undefined) return row;
    throw new AppError("NOT_FOUND", [
      `There is no alert "${id}"; the id of an alert looks like 0123456789abcdef-2026-11-21.`,
    ]);
  }

  /** Notes that somebody looks after it; rules hear of `alert.acknowledged`. */
  async acknowledge(id: string, doing: Doing): Promise<JsonObject> {
    const { alert } = await this.#change(id, "ack", doing);
    return alert;
  }

  /** The same for every open alert of a ticket. */
  async acknowledgeTicket(ticket: string, { key, ...doing }: Doing): Promise<JsonObject> {
    const rows = await listAlerts(
      this.#db,
      { ticket, status: "open" },
      { limit: mostOfTicket, offset: 0 },
    );
    const alerts: JsonObject[] = [];
    for (const { fingerprint, day } of rows) {
      const id = alertId(fingerprint, day);
      alerts.push(await this.acknowledge(id, { ...doing, key: `${key}:${id}` }));
    }
    return { alerts };
  }

  /** Closes it by hand: as if its monitor had said that it is over. */
  async resolve(id: string, doing: Doing): Promise<JsonObject> {
    const { alert } = await this.#change(id, "resolved", doing);
    return alert;
  }

  async #change(
    id: string,
    status: "ack" | "resolved",
    { by, comment, key }: Doing,
  ): Promise<{ readonly alert: JsonObject }> {
    const row = await this.#named(id);
    const now = new Date();
    const {
      entity: _entity,
      owner: _owner,
      team: _team,
      belongs: _belongs,
      ...canonical
    } = matchedOf(row.document, row.fingerprint);
    const parsed = {
      ...canonical,
      ...(status === "ack" ? { class: acknowledgement } : {}),
      status,
      // Mails that are on their way tell of a time before this.
      occurred_at: new Date(Math.max(now.getTime(), row.last_at.getTime())).toISOString(),
      raw_ref: "",
    };
    const place = await this.#ground.place(parsed);
    const judged = { alert: parsed, byName: row.fingerprint, place, urgencyRule: undefined };
    const more = { by, comment, noted_in: "raicho" };
    const taken = await take(this.#ground, judged, { key, origin: {}, now, more });
    if (taken.events.length > 0) await this.#ground.ingest(taken.events);
    return { alert: shownAlert(await this.#named(id)) };
  }

  async silences(ended: boolean, page: Page): Promise<readonly JsonObject[]> {
    const now = new Date();
    const rows = await listSilences(this.#db, { now, ended, ...page });
    return rows.map((row) => silenceView(row, now));
  }

  /** `asked`: {match, starts?, ends or for, comment}. `id`: the same for the same request. */
  async addSilence(asked: JsonObject, { by, id }: { by: string; id: string }): Promise<JsonObject> {
    const now = new Date();
    const read = readSilence(asked, now.getTime());
    if ("problem" in read) throw new AppError("PARAMETERS_INVALID", [read.problem]);
    return silenceView(await addSilence(this.#db, { ...read.silence, id, author: by }), now);
  }

  async expireSilence(id: string): Promise<JsonObject> {
    const now = new Date();
    const row = await expireSilence(this.#db, id, now);
    if (row === undefined) throw new AppError("NOT_FOUND", [`There is no silence "${id}".`]);
    return silenceView(row, now);
  }

  async groups(page: Page): Promise<readonly JsonObject[]> {
    const rows = await listGroups(this.#db, page);
    return rows.map(({ key, rule, labels, firing, opened_at, due_at, told_at }) => ({
      group_key: key,
      rule,
      labels,
      firing,
      opened_at: opened_at.toISOString(),
      told_at: told_at?.toISOString() ?? null,
      due_at: due_at.toISOString(),
    }));
  }

  async messages(filter: MessageFilter, page: Page): Promise<readonly JsonObject[]> {
    const rows = await listMessages(this.#db, filter, page);
    return rows.map((row) => messageView(row));
  }

  /** By its key, or by the `raw_ref` of an alert. */
  async message(name: string): Promise<MessageRow> {
    const row = await findMessage(this.#db, name);
    if (row === undefined) throw new AppError("NOT_FOUND", [`There is no message "${name}".`]);
    return row;
  }

  /**
   * Reads kept messages with the parsers and policies of now, mails that no parser knew from their first byte. What was counted stays counted once; `again` counts it once more.
   * `dryRun` says what the parsers make of it and changes nothing.
   */
  async replay(
    asked: { readonly message: string | undefined; readonly filter: MessageFilter },
    { again, dryRun, key }: { again: boolean; dryRun: boolean; key: string },
  ): Promise<JsonObject> {
    const { message, filter } = asked;
    const names =
      message === undefined ? await messageKeys(this.#db, filter, mostReplayed) : [message];
    const results: JsonObject[] = [];
    for (const name of names) {
      const kept = await replayed(await this.message(name), this.#readMail);
      const named = again ? { ...kept, key: `${kept.key}:again:${key}` } : kept;
      const answer = dryRun ? this.#parsed(kept) : await receiveMessage(this.#ground, named);
      results.push({ message: name, ...answer });
    }
    return { replayed: results.length, results };
  }

  #parsed(kept: ReceivedMessage): JsonObject {
    const parsed = alertsIn(this.#ground, kept, new Date());
    return "unparsed" in parsed
      ? { parsed: false, reason: parsed.unparsed }
      : {
          parsed: true,
          parser: parsed.parser,
          alerts: parsed.alerts.map((alert) => ({ ...alert })),
        };
  }
}

function listed(row: AlertRow): JsonObject {
  return {
    ...shownAlert(row),
    document: row.document,
    told: row.told,
    suppressed_by: row.held ?? [],
  };
}

function silenceView(row: SilenceRow, now: Date): JsonObject {
  const { id, match, starts_at: starts, ends_at: ends, comment, author, created_at: created } = row;
  const state = ends <= now ? "ended" : starts > now ? "pending" : "active";
  return {
    id,
    state,
    match,
    starts_at: starts.toISOString(),
    ends_at: ends.toISOString(),
    comment,
    author,
    created_at: created.toISOString(),
  };
}

function messageView({ received_at: at, ...head }: MessageHead): JsonObject {
  return { ...head, received_at: at.toISOString() };
}
