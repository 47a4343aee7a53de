/** A persistent map of whole numbers and a persistent list on top of it: a change costs a few small arrays, never the size of the
 * whole, and the old version stays as it was. Nodes made by the same owner (one decision) are changed in place. */

/** Who may change a node in place; compared by identity only. */
export type Owner = object;

const width = 32;
const powers = [1, 32, 32 ** 2, 32 ** 3, 32 ** 4, 32 ** 5, 32 ** 6, 32 ** 7, 32 ** 8, 32 ** 9];

interface Branch<V> {
  readonly owner: Owner;
  readonly kids: Array<Branch<V> | undefined>;
  readonly values: Array<V | undefined>;
}

function copy<V>(branch: Branch<V> | undefined, owner: Owner): Branch<V> {
  if (branch === undefined) return { owner, kids: [], values: [] };
  if (branch.owner === owner) return branch;
  return { owner, kids: branch.kids.slice(), values: branch.values.slice() };
}

function slot(key: number, level: number): number {
  return (key / (powers[level] ?? 1)) & (width - 1);
}

export class IntMap<V> {
  #root: Branch<V> | undefined;
  #level: number;
  #owner: Owner;

  private constructor(root: Branch<V> | undefined, level: number, owner: Owner) {
    this.#root = root;
    this.#level = level;
    this.#owner = owner;
  }

  static empty<V>(): IntMap<V> {
    return new IntMap<V>(undefined, 0, {});
  }

  get(key: number): V | undefined {
    let branch = this.#root;
    if (key >= (powers[this.#level + 1] ?? Infinity)) return undefined;
    for (let level = this.#level; level > 0 && branch !== undefined; level -= 1) {
      branch = branch.kids[slot(key, level)];
    }
    return branch?.values[key & (width - 1)];
  }

  /** A map with the value at the key (a whole number ≥ 0). */
  set(key: number, value: V, owner: Owner): IntMap<V> {
    const target = this.#owner === owner ? this : new IntMap<V>(this.#root, this.#level, owner);
    while (key >= (powers[target.#level + 1] ?? Infinity)) {
      const old = target.#root;
      target.#root = old && { owner, kids: [old], values: [] };
      target.#level += 1;
    }
    let branch = copy(target.#root, owner);
    target.#root = branch;
    for (let level = target.#level; level > 0; level -= 1) {
      const at = slot(key, level);
      const next = copy(branch.kids[at], owner);
      branch.kids[at] = next;
      branch = next;
    }
    branch.values[key & (width - 1)] = value;
    return target;
  }

  delete(key: number, owner: Owner): IntMap<V> {
    if (this.get(key) === undefined) return this;
    const target = this.#owner === owner ? this : new IntMap<V>(this.#root, this.#level, owner);
    target.#root = without(target.#root, { key, level: target.#level, owner });
    return target;
  }

  /** In the order of the keys. */
  *entries(): Generator<[number, V]> {
    yield* walk(this.#root, this.#level, 0);
  }
}

function without<V>(
  branch: Branch<V> | undefined,
  at: { key: number; level: number; owner: Owner },
): Branch<V> | undefined {
  if (branch === undefined) return undefined;
  const { key, level, owner } = at;
  const changed = copy(branch, owner);
  if (level === 0) {
    changed.values[key & (width - 1)] = undefined;
    return changed.values.some((value) => value !== undefined) ? changed : undefined;
  }
  const where = slot(key, level);
  changed.kids[where] = without(changed.kids[where], { key, level: level - 1, owner });
  return changed.kids.some((kid) => kid !== undefined) ? changed : undefined;
}

function* walk<V>(
  branch: Branch<V> | undefined,
  level: number,
  base: number,
): Generator<[number, V]> {
  if (branch === undefined) return;
  if (level === 0) {
    for (const [at, value] of branch.values.entries()) {
      if (value !== undefined) yield [base + at, value];
    }
    return;
  }
  const step = powers[level] ?? 1;
  for (const [at, kid] of branch.kids.entries()) yield* walk(kid, level - 1, base + at * step);
}

/** A persistent list that only grows at its end. */
export class Sequence<V> {
  readonly length: number;
  readonly #items: IntMap<V>;

  private constructor(items: IntMap<V>, length: number) {
    this.#items = items;
    this.length = length;
  }

  static empty<V>(): Sequence<V> {
    return new Sequence<V>(IntMap.empty<V>(), 0);
  }

  static from<V>(values: Iterable<V>): Sequence<V> {
    const owner = {};
    let sequence = Sequence.empty<V>();
    for (const value of values) sequence = sequence.push(value, owner);
    return sequence;
  }

  at(index: number): V | undefined {
    return index < this.length ? this.#items.get(index) : undefined;
  }

  push(value: V, owner: Owner): Sequence<V> {
    return new Sequence(this.#items.set(this.length, value, owner), this.length + 1);
  }

  set(index: number, value: V, owner: Owner): Sequence<V> {
    return new Sequence(this.#items.set(index, value, owner), Math.max(this.length, index + 1));
  }

  *[Symbol.iterator](): Generator<V> {
    for (const [index, value] of this.#items.entries()) if (index < this.length) yield value;
  }
}
