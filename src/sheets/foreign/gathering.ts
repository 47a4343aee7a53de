/** Collects entries that a dump speaks of, in the order in which they were found. */
import type { Grid, LeftOut } from "../../model/grid.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Entity } from "./tables.ts";

interface Taken {
  readonly place: string;
  readonly set: JsonObject;
}

export class Gathering {
  readonly #taken = new Map<string, { table: string; type: string; entries: Taken[] }>();
  readonly #left = new Map<string, { what: string; why: string; rows: number }>();
  readonly #given = new Map<string, Set<string>>();

  /** What is undefined or "" says nothing. */
  add(type: string, from: Entity, set: JsonObject): void {
    const key = `${from.table} ${type}`;
    const group = this.#taken.get(key) ?? { table: from.table, type, entries: [] };
    this.#taken.set(key, group);
    const filled = Object.entries(set).filter(([, value]) => value !== undefined && value !== "");
    const place = from.id === "" ? `row ${group.entries.length + 1}` : `id ${from.id}`;
    group.entries.push({ place, set: Object.fromEntries(filled) });
  }

  leave(what: string, why: string, rows = 1): void {
    const key = `${what} ${why}`;
    const before = this.#left.get(key);
    if (before === undefined) this.#left.set(key, { what, why, rows });
    else before.rows += rows;
  }

  /** The value when it is the first of its kind, else nothing: our keys are unique where the other inventory's need not be. */
  unique(kind: string, value: string, what: string): string | undefined {
    if (value === "") return undefined;
    const given = this.#given.get(kind) ?? new Set<string>();
    this.#given.set(kind, given);
    const folded = value.toLowerCase();
    if (!given.has(folded)) {
      given.add(folded);
      return value;
    }
    this.leave(what, "an earlier row has the same value, and it may be there once");
    return undefined;
  }

  /** As sheets: one for each table and type, and one that says what was left out. */
  sheets(also: readonly LeftOut[]): readonly Grid[] {
    const empty = { rows: [], merged: [] };
    const left = [...this.#left.values(), ...also];
    return [
      ...[...this.#taken.values()].map(({ table, type, entries }) => ({
        ...empty,
        name: table,
        taken: { type, entries },
      })),
      ...(left.length === 0 ? [] : [{ ...empty, name: "", left }]),
    ];
  }
}
