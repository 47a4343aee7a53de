/** Which sensors run in this process.
 *
 * 1. A sensor runs where its lock is held, and the lock is given back only when nothing of the sensor is left.
 * 2. Each of the hosts takes its share. A sensor that nobody has run for a while is taken by anybody, so that a lost host is made up for soon.
 * 3. When the database is away the sensors go on, and wait when they dispatch. What they dispatch is stored only under the lock: a host that was
 *    replaced meanwhile ends its sensors without storing anything. */
import { setTimeout as delay } from "node:timers/promises";
import type { SensorDefinition } from "../model/definitions.ts";
import type { Locks } from "../store/locks.ts";
import type { SensorRow } from "../store/sensors.ts";

/** A sensor that runs here. */
export interface Kept {
  restart(): void;
  retrigger(): void;
  stop(): Promise<void>;
  /** Ends it without a word. */
  abandon(): Promise<void>;
}

export interface FleetOptions {
  readonly locks: Locks;
  sensors(): readonly SensorDefinition[];
  /** What operators wish. */
  rows(): Promise<ReadonlyMap<string, SensorRow>>;
  /** How many processes run sensors, this one included. */
  hosts(): Promise<number>;
  /** Starts a sensor whose lock is held. */
  keep(ref: string): Kept;
  /** What the sensor is made of; another text = it has to be started anew. */
  fingerprint(sensor: SensorDefinition): Promise<string>;
  log(message: string, details: Readonly<Record<string, unknown>>): void;
  readonly pace?: FleetPace;
}

export interface FleetPace {
  /** Free for that long, a sensor is taken beyond the share. */
  readonly freeMs: number;
  /** A sensor is not handed on sooner. */
  readonly settledMs: number;
  /** How long a lock that was lost may be somebody else's before its sensor is given up: it may still be ours on a connection that died. */
  readonly regainMs: number;
}

export const fleetPace: FleetPace = { freeMs: 1_500, settledMs: 30_000, regainMs: 8_000 };

interface Member {
  readonly kept: Kept;
  readonly since: number;
  readonly wish: number;
  readonly fingerprint: string;
  /** Since when its lock is known to be somebody else's. */
  lostAt: number | undefined;
}

/** Whether a sensor is switched on: by an operator, else by its file. */
export function isEnabled(
  { ref, enabled }: Pick<SensorDefinition, "ref" | "enabled">,
  rows: ReadonlyMap<string, Pick<SensorRow, "enabled">>,
): boolean {
  return rows.get(ref)?.enabled ?? enabled;
}

export function lockName(ref: string): string {
  return `sensor ${ref}`;
}

