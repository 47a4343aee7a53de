import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EntityType } from "../../src/inventory/definition.ts";
import { derive, derivedChange, noScope } from "../../src/inventory/derive.ts";
import { diff, patchDocument, sameJson, threeWayMerge } from "../../src/inventory/patch.ts";
import { unlink, type Resolve } from "../../src/inventory/references.ts";
import { validateEntry } from "../../src/inventory/validate.ts";
import { bundledTypes } from "./types.ts";

const types = bundledTypes();
const type = (name: string): EntityType => {
  const found = types.get(name);
  if (found === undefined) throw new Error(name);
  return found;
};
const id = (n: number): string => `0190a1b2-0000-7000-8000-${String(n).padStart(12, "0")}`;
const known: Resolve = ({ given }) =>
  given === "R1"
    ? { id: id(1) }
    : given === "gone"
      ? { problem: "there is no Rack gone" }
      : undefined;
const check = (
  name: string,
  document: Record<string, unknown>,
  complete: "new" | "stored" | "part" = "new",
) => validateEntry(type(name), document, { resolve: known, complete });

describe("validation", () => {
  test("gives the canonical document with defaults and references as ids", () => {
    expect(check("Device", { hostname: "WEB012.", rack: "R1", aliases: ["WWW-A"] })).toEqual({
      document: {
        hostname: "web012",
        rack: id(1),
        aliases: ["www-a"],
        kind: "server",
        status: "active",
      },
    });
  });
  test("names every error at once", () => {
    const checked = check("Device", {
      hostnme: "web012",
      rack: "gone",
      position: 0,
      status: "actve",
      aliases: ["ok", 3],
      purchased: "2020/10/1",
    });
    expect("problems" in checked && checked.problems).toEqual([
      expect.objectContaining({
        path: "hostnme",
        nearest: "hostname",
        message: "Device has no attribute hostnme; did you mean hostname?",
      }),
      { path: "rack", message: "there is no Rack gone", expected: "a Rack by id, name or key" },
      {
        path: "position",
        message: "0 is not a whole number: it is below 1",
        expected: "a whole number",
      },
      expect.objectContaining({
        path: "status",
        message: expect.stringContaining("did you mean active?"),
      }),
      {
        path: "aliases[1]",
        message: "3 is not a host or domain name",
        expected: "a host or domain name",
      },
      {
        path: "purchased",
        message: '"2020/10/1" is not a day as YYYY-MM-DD',
        expected: "a day as YYYY-MM-DD",
      },
      { path: "hostname", message: "hostname is required", expected: "a host or domain name" },
    ]);
  });
  test("a part lacks nothing, a stored document gets no defaults", () => {
    expect(check("Device", { position: 3 }, "part")).toEqual({ document: { position: 3 } });
    expect(check("Device", { hostname: "a" }, "stored")).toEqual({ document: { hostname: "a" } });
  });
  test("null is absence", () => {
    expect(check("Device", { hostname: null })).toHaveProperty("problems");
    expect(check("Device", { hostname: "a", serial: null }, "stored")).toEqual({
      document: { hostname: "a" },
    });
  });
});

/** Appendix A of RFC 7396. */
const mergeRows: ReadonlyArray<[original: object, patch: object, result: object]> = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];
const document = fc.dictionary(
  fc.constantFrom("a", "b", "c", "d"),
  fc.oneof(fc.integer({ max: 3, min: 0 }), fc.array(fc.boolean(), { maxLength: 2 })),
);

describe("changes", () => {
  test.each(mergeRows)("%j patched with %j is %j", (original, patch, result) => {
    expect(patchDocument({ ...original }, { ...patch })).toEqual(result);
  });
  test("a patch cannot reach the prototype", () => {
    const patched = patchDocument(
      {},
      JSON.parse('{"__proto__": {"polluted": true}}') as Record<string, unknown>,
    );
    expect(Object.getPrototypeOf(patched)).toBe(Object.prototype);
    expect("polluted" in {}).toBe(false);
  });
  test("the difference applied as a patch gives the other document", () => {
    fc.assert(
      fc.property(document, document, (before, after) => {
        const patch = Object.fromEntries(
          diff(before, after).map((c) => [c.attribute, c.after ?? null]),
        );
        expect(patchDocument(before, patch)).toEqual(after);
        expect(diff(before, before)).toEqual([]);
      }),
    );
  });
  test("the order of an object's keys is no change", () => {
    expect(sameJson({ a: 1, b: { c: 2, d: [3] } }, { b: { d: [3], c: 2 }, a: 1 })).toBe(true);
    expect(sameJson({ a: undefined }, { b: undefined })).toBe(false);
  });
  test("disjoint changes merge, equal changes merge, different ones conflict", () => {
    const base = { status: "active", position: 1, note: "x" };
    expect(threeWayMerge(base, { ...base, status: "failed" }, { ...base, position: 2 })).toEqual({
      merged: { status: "failed", position: 2, note: "x" },
    });
    expect(
      threeWayMerge(base, { ...base, status: "failed" }, { ...base, status: "failed" }),
    ).toEqual({ merged: { ...base, status: "failed" } });
    expect(
      threeWayMerge(base, { ...base, status: "failed" }, { status: "retired", position: 1 }),
    ).toEqual({
      conflicts: [{ attribute: "status", base: "active", theirs: "failed", yours: "retired" }],
    });
    expect(
      threeWayMerge(base, { ...base, position: 5 }, { status: "active", position: 1 }),
    ).toEqual({ merged: { status: "active", position: 5 } });
  });
  test("a merge with nobody else is one's own document", () => {
    fc.assert(
      fc.property(document, document, (base, yours) => {
        expect(threeWayMerge(base, base, yours)).toEqual({ merged: yours });
        expect(threeWayMerge(base, yours, base)).toEqual({ merged: yours });
      }),
    );
  });
});

