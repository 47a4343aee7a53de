/** What an alert means for tickets: a new one, another occurrence of one that is there, or one that is opened again. */
import { isObject, type JsonObject } from "../model/json.ts";
import { number, text } from "./settings.ts";
import type { TicketStage } from "./stage.ts";

export interface RaiseSettings {
  /** Urgencies that become tickets at once; the others wait for the digest. */
  readonly urgencies: readonly string[];
  /** Members of the alert that make it the same. */
  readonly fields: readonly string[];
  /** How long it stays the same: the calendar day, until its ticket is closed, or so many hours from the ticket's beginning. */
  readonly window: "day" | "open" | number;
  readonly repeat: "comment" | "sub_ticket" | "count";
  readonly reopenHours: number;
  /** What becomes of an alert that comes again within those hours after its ticket was closed. */
  readonly reopen: "reopen" | "new" | "comment";
  /** Statuses after which nothing is opened again. */
  readonly never: readonly string[];
}

const repeats = ["comment", "sub_ticket", "count"] as const;
const reopens = ["reopen", "new", "comment"] as const;

function oneOf<Value extends string>(values: readonly Value[], value: unknown, otherwise: Value) {
  return values.find((one) => one === value) ?? otherwise;
}

/** Reads `real_time` of the configuration. */
export function raiseSettings(config: unknown): RaiseSettings {
  const given = isObject(config) ? config : {};
  const same = isObject(given["same"]) ? given["same"] : {};
  const again = isObject(given["reopen"]) ? given["reopen"] : {};
  const { window } = same;
  return {
    urgencies: names(given["urgencies"]) ?? ["immediate"],
    fields: names(same["fields"]) ?? ["fingerprint"],
    window: window === "open" || typeof window === "number" ? window : "day",
    repeat: oneOf(repeats, given["repeat"], "comment"),
    reopenHours: number(again["within_hours"], 24),
    reopen: oneOf(reopens, again["how"], "reopen"),
    never: names(again["never"]) ?? [],
  };
}

function names(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.length > 0 ? value.map(String) : undefined;
}

/** What names the alert: the same key is the same alert. Members of members are written with dots, e.g. `entity.id`, `labels.cluster`. */
export function sameKey(alert: JsonObject, { fields }: RaiseSettings): string {
  const values = fields.map((field) =>
    field
      .split(".")
      .reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), alert),
  );
  const [only] = values;
  if (fields.length === 1 && fields[0] === "fingerprint") return `alert:${text(only) ?? "?"}`;
  return `alert:${JSON.stringify(values.map((value) => value ?? null))}`;
}

export interface KnownTicket {
  readonly period: string;
  readonly stage: TicketStage;
  readonly status: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly closedAt: number | undefined;
}

export type RaiseDecision =
  | { readonly do: "open"; readonly period: string; readonly why: string }
  | { readonly do: "repeat"; readonly why: string }
  | { readonly do: "reopen"; readonly why: string }
  | { readonly do: "nothing"; readonly why: string };

/** `newest` = the newest ticket of the alert's key; `day` = the alert's calendar day; `now` in milliseconds. */
export function decideRaise(
  newest: KnownTicket | undefined,
  { day, now }: { readonly day: string; readonly now: number },
  settings: RaiseSettings,
): RaiseDecision {
  if (newest === undefined) return { do: "open", period: day, why: "first of this alert" };
  if (newest.stage === "closed") return afterClosing(newest, { day, now }, settings);
  if (inWindow(newest, { day, now }, settings)) return { do: "repeat", why: "its ticket is open" };
  return { do: "open", period: nextPeriod(newest.period, day), why: "a new window began" };
}

function inWindow(
  { period, createdAt }: KnownTicket,
  { day, now }: { readonly day: string; readonly now: number },
  { window }: RaiseSettings,
): boolean {
  if (window === "open") return true;
  if (window === "day") return period.slice(0, day.length) >= day;
  return now - createdAt <= window * 3_600_000;
}

function afterClosing(
  newest: KnownTicket,
  { day, now }: { readonly day: string; readonly now: number },
  { never, reopen, reopenHours }: RaiseSettings,
): RaiseDecision {
  const same = (name: string): boolean => name.toLowerCase() === newest.status.toLowerCase();
  if (never.some(same)) return { do: "nothing", why: `${newest.status} is never opened again` };
  const fresh = { do: "open", period: nextPeriod(newest.period, day) } as const;
  const since = newest.closedAt === undefined ? 0 : now - newest.closedAt;
  if (since > reopenHours * 3_600_000) return { ...fresh, why: "closed long ago" };
  if (reopen === "new") return { ...fresh, why: "its ticket is closed" };
  if (reopen === "comment") return { do: "repeat", why: "its ticket is closed and stays so" };
  return { do: "reopen", why: "closed a short while ago" };
}

/** The day, with a number from the second ticket of a day on. */
function nextPeriod(before: string, day: string): string {
  const [last = "", count = "1"] = before.split("#");
  return last === day ? `${day}#${Number(count) + 1}` : day;
}