export class SensorFleet {
  readonly #options: FleetOptions;
  readonly #pace: FleetPace;
  readonly #members = new Map<string, Member>();
  readonly #freeSince = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();
  #stopped = false;
  #gate = Promise.withResolvers<void>();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#pace = options.pace ?? fleetPace;
  }

  /** Refs of the sensors that run here. */
  get running(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** Takes, keeps and gives back, as it is now. Rejects when the database is away. One look at a time. */
  look(): Promise<void> {
    const turn = this.#turn.then(() => (this.#stopped ? undefined : this.#look()));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Content changed: sensors whose own files or configuration changed start anew, the others are told of the triggers. */
  async reload(): Promise<void> {
    const turn = this.#turn.then(() => this.#restartChanged());
    this.#turn = turn.catch(() => undefined);
    await turn;
    await this.look();
  }

  /** Resolves while the sensor's lock is held; waits when it was lost. Rejects when `signal` is aborted. */
  async mayStore(ref: string, signal: AbortSignal): Promise<void> {
    while (!this.#options.locks.holds(lockName(ref))) {
      signal.throwIfAborted();
      const pause = new AbortController();
      const either = AbortSignal.any([signal, pause.signal]);
      await Promise.race([
        this.#gate.promise,
        delay(1_000, undefined, { signal: either }).catch(() => undefined),
      ]);
      pause.abort();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#turn;
    await Promise.all([...this.#members.keys()].map((ref) => this.#drop(ref)));
  }

  async #look(): Promise<void> {
    const [rows, hosts] = await Promise.all([this.#options.rows(), this.#options.hosts()]);
    const wanted = new Map(
      this.#options
        .sensors()
        .filter((sensor) => isEnabled(sensor, rows))
        .map((sensor) => [sensor.ref, sensor]),
    );
    const unwanted = [...this.#members.keys()].filter((ref) => !wanted.has(ref));
    await Promise.all(unwanted.map((ref) => this.#drop(ref)));
    await this.#regain();
    for (const [ref, member] of this.#members) {
      const wish = rows.get(ref)?.wish ?? 0;
      if (wish === member.wish) continue;
      this.#members.set(ref, { ...member, wish });
      member.kept.restart();
    }
    const share = Math.ceil(wanted.size / Math.max(1, hosts));
    await this.#takeFree(wanted, rows, share);
    if (hosts > 1) await this.#handOn(share);
  }

  /** Locks that were lost with their connection are taken again, or the sensor is given up. */
  async #regain(): Promise<void> {
    const { locks } = this.#options;
    for (const [ref, member] of this.#members) {
      if (await locks.take(lockName(ref))) {
        member.lostAt = undefined;
        continue;
      }
      member.lostAt ??= performance.now();
      if (performance.now() - member.lostAt < this.#pace.regainMs) continue;
      this.#options.log("a sensor runs elsewhere now and is ended here", { sensor: ref });
      await member.kept.abandon();
      this.#members.delete(ref);
    }
    this.#gate.resolve();
    this.#gate = Promise.withResolvers();
  }

  async #takeFree(
    wanted: ReadonlyMap<string, SensorDefinition>,
    rows: ReadonlyMap<string, SensorRow>,
    share: number,
  ): Promise<void> {
    const idle = [...wanted.keys()].filter((ref) => !this.#members.has(ref));
    const free = await this.#free(idle);
    for (const [ref, since] of free) {
      const sensor = wanted.get(ref);
      const mine = this.#members.size < share || performance.now() - since >= this.#pace.freeMs;
      if (this.#stopped || sensor === undefined || !mine) continue;
      const fingerprint = await this.#options.fingerprint(sensor);
      if (!(await this.#options.locks.take(lockName(ref)))) continue;
      this.#freeSince.delete(ref);
      this.#members.set(ref, {
        kept: this.#options.keep(ref),
        since: performance.now(),
        wish: rows.get(ref)?.wish ?? 0,
        fingerprint,
        lostAt: undefined,
      });
    }
  }

  /** Those of them that nobody runs, and since when. */
  async #free(refs: readonly string[]): Promise<ReadonlyMap<string, number>> {
    // Asked also for nothing: it shows whether the connection that holds our locks still lives.
    const names = new Set(await this.#options.locks.free(refs.map(lockName)));
    const now = performance.now();
    for (const ref of this.#freeSince.keys()) if (!refs.includes(ref)) this.#freeSince.delete(ref);
    for (const ref of refs) {
      if (!names.has(lockName(ref))) this.#freeSince.delete(ref);
      else if (!this.#freeSince.has(ref)) this.#freeSince.set(ref, now);
    }
    return new Map(this.#freeSince);
  }

  /** More than the share: one of them is left to somebody else, who takes it at once. */
  async #handOn(share: number): Promise<void> {
    if (this.#members.size <= share) return;
    const now = performance.now();
    const settled = [...this.#members].filter(
      ([, { since }]) => now - since >= this.#pace.settledMs,
    );
    const [ref] = settled.at(-1) ?? [];
    if (ref !== undefined) await this.#drop(ref);
  }

  async #drop(ref: string): Promise<void> {
    const member = this.#members.get(ref);
    if (member === undefined) return;
    await member.kept.stop();
    this.#members.delete(ref);
    await this.#options.locks.release(lockName(ref));
  }

  async #restartChanged(): Promise<void> {
    const sensors = new Map(this.#options.sensors().map((sensor) => [sensor.ref, sensor]));
    for (const [ref, member] of this.#members) {
      const sensor = sensors.get(ref);
      if (sensor === undefined) continue;
      const fingerprint = await this.#options.fingerprint(sensor);
      if (fingerprint === member.fingerprint) member.kept.retrigger();
      else {
        this.#members.set(ref, { ...member, fingerprint });
        member.kept.restart();
      }
    }
  }
}
