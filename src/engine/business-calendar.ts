/** The site's business calendar: the trigger `calendar.business_tick`, and the actions of pack `calendar`.
 *
 * 1. A business day ticks once: the dedupe key is the day, and the cursor is committed with the event.
 * 2. A day whose time passed while nobody ran ticks when somebody runs again on that day; other days are left to the digest of the next one, which
 *    takes whatever is left.
 * 3. A new installation does not tick for a time of today that is over. */
import { isDay } from "../model/day.ts";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import type { Runner } from "../runners/runner.ts";
import { loopingSensor } from "../sensors/looping-sensor.ts";
import type { Sensor, SensorContext } from "../sensors/sensor.ts";
import {
  businessCalendar,
  businessDayFrom,
  dayAt,
  dayKind,
  isBusinessTime,
  nextBusinessTime,
  windowOf,
  type BusinessCalendar,
} from "../tickets/calendar.ts";
import type { Core } from "./core.ts";

const cursorName = "calendar.business_tick";
const lookMs = 5_000;

/** The calendar of the present content. Throws RangeError when its configuration is wrong. */
export function presentCalendar(core: Core, timeZone: string): BusinessCalendar {
  return businessCalendar(core.definitions().content.packs.get("calendar")?.config ?? {}, timeZone);
}

/** Emits what is due at `context.now()`. */
export async function tickBusiness(
  calendar: BusinessCalendar,
  context: Pick<SensorContext, "now" | "cursor" | "emit">,
): Promise<void> {
  const { date, minutes } = dayAt(calendar, context.now().getTime());
  const cursor = await context.cursor(cursorName);
  const last = isObject(cursor) ? cursor["day"] : undefined;
  if (last === date || minutes < calendar.tickMinutes) {
    // So that a first start before the time of the day ticks on that day.
    if (last === undefined) await context.emit([], { name: cursorName, value: { day: "" } });
    return;
  }
  const { business, kind } = dayKind(calendar, date);
  const fires = business && last !== undefined;
  const { from, to } = windowOf(calendar, date);
  const event = {
    trigger: "calendar.business_tick",
    source: "calendar",
    dedupeKey: `calendar.business_tick:${date}`,
    payload: {
      date,
      kind,
      window_from: new Date(from).toISOString(),
      window_to: new Date(to).toISOString(),
    },
  };
  await context.emit(fires ? [event] : [], { name: cursorName, value: { day: date } });
}

/** `calendar` may throw: the reason is logged, and the next look tries again. */
export function businessTickSensor(calendar: () => BusinessCalendar): Sensor {
  let said = "";
  const look = async (context: SensorContext): Promise<void> => {
    try {
      await tickBusiness(calendar(), context);
      said = "";
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (said !== error.message) context.log("error", error.message);
      said = error.message;
    }
  };
  return loopingSensor(cursorName, async (context, pace) => {
    while (!pace.stopped) {
      await look(context);
      await pace.rest(lookMs);
    }
  });
}

/** A day that is asked for, or the one at the site now. */
export function dateIn(parameters: JsonObject, calendar: BusinessCalendar): string {
  const { date } = parameters;
  if (date === undefined || date === null || date === "") return dayAt(calendar, Date.now()).date;
  if (typeof date === "string" && isDay(date)) return date;
  throw new AppError("TICKET_REQUEST", [
    `date: a day such as 2026-11-24, not ${JSON.stringify(date)}`,
  ]);
}

/** A time that is asked about, or now. */
function instantIn(parameters: JsonObject, name: string): number {
  const given = parameters[name];
  const found = typeof given === "string" && given !== "" ? Date.parse(given) : Date.now();
  if (!Number.isNaN(found)) return found;
  throw new AppError("TICKET_REQUEST", [`${name}: a time in ISO 8601, not ${String(given)}`]);
}

export function calendarRunner(core: () => Core, timeZone: string): Runner {
  const answers: Readonly<
    Record<string, (calendar: BusinessCalendar, parameters: JsonObject) => JsonObject>
  > = {
    "calendar.is_business_day": (calendar, parameters) => {
      const date = dateIn(parameters, calendar);
      const { business, kind, name } = dayKind(calendar, date);
      return { date, business, kind, name: name ?? null };
    },
    "calendar.is_business_time": (calendar, parameters) => {
      const at = instantIn(parameters, "at");
      const { date } = dayAt(calendar, at);
      const { kind, name } = dayKind(calendar, date);
      const business = isBusinessTime(calendar, at);
      return { at: new Date(at).toISOString(), date, business, kind, name: name ?? null };
    },
    "calendar.next_business_time": (calendar, parameters) => {
      const start = instantIn(parameters, "from");
      const at = nextBusinessTime(calendar, start);
      const { date } = dayAt(calendar, at);
      return {
        at: new Date(at).toISOString(),
        date,
        next_business_day: businessDayFrom(calendar, date, 1),
      };
    },
  };
  return {
    name: "calendar",
    aliases: [],
    description: "Knows which days are worked.",
    parameters: {},
    outputKey: undefined,
    onWorkerLost: "rerun",
    inLedger: true,
    run: ({ action, parameters }): Promise<Outcome> => {
      try {
        const result = answers[action.ref]?.(presentCalendar(core(), timeZone), parameters);
        return Promise.resolve({ status: "succeeded", result: result ?? {} });
      } catch (error) {
        if (!(error instanceof RangeError || error instanceof AppError)) throw error;
        return Promise.resolve({ status: "failed", result: { error: error.message } });
      }
    },
  };
}
