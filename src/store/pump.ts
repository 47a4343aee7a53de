/** The group-commit writer: one per process.
 *
 * 1. Idle: a unit is on its way in the same turn of the event loop. Busy: what arrives while the flights are out goes with the next one.
 * 2. One flight = one statement = one commit. A unit is written whole or not at all.
 * 3. A unit that the database refuses fails alone: the batch is halved until it is found; the others are committed.
 * 4. `commit` rejects at once when the database is away (`LEDGER_DOWN`), and within `hangMs` when it does not answer, unless the unit is `persistent`: then it waits, finds out whether the broken
 *    flight had been committed, and is written again if not. A persistent unit is never applied twice.
 * 5. Order between units is the caller's business: whoever needs B after A awaits A first. */
import { passing } from "../model/crash-points.ts";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { AppError } from "../model/errors.ts";
import { connect, isOutage } from "./database.ts";
import { backendOf, endBackend } from "./link.ts";
import { keyedUnit, tell, untoldRequests } from "./keyed.ts";
import { writeWithRests } from "./unit-statement.ts";
import { rowsIn, type Unit } from "./unit.ts";

export interface Committed {
  /** Ids of trigger instances that were known deliveries already: nothing was written for them. */
  readonly known: ReadonlySet<string>;
}

export interface PumpOptions {
  readonly url: string;
  readonly flights?: number;
  /** Rows of one flight. */
  readonly maxRows?: number;
  /** Units that may wait before `BUSY`. */
  readonly maxWaiting?: number;
  /** Milliseconds after which a flight counts as an outage. It stays out: what it carries may still be committed. */
  readonly hangMs?: number;
  /** Told when an outage begins (reason) and ends (undefined). */
  readonly onOutage?: (reason: string | undefined) => void;
}

interface Waiting {
  readonly unit: Unit;
  readonly persistent: boolean;
  readonly resolve: (committed: Committed) => void;
  readonly reject: (error: unknown) => void;
}

interface Flight {
  client: pg.Client | undefined;
  readonly number: number;
}

const allNew: Committed = { known: new Set() };

export class CommitPump {
  readonly #options: Required<PumpOptions>;
  readonly #idle: Flight[];
  #waiting: Waiting[] = [];
  #scheduled = false;
  #away = false;
  /** Flights that broke and of which it is being found out what of them was committed. */
  #recovering = 0;
  #closing = false;
  #flying = 0;
  #emptied: (() => void) | undefined;

  constructor({
    url,
    flights = 2,
    maxRows = 4_000,
    maxWaiting = 20_000,
    hangMs = 8_000,
    onOutage = () => undefined,
  }: PumpOptions) {
    this.#options = { url, flights, maxRows, maxWaiting, hangMs, onOutage };
    this.#idle = Array.from({ length: flights }, (_, number) => ({ client: undefined, number }));
  }

