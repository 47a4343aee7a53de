/** Holds rules off that fire too often: on one entry of the inventory, whatever made them do so, or because of what they themselves had started.
 *
 * 1. What fires is counted when it is decided, in the process that decides; a restarted one counts for entries what the ledger says.
 * 2. A breaker that opened is a row of the database, and a bell tells of it: all processes hold the rule off, until somebody resets it or its time is over.
 * 3. A rule that goes round is held off only what rules that go round led to: an event from outside still fires it, once.
 * 4. How many rules fired one because of the other goes with the event itself, so that limit holds over all processes. */
import { chainOf } from "../inventory/cause.ts";
import {
  firingKey,
  Firings,
  type BreakerSettings,
  type Firing,
  type LoopSettings,
} from "../rules/breaker.ts";
import type { NewEvent } from "../model/events.ts";
import { isObject } from "../model/json.ts";
import { addBreaker, openBreakers, recentFirings } from "../store/breakers.ts";
import { idAround } from "../store/counts.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import { insertInstances } from "../store/trigger-instances.ts";
import type { Core } from "./core.ts";
import { instanceRow, matchLater } from "./ingest.ts";

export interface BreakerOptions {
  readonly core: () => Core;
  /** For rules and entries. */
  readonly settings: () => BreakerSettings;
  /** For rules that go round. */
  readonly loops: () => LoopSettings;
}

type Caused = Pick<NewEvent, "source" | "payload" | "cause">;

interface Opening extends Firing {
  readonly firings: number;
  readonly seconds: number;
  /** Seconds; 0 = until it is reset. */
  readonly hold: number;
}

/** Between two lines of the log about one rule. */
const quietMs = 60_000;

export class Breaker {
  readonly #options: BreakerOptions;
  readonly #firings = new Firings();
  /** Open ones, by rule and entry. */
  #open: ReadonlySet<string> = new Set();
  #counted = false;
  /** When the log last told of a chain that is too long, by rule. */
  readonly #told = new Map<string, number>();

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** Takes up what other processes opened and what was reset. Rejects when the database is away. */
  async refresh(): Promise<void> {
    const open = new Set((await openBreakers(this.#options.core().database.db)).map(firingKey));
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

  /** Why the rule is held off this event; undefined when it is not. */
  held(rule: string, event: Caused): string | undefined {
    const entry = entryOf(event);
    if (entry !== undefined && this.#open.has(firingKey({ rule, entry })))
      return `rule ${rule} fired too often on entry ${entry} and is held off it until somebody resets its breaker`;
    const chain = chainOf(event);
    return chain.length === 0 ? undefined : this.#round(rule, chain);
  }

  #round(rule: string, chain: readonly string[]): string | undefined {
    const { depth } = this.#options.loops();
    if (depth > 0 && chain.length >= depth)
      return `${chain.length} rules fired one because of the other until this event came about, the last of them ${nameIn(chain.at(-1))}`;
    if (!this.#open.has(loopKey(rule))) return undefined;
    const other = chain.map(nameIn).find((name) => this.#open.has(loopKey(name)));
    if (other === undefined) return undefined;
    return `rule ${rule} went round and is held off what ${other === rule ? "it" : other} leads to until its breaker is reset or its time is over`;
  }

  /** The same for a rule that is about to fire because of that trigger instance; counts it. */
  refusal(rule: string, event: NewEvent, instance: string): string | undefined {
    const held = this.held(rule, event);
    if (held !== undefined) {
      this.#tell(rule, held);
      return held;
    }
    const firing = firingOf(rule, event, instance);
    if (firing === undefined) return undefined;
    const loops = this.#options.loops();
    const [{ firings, seconds }, hold] =
      firing.entry === "" ? [loops, loops.hold] : [this.#options.settings(), 0];
    if (firings === 0) return undefined;
    const count = this.#firings.add(firing, performance.now(), seconds);
    if (count <= firings) return undefined;
    this.#open = new Set([...this.#open, firingKey(firing)]);
    void this.#opened({ ...firing, firings: count, seconds, hold });
    if (firing.entry === "")
      return `rule ${rule} fired ${count} times within ${seconds} s because of what it had started; it is held off what it leads to ${untilWhen(hold)}`;
    return `rule ${rule} fired ${count} times within ${seconds} s on entry ${firing.entry}; it is held off it until somebody resets its breaker`;
  }

  #tell(rule: string, reason: string): void {
    const now = performance.now();
    if ((this.#told.get(rule) ?? -Infinity) > now - quietMs) return;
    if (this.#told.size > 1_000) this.#told.clear();
    this.#told.set(rule, now);
    this.#options.core().log("warn", "a rule was not fired, to stop a loop", { rule, reason });
  }

  async #opened(opening: Opening): Promise<void> {
    const core = this.#options.core();
    const id = uuidv7();
    const event = openedEvent(id, opening);
    const { rule, entry, firings, seconds, hold } = opening;
    const place = entry === "" ? {} : { entry };
    const sentence =
      entry === ""
        ? "a rule fires again and again because of what it starts, and is held off that"
        : "a rule fires again and again on one entry and is held off it";
    core.log("warn", sentence, { rule, ...place, firings, seconds, breaker: id });
    try {
      const row = instanceRow(core.newId(), event, true);
      const isNew = await core.database.transaction(async (tx) => {
        const added = await addBreaker(tx, { id, rule, entry, firings, seconds, hold });
        if (added) await insertInstances(tx, [row]);
        return added;
      });
      core.bells.ring({ kind: "breaker", id });
      if (isNew) await matchLater(core, row.id, event);
    } catch (error) {
      core.log("error", "a breaker could not be stored; the next firing tries again", {
        rule,
        ...place,
        reason: error instanceof Error ? error.message : String(error),
      });
      this.#open = new Set([...this.#open].filter((key) => key !== firingKey(opening)));
    }
  }
}

function loopKey(rule: string): string {
  return firingKey({ rule, entry: "" });
}

function nameIn(link = ""): string {
  return link.slice(0, link.lastIndexOf("@"));
}

function untilWhen(hold: number): string {
  return hold === 0 ? "until somebody resets its breaker" : `for ${hold} s or until it is reset`;
}

/** What counts of a firing: that it is on an entry, or that the rule is itself a cause of it; undefined when neither. */
function firingOf(rule: string, event: NewEvent, instance: string): Firing | undefined {
  const entry = entryOf(event);
  if (entry !== undefined)
    return event.dedupeKey === undefined ? undefined : { rule, entry, event: event.dedupeKey };
  const round = chainOf(event).some((link) => nameIn(link) === rule);
  return round ? { rule, entry: "", event: instance } : undefined;
}

function openedEvent(id: string, { rule, entry, firings, seconds, hold }: Opening): NewEvent {
  const dedupeKey = `breaker-${id}`;
  const payload = { event_id: id, rule, firings, seconds };
  if (entry === "")
    return {
      trigger: "core.raicho.rule.held",
      source: "engine",
      dedupeKey,
      payload: { ...payload, hold_seconds: hold },
    };
  return {
    trigger: "inventory.breaker.opened",
    source: "inventory",
    dedupeKey,
    payload: { ...payload, entry: { id: entry } },
  };
}

/** The entry that an event of the inventory is about. */
function entryOf({ source, payload }: Pick<NewEvent, "source" | "payload">): string | undefined {
  if (source !== "inventory" || !isObject(payload) || !isObject(payload["entry"])) return undefined;
  const { id } = payload["entry"];
  return typeof id === "string" ? id : undefined;
}
