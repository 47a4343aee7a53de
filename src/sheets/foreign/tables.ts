/**
 * Tables of another inventory's dump. What of them is read is noted, so that the rest can be told: nothing is left out in silence.
 */
import { isObject, type JsonObject } from "../../model/json.ts";
import type { LeftOut } from "../../model/grid.ts";

export type Row = JsonObject;
export type Tables = ReadonlyMap<string, readonly Row[]>;

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** A row whose columns are read by name. */
export class Entity {
  readonly table: string;
  /** True: known only from where something refers to it. */
  readonly brief: boolean;
  readonly #row: Row;
  readonly #dump: Dump;

  constructor(dump: Dump, table: string, row: Row, brief = false) {
    this.table = table;
    this.brief = brief;
    this.#row = row;
    this.#dump = dump;
  }

  /** Its number in the dump; "" where there is none. */
  get id(): string {
    const { id } = this.#row;
    return typeof id === "number" || typeof id === "string" ? String(id) : "";
  }

  /** The first of these columns that holds something. */
  value(...names: readonly string[]): unknown {
    for (const name of names) this.#dump.note(this.table, name);
    return names.map((name) => this.#row[name]).find((value) => !isEmpty(value));
  }

  /** As text of one line; a choice of an API (`{value, label}`) as its value. */
  text(...names: readonly string[]): string {
    const found = this.value(...names);
    const value = isObject(found) ? found["value"] : found;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    return typeof value === "string" ? value.trim() : "";
  }

  number(...names: readonly string[]): number | undefined {
    const text = this.text(...names);
    const number = Number(text);
    return text === "" || !Number.isFinite(number) ? undefined : number;
  }

  /** True for `true`, `t`, `yes`. */
  flag(...names: readonly string[]): boolean {
    return ["true", "t", "yes"].includes(this.text(...names).toLowerCase());
  }

  /** What a column refers to: a row of the dump, or as much of it as is written here. */
  to(table: string, ...names: readonly string[]): Entity | undefined {
    const value = this.value(...names, ...names.map((name) => `${name}_id`));
    return this.#dump.meant(table, value);
  }
}

const technical =
  /^_|_count$|^(id|created|last_updated|cable|cable_id|cable_end|lft|rght|tree_id|level|slug|color|url|display|display_url|custom_fields)$/;

export class Dump {
  readonly #tables: ReadonlyMap<string, readonly Entity[]>;
  readonly #rows: Tables;
  readonly #byId = new Map<string, Map<string, Entity>>();
  readonly #noted = new Map<string, Set<string>>();
  readonly #asked = new Set<string>();

  constructor(tables: Tables) {
    this.#rows = tables;
    this.#tables = new Map(
      [...tables].map(([name, rows]) => [name, rows.map((row) => new Entity(this, name, row))]),
    );
  }

  /** All rows of a table; without a name in the dump it has none. */
  all(table: string): readonly Entity[] {
    this.#asked.add(table);
    return this.#tables.get(table) ?? [];
  }

  note(table: string, column: string): void {
    const noted = this.#noted.get(table);
    if (noted === undefined) this.#noted.set(table, new Set([column]));
    else noted.add(column);
  }

  byId(table: string, id: string): Entity | undefined {
    let known = this.#byId.get(table);
    if (known === undefined) {
      known = new Map((this.#tables.get(table) ?? []).map((one) => [one.id, one]));
      this.#byId.set(table, known);
    }
    return known.get(id);
  }

  meant(table: string, value: unknown): Entity | undefined {
    if (isEmpty(value)) return undefined;
    if (isObject(value))
      return this.byId(table, String(value["id"])) ?? new Entity(this, table, value, true);
    if (typeof value === "number") return this.byId(table, String(value));
    if (typeof value !== "string") return undefined;
    const name = { name: value, model: value, address: value, vid: value };
    return (
      this.byId(table, value) ??
      (/^\d+$/.test(value) ? undefined : new Entity(this, table, name, true))
    );
  }

  /** Tables, and columns of those that are read, which nobody asked for. `hidden`: tables, and columns (`table.column`), that are no inventory. */
  unread(hidden: RegExp): readonly LeftOut[] {
    return [...this.#rows].flatMap(([table, rows]): readonly LeftOut[] => {
      if (hidden.test(table) || rows.length === 0) return [];
      const noted = this.#noted.get(table) ?? new Set();
      if (!this.#asked.has(table) && noted.size === 0)
        return [{ what: table, rows: rows.length, why: "there is no type for it" }];
      const columns = new Set(rows.flatMap((row) => Object.keys(row)));
      return [...columns].flatMap((column) => {
        if (noted.has(column) || technical.test(column) || hidden.test(`${table}.${column}`))
          return [];
        const filled = rows.filter((row) => !isEmpty(row[column])).length;
        const what = `${table}.${column}`;
        return filled === 0 ? [] : [{ what, rows: filled, why: "there is no attribute for it" }];
      });
    });
  }
}
