/** Who is on duty, by the rotation of a rota: `{every: P7D, from: 2026-04-06, order: [login, …]}`. */
import { isObject } from "../model/json.ts";

export interface Duty {
  /** Login of who is on duty; undefined when the rotation does not say. */
  readonly login: string | undefined;
  /** Why it does not say; "" otherwise. */
  readonly note: string;
}

const hourMs = 3_600_000;

/**
 * `now`: milliseconds since the epoch; `offsetMs`: how far the site's wall clock is ahead of UTC, for a beginning that is a day (its midnight) or a
 * wall time without zone.
 */
export function onDuty(rotation: unknown, now: number, offsetMs: number): Duty {
  if (rotation === undefined || rotation === null) return { login: undefined, note: "" };
  const given = isObject(rotation) ? rotation : {};
  const every = shiftMs(given["every"]);
  const from = beginning(given["from"], offsetMs);
  const order: readonly unknown[] = Array.isArray(given["order"]) ? given["order"] : [];
  const fault =
    every === undefined
      ? "every is no length such as P7D, P1D or PT12H"
      : from === undefined
        ? "from is no day such as 2026-04-06"
        : order.length === 0
          ? "order names nobody"
          : "";
  if (every === undefined || from === undefined || order.length === 0)
    return { login: undefined, note: `the rotation is not understood: ${fault}` };
  if (now < from) return { login: undefined, note: "the rotation has not begun" };
  const turn = Math.floor((now - from) / every) % order.length;
  return { login: String(order[turn]), note: "" };
}

function shiftMs(value: unknown): number | undefined {
  const parts = /^P(?:(\d{1,3})W)?(?:(\d{1,3})D)?(?:T(\d{1,3})H)?$/.exec(String(value));
  if (parts === null) return undefined;
  const [weeks, days, hours] = [parts[1], parts[2], parts[3]].map((part) => Number(part ?? "0"));
  const length = ((weeks ?? 0) * 168 + (days ?? 0) * 24 + (hours ?? 0)) * hourMs;
  return length > 0 ? length : undefined;
}

function beginning(value: unknown, offsetMs: number): number | undefined {
  const text = String(value);
  const wall = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}))?$/.exec(text);
  const at =
    wall === null
      ? Date.parse(text)
      : Date.parse(`${wall[1]}T${wall[2] ?? "00:00"}:00Z`) - offsetMs;
  return Number.isNaN(at) ? undefined : at;
}
