import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { IntMap, Sequence } from "../../src/workflows/persistent.ts";

const steps = fc.array(
  fc.record({
    key: fc.oneof(fc.nat(12), fc.nat(2000), fc.nat(2 ** 40)),
    value: fc.nat(),
    remove: fc.boolean(),
    fresh: fc.boolean(),
  }),
  { maxLength: 120 },
);

describe("IntMap", () => {
  it("behaves as a Map, and older versions stay as they were", () => {
    fc.assert(
      fc.property(steps, (list) => {
        let owner = {};
        let map = IntMap.empty<number>();
        const model = new Map<number, number>();
        const versions: Array<[IntMap<number>, Array<[number, number]>]> = [];
        for (const { key, value, remove, fresh } of list) {
          if (fresh) {
            versions.push([map, [...model].toSorted(([a], [b]) => a - b)]);
            owner = {};
          }
          if (remove) model.delete(key);
          else model.set(key, value);
          map = remove ? map.delete(key, owner) : map.set(key, value, owner);
          expect(map.get(key)).toBe(model.get(key));
        }
        versions.push([map, [...model].toSorted(([a], [b]) => a - b)]);
        for (const [version, entries] of versions) expect([...version.entries()]).toEqual(entries);
      }),
      { numRuns: 200 },
    );
  });
});

describe("Sequence", () => {
  it("keeps what was pushed and replaced, and older versions", () => {
    let sequence = Sequence.empty<number>();
    const versions: Array<Sequence<number>> = [];
    for (let index = 0; index < 200; index += 1) {
      versions.push(sequence);
      sequence = sequence.push(index, {});
    }
    const changed = sequence.set(3, -1, {}).set(199, -2, {});
    expect([changed.at(3), changed.at(199), changed.at(200)]).toEqual([-1, -2, undefined]);
    expect([...sequence]).toEqual(Array.from({ length: 200 }, (_, index) => index));
    for (const [length, version] of versions.entries()) {
      expect([...version]).toHaveLength(length);
      expect(version.length).toBe(length);
    }
  });
});
