/** Collects what is to stand in the audit log and writes it in batches: the log holds nobody up, and an outage loses nothing that fits in memory. */
import { addAudit, type NewAuditRow } from "../store/audit.ts";
import type { Database } from "../store/database.ts";
import type { Log } from "./core.ts";

const pauseMs = 100;
const mostWaiting = 20_000;
const mostAtOnce = 500;

export class AuditLog {
  readonly #database: Pick<Database, "db">;
  readonly #log: Log;
  #waiting: NewAuditRow[] = [];
  #lost = 0;
  #writing: Promise<void> | undefined;

  constructor(database: Pick<Database, "db">, log: Log) {
    this.#database = database;
    this.#log = log;
  }

  add(row: NewAuditRow): void {
    if (this.#waiting.length >= mostWaiting) this.#lost += 1;
    else this.#waiting.push(row);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when everything that was added is written. */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #write(): Promise<void> {
    let failing = false;
    while (this.#waiting.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, failing ? 1_000 : pauseMs));
      const rows = this.#waiting.slice(0, mostAtOnce);
      try {
        await addAudit(this.#database.db, rows);
        this.#waiting = this.#waiting.slice(rows.length);
        failing = false;
        this.#sayLost();
      } catch (error) {
        if (!failing)
          this.#log("error", "the audit log cannot be written; it is tried again", {
            reason: error instanceof Error ? error.message : String(error),
            waiting: this.#waiting.length,
          });
        failing = true;
      }
    }
  }

  #sayLost(): void {
    if (this.#lost === 0) return;
    this.#log("error", "entries of the audit log were lost: too many at once", {
      lost: this.#lost,
    });
    this.#lost = 0;
  }
}
