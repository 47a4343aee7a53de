/** Who may go through the gates now. Times are milliseconds since the epoch.
 *
 * 1. Arrivals are considered in their order: nobody overtakes another one at a gate that is full for both.
 * 2. An execution goes through all its gates at once, or through none.
 * 3. A policy that is gone, or off, holds nobody. */
import type { GateRule } from "./policy.ts";

/** An execution before its gates. */
export interface Queued {
  readonly id: string;
  /** It can never run any more. */
  readonly ended: boolean;
  readonly stands: readonly Stand[];
}

export interface Stand {
  readonly gate: string;
  /** What the gate demands now; undefined when its policy is gone. */
  readonly rule: GateRule | undefined;
  /** It was not considered yet. */
  readonly fresh: boolean;
  readonly due: number;
  /** When the burst began that it belongs to. */
  readonly since: number;
}

export interface GateFacts {
  readonly now: number;
  /** How many went through and have not ended, by gate. */
  readonly inside: ReadonlyMap<string, number>;
  /** When the last ones went through (or, debounced, knocked), oldest first, by gate. */
  readonly passes: ReadonlyMap<string, readonly number[]>;
}

export interface Admission {
  readonly admit: readonly string[];
  readonly wait: readonly string[];
  readonly cancel: readonly { readonly id: string; readonly reason: string }[];
  /** Ended: they need no gate. */
  readonly leave: readonly string[];
  /** Gates at which a pass is noted; one entry per pass. */
  readonly passes: readonly string[];
  readonly moved: readonly {
    readonly id: string;
    readonly gate: string;
    readonly due: number;
    readonly since: number;
  }[];
  /** When to look again although nobody comes or ends. */
  readonly next: number | undefined;
}

/** Decides about all of them, in their order. */
export function admission(queue: readonly Queued[], facts: GateFacts): Admission {
  const turn = new Turn(facts);
  for (const each of queue) turn.consider(each);
  return turn.decided();
}

type Verdict = "open" | "wait" | { readonly reason: string };

class Turn {
  readonly #now: number;
  readonly #inside: Map<string, number>;
  readonly #passes: Map<string, number[]>;
  readonly #admit: string[] = [];
  readonly #wait = new Set<string>();
  readonly #cancel = new Map<string, string>();
  readonly #leave: string[] = [];
  readonly #noted: string[] = [];
  readonly #moved: Admission["moved"][number][] = [];
  #next = Infinity;
  /** Who waits last at a debounced gate, and since when its burst goes on. */
  readonly #last = new Map<string, { readonly id: string; readonly since: number }>();

  constructor({ now, inside, passes }: GateFacts) {
    this.#now = now;
    this.#inside = new Map(inside);
    this.#passes = new Map([...passes].map(([gate, times]) => [gate, [...times]]));
  }

  consider({ id, ended, stands }: Queued): void {
    if (ended) {
      this.#leave.push(id);
      return;
    }
    const verdicts = stands.map((stand) => this.#judge(id, stand));
    const refused = verdicts.find((verdict) => typeof verdict === "object");
    if (refused !== undefined) this.#cancel.set(id, refused.reason);
    else if (verdicts.includes("wait")) this.#wait.add(id);
    else this.#letIn(id, stands);
  }

  decided(): Admission {
    const waits = [...this.#wait].filter((id) => !this.#cancel.has(id));
    return {
      admit: this.#admit,
      wait: waits,
      cancel: [...this.#cancel].map(([id, reason]) => ({ id, reason })),
      leave: this.#leave,
      passes: this.#noted,
      moved: this.#moved.filter(({ id }) => !this.#cancel.has(id)),
      next: this.#next === Infinity ? undefined : this.#next,
    };
  }

  #judge(id: string, stand: Stand): Verdict {
    const { gate, rule } = stand;
    if (rule?.kind === "debounce" && rule.edge === "trailing")
      return this.#trailing(id, stand, rule);
    if (stand.due > this.#now) return this.#until(stand.due);
    switch (rule?.kind) {
      case undefined:
        return "open";
      case "concurrency":
        return this.#concurrency(gate, rule);
      case "rate":
        return this.#rate(gate, rule);
      case "debounce":
        return this.#leading(gate, rule);
    }
  }

  #concurrency(
    gate: string,
    { threshold, full }: Extract<GateRule, { kind: "concurrency" }>,
  ): Verdict {
    if ((this.#inside.get(gate) ?? 0) < threshold) return "open";
    return full === "delay" ? "wait" : { reason: `${threshold} of them run already` };
  }

  #rate(gate: string, { limit, seconds, full }: Extract<GateRule, { kind: "rate" }>): Verdict {
    const recent = this.#recent(gate, seconds);
    if (recent.length < limit) return "open";
    if (full === "cancel") return { reason: `${limit} began within ${seconds} s already` };
    const first = recent[recent.length - limit] ?? this.#now;
    return this.#until(first + seconds * 1_000);
  }

  /** The first of a burst goes, and everybody who comes prolongs the burst. */
  #leading(gate: string, { seconds }: Extract<GateRule, { kind: "debounce" }>): Verdict {
    if (this.#recent(gate, seconds).length === 0) return "open";
    this.#pass(gate);
    return { reason: `another one came within ${seconds} s before` };
  }

  /** Only the last of a burst waits, until there was quiet for long enough. */
  #trailing(
    id: string,
    { gate, fresh, due, since }: Stand,
    { seconds, most }: Extract<GateRule, { kind: "debounce" }>,
  ): Verdict {
    const before = this.#last.get(gate);
    const begun = before?.since ?? since;
    if (before !== undefined) this.#cancel.set(before.id, `superseded by execution ${id}`);
    this.#last.set(gate, { id, since: begun });
    const quiet = this.#now + seconds * 1_000;
    const until = !fresh
      ? due
      : Math.max(due, most === undefined ? quiet : Math.min(quiet, begun + most * 1_000));
    if (fresh || begun !== since) this.#moved.push({ id, gate, due: until, since: begun });
    if (until <= this.#now) {
      this.#last.delete(gate);
      return "open";
    }
    return this.#until(until);
  }

  #recent(gate: string, seconds: number): readonly number[] {
    const from = this.#now - seconds * 1_000;
    return (this.#passes.get(gate) ?? []).filter((at) => at > from);
  }

  #until(time: number): "wait" {
    this.#next = Math.min(this.#next, time);
    return "wait";
  }

  #letIn(id: string, stands: readonly Stand[]): void {
    this.#admit.push(id);
    for (const { gate, rule } of stands) {
      this.#inside.set(gate, (this.#inside.get(gate) ?? 0) + 1);
      if (rule?.kind === "rate" || (rule?.kind === "debounce" && rule.edge === "leading"))
        this.#pass(gate);
    }
  }

  #pass(gate: string): void {
    this.#noted.push(gate);
    this.#passes.set(gate, [...(this.#passes.get(gate) ?? []), this.#now]);
  }
}
