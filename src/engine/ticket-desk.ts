/** The desk: tells the trackers what is wanted of tickets, from every process that works.
 *
 * 1. What is wanted is a committed row before a tracker is asked; a row whose desk died is taken over by another.
 * 2. One desk at a time per ticket, its changes in order; who lost its hold (`fence`) records nothing.
 * 3. `sent_at` is written before a request leaves and taken away when the tracker said that it did nothing. Whoever finds it set looks for what was done
 *    before doing it again.
 * 4. A tracker that is away is asked by nobody until its time has come; nothing is given up. Only what it refuses for good waits for a person. */
import { setTimeout as delay } from "node:timers/promises";
import type { TicketSettings } from "../tickets/settings.ts";
import { isAway } from "../store/database.ts";
import { changeTicket, claimTickets, releaseTicket, type TicketRow } from "../store/tickets.ts";
import type { Core } from "./core.ts";
import { watchTrackers } from "./ticket-watch.ts";
import { workOn } from "./ticket-work.ts";

const leaseSeconds = 300;
const idleMs = 1_000;
const brokenOffSeconds = 10;

export interface TicketDesk {
  /** Something may be due. */
  wake(): void;
  /** Lets what is under way come to its end. */
  stop(): Promise<void>;
}

export function openTicketDesk(core: Core, settings: () => TicketSettings): TicketDesk {
  return new Desk(core, settings);
}

class Desk implements TicketDesk {
  readonly #core: Core;
  readonly #settings: () => TicketSettings;
  readonly #lanes = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #watching: Promise<void> | undefined;
  #bell = Promise.withResolvers<void>();

  constructor(core: Core, settings: () => TicketSettings) {
    this.#core = core;
    this.#settings = settings;
    this.#running = this.#loop();
  }

  wake(): void {
    this.#bell.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#bell.resolve();
    await this.#running;
    await Promise.all([...this.#lanes, this.#watching]);
  }

  async #loop(): Promise<void> {
    let failing = false;
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#fill();
        this.#watch();
        failing = false;
      } catch (error) {
        if (!failing)
          this.#core.log("warn", "the ticket desk cannot look for work; it goes on trying", {
            reason: error instanceof Error ? error.message : String(error),
          });
        failing = true;
      }
      await this.#rest();
    }
  }

  async #fill(): Promise<void> {
    const limit = this.#settings().lanes - this.#lanes.size;
    if (limit <= 0) return;
    const { database, process: owner } = this.#core;
    const claimed = await claimTickets(database.db, { limit, owner, leaseSeconds });
    for (const ticket of claimed) {
      const lane = this.#work(ticket).finally(() => {
        this.#lanes.delete(lane);
        this.#bell.resolve();
      });
      this.#lanes.add(lane);
    }
  }

  /** Beside the tickets: a slow tracker holds up no new ones. */
  #watch(): void {
    if (this.#watching !== undefined) return;
    this.#watching = this.#read().finally(() => {
      this.#watching = undefined;
    });
  }

  async #read(): Promise<void> {
    try {
      const changed = await watchTrackers(this.#core, this.#settings(), this.#stopping.signal);
      if (changed > 0) this.#bell.resolve();
    } catch (error) {
      this.#core.log("warn", "a tracker could not be read; it is read again", {
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async #work(ticket: TicketRow): Promise<void> {
    const { signal } = this.#stopping;
    try {
      while (!(await this.#turn(ticket))) await delay(idleMs, undefined, { signal });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) await this.#putOff(ticket, reason);
    }
  }

  /** Nothing that is known went wrong: it is tried again soon, shown meanwhile, and what was sent is looked for. */
  async #putOff(ticket: TicketRow, reason: string): Promise<void> {
    this.#core.log("warn", "work at a ticket broke off; it is taken up again", {
      ticket: ticket.id,
      reason,
    });
    const { db } = this.#core.database;
    try {
      await changeTicket(db, ticket, { error: reason });
      await releaseTicket(db, ticket, brokenOffSeconds);
    } catch {
      // The ledger is away, too: the hold ends by itself.
    }
  }

  /** False when the ledger was away: the ticket is still ours, and nobody else would take it before the hold ends. */
  async #turn(ticket: TicketRow): Promise<boolean> {
    try {
      await workOn(this.#core, this.#settings(), ticket, this.#stopping.signal);
      return true;
    } catch (error) {
      if (isAway(error)) return false;
      throw error;
    }
  }

  async #rest(): Promise<void> {
    const timer = new AbortController();
    await Promise.race([
      this.#bell.promise,
      delay(idleMs, undefined, { signal: timer.signal }).catch(() => undefined),
    ]);
    timer.abort();
    this.#bell = Promise.withResolvers();
  }
}
