/** A persistent map of whole numbers and a persistent list: a change costs a few small arrays, never the size of the whole, and the
 * old version stays as it was. What an owner (one decision) made, the same owner changes in place. */

/** Who may change a node in place; compared by identity only. */
export type Owner = object;

const width = 32;
const powers = [1, 32, 32 ** 2, 32 ** 3, 32 ** 4, 32 ** 5, 32 ** 6, 32 ** 7, 32 ** 8, 32 ** 9];

/** `kids` above the lowest level, `values` on it; the other is empty. */
interface Branch<V> {
  readonly owner: Owner;
  readonly kids: Array<Branch<V> | undefined>;
  readonly values: Array<V | undefined>;
}

function copy<V>(branch: Branch<V> | undefined, level: number, owner: Owner): Branch<V> {
  if (branch?.owner === owner) return branch;
  if (level === 0) return { owner, kids: none, values: branch?.values.slice() ?? [] };
  return { owner, kids: branch?.kids.slice() ?? [], values: none };
}
const none: never[] = [];

function slot(key: number, level: number): number {
  return (key / (powers[level] ?? 1)) & (width - 1);
}

/** Few entries stand in two short lists, many in a tree. */
interface Few<V> {
  readonly owner: Owner;
  readonly keys: number[];
  readonly values: V[];
}
const fewAtMost = 8;

export class IntMap<V> {
  #owner: Owner;
  #few: Few<V> | undefined;
  #root: Branch<V> | undefined;
  #level: number;

  private constructor(from: IntMap<V> | undefined, owner: Owner) {
    this.#owner = owner;
    this.#few = from === undefined ? { owner, keys: [], values: [] } : from.#few;
    this.#root = from === undefined ? undefined : from.#root;
    this.#level = from === undefined ? 0 : from.#level;
  }

  static empty<V>(): IntMap<V> {
    return new IntMap<V>(undefined, {});
  }

  get(key: number): V | undefined {
    const few = this.#few;
    if (few !== undefined) return few.values[few.keys.indexOf(key)];
    if (key >= (powers[this.#level + 1] ?? Infinity)) return undefined;
    let branch = this.#root;
    for (let level = this.#level; level > 0 && branch !== undefined; level -= 1) {
      branch = branch.kids[slot(key, level)];
    }
    return branch?.values[key & (width - 1)];
  }

  /** A map with the value at the key (a whole number ≥ 0). */
  set(key: number, value: V, owner: Owner): IntMap<V> {
    const target = this.#for(owner);
    const few = target.#ownFew();
    const at = few === undefined ? -1 : few.keys.indexOf(key);
    if (few === undefined) target.#plant(key, value);
    else if (at >= 0) few.values[at] = value;
    else if (few.keys.length < fewAtMost) insert(few, key, value);
    else target.#grow(few, key, value);
    return target;
  }

  delete(key: number, owner: Owner): IntMap<V> {
    if (this.get(key) === undefined) return this;
    const target = this.#for(owner);
    const few = target.#ownFew();
    if (few !== undefined) {
      const at = few.keys.indexOf(key);
      few.keys.splice(at, 1);
      few.values.splice(at, 1);
      return target;
    }
    target.#root = without(target.#root, { key, level: target.#level, owner });
    if (target.#root === undefined) target.#few = { owner, keys: [], values: [] };
    return target;
  }

  /** In the order of the keys. */
  *entries(): Generator<[number, V]> {
    const few = this.#few;
    if (few === undefined) {
      yield* walk(this.#root, this.#level, 0);
      return;
    }
    for (const [at, value] of few.values.entries()) yield [few.keys[at] ?? 0, value];
  }

  #for(owner: Owner): IntMap<V> {
    return this.#owner === owner ? this : new IntMap<V>(this, owner);
  }

  #ownFew(): Few<V> | undefined {
    const few = this.#few;
    if (few === undefined || few.owner === this.#owner) return few;
    this.#few = { owner: this.#owner, keys: few.keys.slice(), values: few.values.slice() };
    return this.#few;
  }

  #grow(few: Few<V>, key: number, value: V): void {
    this.#few = undefined;
    this.#root = undefined;
    this.#level = 0;
    for (const [at, old] of few.values.entries()) this.#plant(few.keys[at] ?? 0, old);
    this.#plant(key, value);
  }

  #plant(key: number, value: V): void {
    const owner = this.#owner;
    while (key >= (powers[this.#level + 1] ?? Infinity)) {
      const old = this.#root;
      this.#root = old && { owner, kids: [old], values: none };
      this.#level += 1;
    }
    let branch = copy(this.#root, this.#level, owner);
    this.#root = branch;
    for (let level = this.#level; level > 0; level -= 1) {
      const at = slot(key, level);
      const next = copy(branch.kids[at], level - 1, owner);
      branch.kids[at] = next;
      branch = next;
    }
    branch.values[key & (width - 1)] = value;
  }
}

function insert<V>(few: Few<V>, key: number, value: V): void {
  let at = few.keys.length;
  while (at > 0 && (few.keys[at - 1] ?? 0) > key) at -= 1;
  few.keys.splice(at, 0, key);
  few.values.splice(at, 0, value);
}

function without<V>(
  branch: Branch<V> | undefined,
  at: { key: number; level: number; owner: Owner },
): Branch<V> | undefined {
  if (branch === undefined) return undefined;
  const { key, level, owner } = at;
  const changed = copy(branch, level, owner);
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

/** A persistent list that only grows at its end, where it is cheapest to change. */
export class Sequence<V> {
  readonly length: number;
  /** Whole blocks of `width` values. */
  readonly #blocks: IntMap<V>;
  readonly #tail: readonly V[];

  private constructor(blocks: IntMap<V>, tail: readonly V[], length: number) {
    this.#blocks = blocks;
    this.#tail = tail;
    this.length = length;
  }

  static empty<V>(): Sequence<V> {
    return new Sequence<V>(IntMap.empty<V>(), [], 0);
  }

  static from<V>(values: Iterable<V>): Sequence<V> {
    const owner = {};
    let sequence = Sequence.empty<V>();
    for (const value of values) sequence = sequence.push(value, owner);
    return sequence;
  }

  get #settled(): number {
    return this.length - this.#tail.length;
  }

  at(index: number): V | undefined {
    const inTail = index - this.#settled;
    return inTail >= 0 ? this.#tail[inTail] : this.#blocks.get(index);
  }

  push(value: V, owner: Owner): Sequence<V> {
    const length = this.length + 1;
    if (this.#tail.length < width) {
      return new Sequence(this.#blocks, [...this.#tail, value], length);
    }
    let blocks = this.#blocks;
    for (const [at, old] of this.#tail.entries())
      blocks = blocks.set(this.#settled + at, old, owner);
    return new Sequence(blocks, [value], length);
  }

  /** Replaces the value at an index below the length. */
  set(index: number, value: V, owner: Owner): Sequence<V> {
    const { length } = this;
    const inTail = index - this.#settled;
    if (inTail < 0) {
      return new Sequence(this.#blocks.set(index, value, owner), this.#tail, length);
    }
    return new Sequence(this.#blocks, this.#tail.with(inTail, value), length);
  }

  *[Symbol.iterator](): Generator<V> {
    for (const [, value] of this.#blocks.entries()) yield value;
    yield* this.#tail;
  }
}
