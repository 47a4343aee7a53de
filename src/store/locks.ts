/** Locks that live as long as the connection that holds them: whoever dies loses them, at once or, when his machine vanished, within seconds.
 *
 * 1. A lock is held only while the connection that took it lives; after a loss it has to be taken again, and somebody else may have it.
 * 2. The server notices a silent machine by TCP keepalives (link.ts) within 5 s, we notice a silent server by our own question in less. */
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { connect } from "./database.ts";

export interface Locks {
  /** True when it is ours now, false when somebody else has it. Rejects when the database cannot be asked. */
  take(name: string): Promise<boolean>;
  release(name: string): Promise<void>;
  holds(name: string): boolean;
  /** Those of them that nobody has, as far as the database knows. */
  free(names: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

const answerMs = 4_000;
const key = "hashtextextended('raicho ' || $1, 0)";
const freeOnes = `select n from unnest($1::text[]) n where not exists (
  select from pg_locks l where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
    and l.database = (select oid from pg_database where datname = current_database())
    and (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('raicho ' || n, 0))`;

/** Nothing connects until it is used. `onLost` is called when locks were lost that were held; they may be taken again. */
export function openLocks(url: string, onLost: () => void): Locks {
  return new ConnectionLocks(url, onLost);
}

class ConnectionLocks implements Locks {
  readonly #url: string;
  readonly #onLost: () => void;
  readonly #held = new Set<string>();
  #client: pg.Client | undefined;
  #closed = false;
  /** One question at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(url: string, onLost: () => void) {
    this.#url = url;
    this.#onLost = onLost;
  }

  async take(name: string): Promise<boolean> {
    if (this.#held.has(name)) return true;
    const [row] = await this.#ask<{ ours: boolean }>(
      `select pg_try_advisory_lock(${key}) as ours`,
      name,
    );
    if (row?.ours === true) this.#held.add(name);
    return row?.ours === true;
  }

  async release(name: string): Promise<void> {
    if (!this.#held.delete(name)) return;
    await this.#ask(`select pg_advisory_unlock(${key})`, name).catch(() => undefined);
  }

  holds(name: string): boolean {
    return this.#held.has(name);
  }

  async free(names: readonly string[]): Promise<readonly string[]> {
    return (await this.#ask<{ n: string }>(freeOnes, names)).map(({ n }) => n);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    await this.#client?.end().catch(() => undefined);
  }

  #ask<Row extends pg.QueryResultRow>(text: string, value: unknown): Promise<Row[]> {
    const work = this.#last.then(() => this.#askNow<Row>(text, value));
    this.#last = work.catch(() => undefined);
    return work;
  }

  /** A connection that does not answer is no more. */
  async #askNow<Row extends pg.QueryResultRow>(text: string, value: unknown): Promise<Row[]> {
    const client = await this.#open();
    const answered = new AbortController();
    const late = delay(answerMs, undefined, { signal: answered.signal }).then(() => {
      throw new Error("the database does not answer");
    });
    try {
      const { rows } = await Promise.race([client.query<Row>(text, [value]), late]);
      return rows;
    } catch (error) {
      this.#lose(client);
      void client.end().catch(() => undefined);
      throw error;
    } finally {
      answered.abort();
      late.catch(() => undefined);
    }
  }

  async #open(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client;
    const opened = await connect(this.#url, "raicho locks");
    opened.once("end", () => this.#lose(opened));
    this.#client = opened;
    return opened;
  }

  #lose(lost: pg.Client): void {
    if (this.#client !== lost) return;
    this.#client = undefined;
    const had = this.#held.size > 0;
    this.#held.clear();
    if (had && !this.#closed) this.#onLost();
  }
}
