/** A Python sensor as packs have them, in a process of its own, over a ledger in memory. */
import { once } from "node:events";
import { EventEmitter } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { modulePaths, pythonPath, sensorHost } from "../../src/runners/python-environment.ts";
import {
  SensorKeeper,
  type KeeperOptions,
  type SensorNews,
  type SensorStatus,
} from "../../src/sensors/python/keeper.ts";
import type {
  Dispatch,
  DispatchedEvent,
  SensorAssignment,
  SensorTrigger,
} from "../../src/sensors/python/protocol.ts";

/** The head of a sensor's file. */
export const sensorHead = "from st2reactor.sensor.base import PollingSensor, Sensor\n";

/** A class whose methods do nothing but what `methods` says, each `name(self, …)` and its body. */
export function sensorClass(
  methods: Readonly<Record<string, string>>,
  { name = "Watch", base = "Sensor" } = {},
): string {
  const more: Readonly<Record<string, string>> = {
    add_trigger: ", trigger",
    update_trigger: ", trigger",
    remove_trigger: ", trigger",
  };
  const all: Record<string, string> = {
    setup: "pass",
    ...(base === "Sensor" ? { run: "import time\ntime.sleep(600)" } : { poll: "pass" }),
    cleanup: "pass",
    add_trigger: "pass",
    update_trigger: "pass",
    remove_trigger: "pass",
    ...methods,
  };
  const written = Object.entries(all).map(([method, body]) => {
    const lines = body
      .trim()
      .split("\n")
      .map((line) => `        ${line}`);
    return `    def ${method}(self${more[method] ?? ""}):\n${lines.join("\n")}\n`;
  });
  return `${sensorHead}\n\nclass ${name}(${base}):\n${written.join("\n")}`;
}

/** One sensor at a time, with what its host heard of it. */
export class SensorBench extends EventEmitter {
  readonly path = mkdtempSync(join(tmpdir(), "raicho-sensor-"));
  readonly taken: Dispatch[] = [];
  readonly lines: string[] = [];
  readonly news: SensorNews[] = [];
  readonly statuses: SensorStatus[] = [];
  triggers: readonly SensorTrigger[] = [];
  checkpoint: unknown = undefined;
  /** What the ledger says to a dispatch; by default it stores it. */
  answer: (dispatch: Dispatch) => Promise<readonly string[]> | readonly string[] = () => [];
  #keeper: SensorKeeper | undefined;

  get events(): readonly DispatchedEvent[] {
    return this.taken.flatMap(({ events }) => events);
  }

  file(name: string, text: string): string {
    const place = join(this.path, name);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
    return place;
  }

  start(
    text: string,
    {
      assignment = {},
      pace,
    }: { assignment?: Partial<SensorAssignment>; pace?: Partial<KeeperOptions["pace"]> } = {},
  ): SensorKeeper {
    const entry = this.file("sensors/watch.py", text);
    const file = { entryPath: entry, packPath: this.path };
    const usual = {
      firstPauseMs: 50,
      longestPauseMs: 200,
      healthyMs: 60_000,
      crashloop: 3,
      graceMs: 3_000,
    };
    this.#keeper = new SensorKeeper({
      ref: "garden.Watch",
      host: sensorHost,
      prepare: () =>
        Promise.resolve({
          assignment: {
            ref: "garden.Watch",
            pack: "garden",
            className: "Watch",
            entry,
            directory: this.path,
            paths: modulePaths(file),
            pollInterval: null,
            triggerTypes: ["garden.seen"],
            config: {},
            logLevel: "INFO",
            cache: undefined,
            missingLibraries: undefined,
            program: "python3",
            environment: { PATH: process.env["PATH"] ?? "", PYTHONPATH: pythonPath(file) },
            secrets: [],
            ...assignment,
          },
          checkpoint: this.checkpoint,
        }),
      triggers: () => this.triggers,
      take: async (dispatch) => {
        const left = await this.answer(dispatch);
        this.taken.push(dispatch);
        if (dispatch.checkpoint !== undefined) this.checkpoint = dispatch.checkpoint.value;
        this.emit("change");
        return left;
      },
      onStatus: (status) => {
        this.statuses.push(status);
        this.emit("change");
      },
      onNews: (news) => {
        this.news.push(news);
        this.emit("change");
      },
      say: (_level, logger, message) => {
        this.lines.push(`${logger}: ${message}`);
        this.emit("change");
      },
      pace: { ...usual, ...pace },
    });
    return this.#keeper;
  }

  /** Resolves when `look` finds something. */
  async until<Found>(look: () => Found | undefined | false): Promise<Found> {
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      await once(this, "change");
    }
  }

  said(part: string): boolean {
    return this.lines.some((line) => line.includes(part));
  }

  async stop(): Promise<void> {
    await this.#keeper?.stop();
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Living processes whose command line has that text. */
export function processesWith(text: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const line = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
        const state = readFileSync(`/proc/${name}/stat`, "utf8");
        return line.includes(text) && state.slice(state.lastIndexOf(")") + 2)[0] !== "Z";
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Resolves when no process has that text in its command line. */
export async function noneLeftWith(text: string): Promise<void> {
  while (processesWith(text).length > 0) await delay(20);
}
