import { isObject, type JsonObject } from "../model/json.ts";

/** A fault in a parser file: where in the document (`/extract/0/regex`), and what is expected. */
export interface DocumentProblem {
  readonly path: string;
  readonly message: string;
  /** It is the name of the last step of `path` that is wrong, not its value. */
  readonly part?: "key";
}

/** One node of a YAML document that is being read; faults are collected, reading goes on. */
export class DocumentNode {
  readonly value: unknown;
  readonly path: string;
  readonly #problems: DocumentProblem[];

  constructor(value: unknown, path: string, problems: DocumentProblem[]) {
    this.value = value;
    this.path = path;
    this.#problems = problems;
  }

  get present(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  problem(message: string): void {
    this.#problems.push({ path: this.path === "" ? "/" : this.path, message });
  }

  /** The mapping with only `known` keys; an unknown one is a fault that names the nearest right name. */
  fields<Key extends string>(known: readonly Key[]): (key: Key) => DocumentNode {
    const map = this.#map();
    for (const key of Object.keys(map)) {
      if (!(known as readonly string[]).includes(key)) {
        const guess = nearestName(key, known);
        const hint =
          guess === undefined ? `known are: ${known.join(", ")}` : `did you mean "${guess}"?`;
        const path = `${this.path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
        this.#problems.push({ path, message: `unknown key "${key}"; ${hint}`, part: "key" });
      }
    }
    return (key) => this.child(key, map[key]);
  }

  entries(): Array<[string, DocumentNode]> {
    return Object.entries(this.#map()).map(([key, value]) => [key, this.child(key, value)]);
  }

  items(): DocumentNode[] {
    if (!this.present) return [];
    if (Array.isArray(this.value)) return this.value.map((item, n) => this.child(String(n), item));
    this.problem(`expected a list, found ${kindOf(this.value)}`);
    return [];
  }

  /** Text; numbers and booleans are taken as they are written. Missing gives `fallback`, or a fault when there is none. */
  text(fallback?: string): string {
    if (typeof this.value === "string") return this.value;
    if (typeof this.value === "number" || typeof this.value === "boolean")
      return String(this.value);
    if (!this.present && fallback !== undefined) return fallback;
    if (this.present) this.problem(`expected text, found ${kindOf(this.value)}`);
    else this.missing();
    return fallback ?? "";
  }

  /** The fault of something that has to be there. */
  missing(): void {
    const name = this.path.split("/").at(-1) ?? "";
    this.problem(/^\d*$/.test(name) ? "is empty" : `"${name}" is missing`);
  }

  number(fallback: number): number {
    if (!this.present) return fallback;
    if (typeof this.value === "number") return this.value;
    this.problem(`expected a number, found ${kindOf(this.value)}`);
    return fallback;
  }

  flag(fallback: boolean): boolean {
    if (!this.present) return fallback;
    if (typeof this.value === "boolean") return this.value;
    this.problem(`expected true or false, found ${kindOf(this.value)}`);
    return fallback;
  }

  oneOf<Name extends string>(names: readonly Name[], fallback: Name): Name {
    if (!this.present) return fallback;
    const found = names.find((name) => name === this.value);
    if (found !== undefined) return found;
    const guess = nearestName(String(this.value), names);
    const expected = guess === undefined ? "" : `; did you mean "${guess}"?`;
    this.problem(
      `expected one of ${names.join(", ")}; found ${JSON.stringify(this.value)}${expected}`,
    );
    return fallback;
  }

  child(key: string, value: unknown): DocumentNode {
    return new DocumentNode(value, `${this.path}/${key}`, this.#problems);
  }

  #map(): JsonObject {
    if (!this.present) return {};
    if (isObject(this.value)) return this.value;
    this.problem(`expected a mapping, found ${kindOf(this.value)}`);
    return {};
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return isObject(value) ? "a mapping" : JSON.stringify(value);
}

/** The name at most two edits away, the nearest first; undefined when none is that near. */
export function nearestName(wrong: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, distance: edits(wrong.toLowerCase(), name.toLowerCase()) }))
    .filter(({ distance, name }) => distance <= Math.min(2, name.length - 1))
    .toSorted((a, b) => a.distance - b.distance);
  return ranked[0]?.name;
}

function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