describe("derived rows", () => {
  const device = {
    hostname: "web012",
    serial: "ＳＮ－１",
    rack: id(1),
    service: id(2),
    aliases: ["www-a", "www-b"],
    purchased: "2024-01-05",
    note: "東京の予備機",
    tags: ["blue"],
  };
  test("follow from the document alone", () => {
    const rows = derive(type("Device"), device);
    expect(rows.name).toBe("web012");
    expect(rows.search).toBe("web012 www-a www-b sn-1 blue 東京の予備機");
    expect(rows.grams).toEqual(["東京", "京の", "の予", "予備", "備機"]);
    expect(rows.edges).toEqual([
      { attr: "rack", ord: 0, label: null, dst: id(1) },
      { attr: "service", ord: 0, label: null, dst: id(2) },
    ]);
    expect(rows.keys).toEqual([
      { key_name: "hostname", key_value: "web012" },
      { key_name: "serial", key_value: "sn-1" },
    ]);
    expect(rows.index.map(({ attr, t, d }) => `${attr} ${t ?? d}`)).toEqual([
      "hostname web012",
      "aliases www-a",
      "aliases www-b",
      "serial sn-1",
      "purchased 2024-01-05",
    ]);
  });
  test("an address without VRF is in the default one; a shared one has no key", () => {
    const rows = derive(type("IPAddress"), { address: "10.0.0.1" });
    expect(rows.keys).toEqual([{ key_name: "vrf+address", key_value: "|10.0.0.1" }]);
    expect(rows.index).toEqual([expect.objectContaining({ net: "10.0.0.1", scope: noScope })]);
    expect(derive(type("IPAddress"), { address: "10.0.0.1", allow_duplicate: true }).keys).toEqual(
      [],
    );
    expect(derive(type("IPAddress"), { address: "10.0.0.1", vrf: id(9) }).index[0]?.scope).toBe(
      id(9),
    );
  });
  test("a title joins attributes", () => {
    expect(
      derive(type("DnsRecord"), { zone: id(1), host: "www", rtype: "A", value: "10.0.0.1" }).name,
    ).toBe("www A 10.0.0.1");
  });
  test("labels of named references stand on their edges", () => {
    const set = {
      name: "shop-prd",
      service: id(1),
      roles: [
        { label: "app", ref: id(2) },
        { label: "db_master", ref: id(3) },
      ],
    };
    expect(derive(type("NodeSet"), set).edges.slice(1)).toEqual([
      { attr: "roles", ord: 0, label: "app", dst: id(2) },
      { attr: "roles", ord: 1, label: "db_master", dst: id(3) },
    ]);
  });
  test("a change is what goes and what comes", () => {
    const before = derive(type("Device"), device);
    const after = derive(type("Device"), { ...device, rack: id(5), serial: undefined });
    const change = derivedChange(before, after);
    expect(change.edges).toEqual({
      removed: [{ attr: "rack", ord: 0, label: null, dst: id(1) }],
      added: [{ attr: "rack", ord: 0, label: null, dst: id(5) }],
    });
    expect(change.keys).toEqual({
      removed: [{ key_name: "serial", key_value: "sn-1" }],
      added: [],
    });
    expect(derivedChange(before, before)).toEqual(derivedChange(undefined, undefined));
    expect(derivedChange(before, undefined).keys.removed).toHaveLength(2);
  });
  test("unlinking takes out only what is gone", () => {
    expect(
      unlink(type("Team"), { code: "a", lead: id(1), members: [id(1), id(2)] }, new Set([id(1)])),
    ).toEqual({ code: "a", members: [id(2)] });
    expect(unlink(type("Team"), { code: "a", members: [id(1)] }, new Set([id(1)]))).toEqual({
      code: "a",
    });
  });
});