  /** Resolves when the unit is on disk. Rejects with AppError BUSY or LEDGER_DOWN, or with the database's own error (code RA001 = stale fence). */
  commit(unit: Unit, options: { readonly persistent?: boolean } = {}): Promise<Committed> {
    const requests = untoldRequests();
    if (requests.length === 0) return this.#commit(unit, options);
    return this.#commit(keyedUnit(unit, requests), options).then((committed) => {
      tell(requests);
      return committed;
    });
  }

  #commit(unit: Unit, { persistent = false }: { persistent?: boolean }): Promise<Committed> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal(persistent);
      if (refusal !== undefined) {
        reject(refusal);
        return;
      }
      this.#waiting.push({ unit, persistent, resolve, reject });
      if (this.#scheduled || this.#idle.length === 0) return;
      this.#scheduled = true;
      setImmediate(() => this.#kick());
    });
  }

  /** Units waiting, plus flights out. */
  depth(): number {
    return this.#waiting.length + this.#flying;
  }

  /** False while the database cannot be reached. */
  healthy(): boolean {
    return !this.#away;
  }

  /** False while there may be units that are committed and whose senders do not know it yet, because their flight broke. */
  knowsAll(): boolean {
    return !this.#away && this.#recovering === 0;
  }

  /** Resolves when nothing waits; further commits are refused. */
  async close(): Promise<void> {
    if (this.depth() > 0) await new Promise<void>((resolve) => void (this.#emptied = resolve));
    this.#closing = true;
    await Promise.all(this.#idle.map((flight) => discard(flight)));
  }

  #refusal(persistent: boolean): AppError | undefined {
    if (this.#closing) return new AppError("LEDGER_DOWN", ["this process is stopping"]);
    if (persistent) return undefined;
    if (this.#away) return new AppError("LEDGER_DOWN", ["the database is away"]);
    if (this.#waiting.length >= this.#options.maxWaiting)
      return new AppError("BUSY", [`${this.#waiting.length} commits wait`]);
    return undefined;
  }

  #kick(): void {
    this.#scheduled = false;
    const flight = this.#waiting.length > 0 ? this.#idle.pop() : undefined;
    if (flight !== undefined) void this.#fly(flight);
  }

  #take(): Waiting[] {
    let rows = 0;
    let count = 0;
    for (; count < this.#waiting.length && rows < this.#options.maxRows; count++)
      rows += rowsIn(this.#waiting[count]?.unit ?? {});
    if (count === this.#waiting.length) {
      const all = this.#waiting;
      this.#waiting = [];
      return all;
    }
    return this.#waiting.splice(0, count);
  }

  async #fly(flight: Flight): Promise<void> {
    this.#flying++;
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      const late = setTimeout(() => this.#hang(batch), this.#options.hangMs);
      try {
        await this.#send(flight, batch);
      } catch (error) {
        clearTimeout(late);
        await this.#outage(flight, batch, error);
      } finally {
        clearTimeout(late);
      }
    }
    this.#flying--;
    this.#idle.push(flight);
    if (this.#flying === 0 && this.#waiting.length === 0) this.#emptied?.();
  }

  /** Throws only when the connection is at fault. */
  async #send(flight: Flight, batch: readonly Waiting[]): Promise<void> {
    const client = (flight.client ??= await connect(
      this.#options.url,
      `raicho pump ${flight.number}`,
    ));
    try {
      const { statement, values } = await writeWithRests(batch.map(({ unit }) => unit));
      passing("pump.before-flight");
      const { rows } = await client.query<{ known: string[] | null }>({ ...statement, values });
      passing("pump.after-flight");
      this.#back();
      const known = rows[0]?.known;
      const committed = known === null || known === undefined ? allNew : { known: new Set(known) };
      for (const { resolve } of batch) resolve(committed);
    } catch (error) {
      if (isOutage(error)) throw error;
      await this.#isolate(flight, batch, error);
    }
  }

  async #isolate(flight: Flight, batch: readonly Waiting[], error: unknown): Promise<void> {
    if (batch.length === 1) {
      batch[0]?.reject(error);
      return;
    }
    const half = batch.length >> 1;
    await this.#send(flight, batch.slice(0, half));
    await this.#send(flight, batch.slice(half));
  }

  async #outage(flight: Flight, batch: readonly Waiting[], error: unknown): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error);
    this.#recovering += 1;
    await this.#recover(flight, this.#lose(batch, reason));
    this.#recovering -= 1;
    this.#back();
  }

  /** The database does not answer: whoever can try again is told so now. */
  #hang(batch: readonly Waiting[]): void {
    const reason = `no answer within ${this.#options.hangMs / 1_000} s`;
    this.#lose(batch, reason);
    this.#waiting = this.#lose(this.#waiting, reason);
  }

  /** An outage begins (or goes on); gives those of the batch that wait for its end. */
  #lose(batch: readonly Waiting[], reason: string): Waiting[] {
    if (!this.#away) this.#options.onOutage(reason);
    this.#away = true;
    for (const { reject, persistent } of batch)
      if (!persistent) reject(new AppError("LEDGER_DOWN", [reason]));
    return batch.filter(({ persistent }) => persistent);
  }

  #back(): void {
    if (this.#away) this.#options.onOutage(undefined);
    this.#away = false;
  }

  /** Waits for the database and writes again what was not committed. */
  async #recover(flight: Flight, batch: readonly Waiting[]): Promise<void> {
    const broken = backendOf(flight.client);
    for (let pause = 50; ; pause = Math.min(pause * 2, 1_000)) {
      try {
        await discard(flight);
        flight.client = await connect(this.#options.url, `raicho pump ${flight.number}`);
        // While the server still works on the broken flight nobody can say whether it will be committed.
        if (broken !== undefined) await endBackend(flight.client, broken);
        for (const item of batch) await this.#again(flight, flight.client, item);
        return;
      } catch {
        await delay(pause);
      }
    }
  }

  async #again(flight: Flight, client: pg.Client, item: Waiting): Promise<void> {
    if (await wasApplied(client, item.unit)) item.resolve(allNew);
    else await this.#send(flight, [item]);
  }
}

async function discard(flight: Flight): Promise<void> {
  const { client } = flight;
  flight.client = undefined;
  await client?.end().catch(() => undefined);
}

/** Whether a unit whose flight broke had been committed: any row that only it can have written tells. */
async function wasApplied(
  client: pg.Client,
  { journal, executions, finished, instances, changes }: Unit,
): Promise<boolean> {
  const found = async (text: string, values: unknown[]): Promise<boolean> =>
    ((await client.query(text, values)).rowCount ?? 0) > 0;
  const entry = journal?.[0];
  if (entry !== undefined)
    return found(
      "select 1 from journal where execution_id = $1 and seq = $2 and entries::jsonb = $3::jsonb",
      [entry.execution_id, entry.seq, JSON.stringify(entry.entries)],
    );
  const execution = executions?.[0];
  if (execution !== undefined)
    return found("select 1 from execution where id = $1", [execution.id]);
  const done = finished?.[0];
  if (done !== undefined) return found("select 1 from execution where id = $1", [done.i]);
  const instance = instances?.[0];
  if (instance !== undefined)
    return found("select 1 from trigger_instance where id = $1", [instance.id]);
  const change = changes?.[0];
  if (change === undefined) return false;
  return found("select 1 from execution where id = $1 and fence = $2 and status = $3", [
    change.id,
    change.fence,
    change.status,
  ]);
}
