/** Holds a rule off an entry on which it fired too often, whatever made it do so: the last guard against loops.
 *
 * 1. What fires is counted when it is decided, in the process that decides; a restarted one counts what the ledger says.
 * 2. A breaker that opened is a row of the database: all processes hold the rule off, until somebody resets it. */
import { firingKey, Firings, type BreakerSettings, type Firing } from "../inventory/breaker.ts";
import type { NewEvent } from "../model/events.ts";
import { isObject } from "../model/json.ts";
import { idAround } from "../store/counts.ts";
import { addBreaker, listBreakers, recentFirings } from "../store/inventory/breakers.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import { insertInstances } from "../store/trigger-instances.ts";
import type { Core } from "./core.ts";
import { instanceRow, matchLater } from "./ingest.ts";

export interface BreakerOptions {
  readonly core: () => Core;
  readonly settings: () => BreakerSettings;
}

const mostOpen = 10_000;

export class Breaker {
  readonly #options: BreakerOptions;
  readonly #firings = new Firings();
  /** Open ones, by rule and entry. */
  #open: ReadonlySet<string> = new Set();
  #counted = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** Takes up what other processes opened and what was reset. Rejects when the database is away. */
  async refresh(): Promise<void> {
    const { db } = this.#options.core().database;
    const rows = await listBreakers(db, { all: false, limit: mostOpen });
    const open = new Set(rows.map(({ rule, entryId }) => firingKey({ rule, entry: entryId })));
    for (const key of this.#open) if (!open.has(key)) this.#firings.clear(key);
    this.#open = open;
    if (!this.#counted) await this.#count();
    this.#counted = true;
  }

  async #count(): Promise<void> {
    const { seconds, firings } = this.#options.settings();
    if (firings === 0) return;
    const after = idAround(new Date(Date.now() - (seconds + 60) * 1_000), 0);
    const { db } = this.#options.core().database;
    for (const { age, ...firing } of await recentFirings(db, { after, seconds }))
      this.#firings.add(firing, performance.now() - age, seconds);
  }

  /** Why the rule is held off this event's entry; undefined when it is not. */
  held(rule: string, event: Pick<NewEvent, "source" | "payload">): string | undefined {
    const entry = entryOf(event);
    if (entry === undefined || !this.#open.has(firingKey({ rule, entry }))) return undefined;
    return `rule ${rule} fired too often on entry ${entry} and is held off it until somebody resets its breaker`;
  }

  /** The same for a rule that is about to fire; counts it. */
  refusal(rule: string, event: NewEvent): string | undefined {
    const entry = entryOf(event);
    if (entry === undefined || event.dedupeKey === undefined) return undefined;
    const held = this.held(rule, event);
    const { firings, seconds } = this.#options.settings();
    if (held !== undefined || firings === 0) return held;
    const firing = { rule, entry, event: event.dedupeKey };
    const count = this.#firings.add(firing, performance.now(), seconds);
    if (count <= firings) return undefined;
    this.#open = new Set([...this.#open, firingKey(firing)]);
    void this.#opened(firing, count, seconds);
    return `rule ${rule} fired ${count} times within ${seconds} s on entry ${entry}; it is held off it until somebody resets its breaker`;
  }

  async #opened({ rule, entry }: Firing, firings: number, seconds: number): Promise<void> {
    const core = this.#options.core();
    const id = uuidv7();
    const event: NewEvent = {
      trigger: "inventory.breaker.opened",
      source: "inventory",
      dedupeKey: `breaker-${id}`,
      payload: { event_id: id, rule, entry: { id: entry }, firings, seconds },
    };
    core.log("warn", "a rule fires again and again on one entry and is held off it", {
      rule,
      entry,
      firings,
      seconds,
      breaker: id,
    });
    try {
      const row = instanceRow(core.newId(), event, true);
      const isNew = await core.database.transaction(async (tx) => {
        const added = await addBreaker(tx, { id, rule, entryId: entry, firings, seconds });
        if (added) await insertInstances(tx, [row]);
        return added;
      });
      if (isNew) await matchLater(core, row.id, event);
    } catch (error) {
      core.log("error", "a breaker could not be stored; the next firing tries again", {
        rule,
        entry,
        reason: error instanceof Error ? error.message : String(error),
      });
      this.#open = new Set([...this.#open].filter((key) => key !== firingKey({ rule, entry })));
    }
  }
}

/** The entry that an event of the inventory is about. */
function entryOf({ source, payload }: Pick<NewEvent, "source" | "payload">): string | undefined {
  if (source !== "inventory" || !isObject(payload) || !isObject(payload["entry"])) return undefined;
  const { id } = payload["entry"];
  return typeof id === "string" ? id : undefined;
}
