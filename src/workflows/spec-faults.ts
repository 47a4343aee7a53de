/** Faults found while a definition is compiled. */

export interface SpecFault {
  /** Keys and indexes from the document down to the fault. */
  readonly path: ReadonlyArray<string | number>;
  readonly message: string;
}

export class Faults {
  readonly list: SpecFault[] = [];

  add(path: SpecFault["path"], message: string): void {
    this.list.push({ path, message });
  }

  unknownKeys(path: SpecFault["path"], value: object, keys: readonly string[]): void {
    for (const key of Object.keys(value)) {
      if (keys.includes(key)) continue;
      this.add([...path, key], `Unknown key "${key}".${this.hint(key, keys)}`);
    }
  }

  /** ` Did you mean "…"?` where a name is near, else nothing. */
  hint(name: string, names: readonly string[]): string {
    const [best] = names
      .map((other) => ({ other, distance: distance(name, other) }))
      .filter((each) => each.distance <= Math.max(1, Math.floor(name.length / 3)))
      .toSorted((a, b) => a.distance - b.distance);
    return best === undefined ? "" : ` Did you mean "${best.other}"?`;
  }
}

/** How many characters must be changed, added or removed to make one word of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, changed));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
