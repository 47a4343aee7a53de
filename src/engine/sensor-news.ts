/** What others hear of a sensor: its status in the ledger, and events. */
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import type { SensorNews, SensorStatus } from "../sensors/python/keeper.ts";
import { isOutage } from "../store/database.ts";
import { reportSensor } from "../store/sensors.ts";
import type { Core } from "./core.ts";
import { ingest } from "./ingest.ts";

/** Seconds for which the database may be away until news is given up. */
const retries = 240;

/** Whether that will be over one day: the database is away or busy. */
export function passes(error: unknown): boolean {
  if (error instanceof AppError) return error.code === "LEDGER_DOWN" || error.code === "BUSY";
  return isOutage(error);
}

/** Says what became of a sensor where everybody can read it: the newest status, in order, again until it is stored. */
export function statusWriter(core: Core, ref: string) {
  let waiting: { readonly status: SensorStatus; readonly dropped: number } | undefined;
  let working: Promise<void> | undefined;
  const write = async (): Promise<void> => {
    for (let attempt = 1; waiting !== undefined && attempt <= retries; attempt += 1) {
      const { status, dropped } = waiting;
      const told = waiting;
      try {
        await reportSensor(core.database.db, ref, core.process, rowOf(core, status, dropped));
        if (waiting === told) waiting = undefined;
        attempt = 0;
      } catch {
        if (status.phase === "stopped") return;
        await delay(1_000, undefined, { ref: false });
      }
    }
  };
  return {
    tell: (status: SensorStatus, dropped: number): void => {
      waiting = { status, dropped };
      working ??= write().finally(() => (working = undefined));
    },
    settled: async (): Promise<void> => {
      await working;
    },
  };
}

const shownWords = 2_000;

function rowOf(core: Core, status: SensorStatus, dropped: number) {
  const { phase, pid, restarts, failures, lastEnd } = status;
  const ended = phase === "stopped";
  return {
    state: ended ? "waiting" : phase,
    owner: ended ? null : core.process,
    host: ended ? null : hostname(),
    pid: pid ?? null,
    restarts,
    failures,
    exit_code: lastEnd?.code ?? null,
    words: lastEnd === undefined ? null : lastEnd.words.slice(-shownWords),
    dropped,
  };
}

/** Tells rules: StackStorm's triggers for the start and the end of a sensor's process, and ours for sensors that cannot live. */
export async function announceSensor(core: Core, ref: string, news: SensorNews): Promise<void> {
  const dot = ref.indexOf(".");
  const about = { sensor: ref, pack: ref.slice(0, dot), class_name: ref.slice(dot + 1) };
  const { trigger, payload } = eventOf(about, news);
  for (let attempt = 1; attempt <= retries; attempt += 1) {
    try {
      await ingest(core, [{ trigger, payload, source: "sensors" }]);
      return;
    } catch (error) {
      if (!passes(error)) {
        const reason = error instanceof Error ? error.message : String(error);
        return core.log("error", "an event about a sensor was not stored", { sensor: ref, reason });
      }
      await delay(1_000, undefined, { ref: false });
    }
  }
}

interface About {
  readonly sensor: string;
  readonly pack: string;
  readonly class_name: string;
}

function eventOf(about: About, news: SensorNews): { trigger: string; payload: JsonObject } {
  const id = about.class_name;
  const timestamp = Math.floor(Date.now() / 1_000);
  switch (news.kind) {
    case "spawned":
      return {
        trigger: "core.st2.sensor.process_spawn",
        payload: { id, timestamp, pid: news.pid, cmd: news.command },
      };
    case "exited":
      return {
        trigger: "core.st2.sensor.process_exit",
        payload: { id, timestamp, exit_code: news.code },
      };
    case "crashlooping": {
      const { failures, end, pauseMs } = news;
      const more = { host: hostname(), failures, pause_seconds: pauseMs / 1_000 };
      return {
        trigger: "core.raicho.sensor.crashlooping",
        payload: { ...about, ...more, exit_code: end.code, words: end.words.slice(-shownWords) },
      };
    }
    case "recovered":
      return {
        trigger: "core.raicho.sensor.recovered",
        payload: { ...about, host: hostname() },
      };
  }
}
