import fc from "fast-check";
import { isIP, isIPv6 } from "node:net";
import { describe, expect, test } from "vitest";
import { canonicalCidr, canonicalIp } from "../../src/inventory/address.ts";
import {
  attributeType,
  attributeTypes,
  type AttributeTypeName,
} from "../../src/inventory/attribute-types.ts";
import type { Element } from "../../src/inventory/definition.ts";

const element: Element = {
  type: "string",
  to: [],
  onDelete: "restrict",
  values: new Map([
    ["active", { ja: "稼働中", en: "Active" }],
    ["retired", { ja: "廃止", en: "Retired" }],
  ]),
  pattern: undefined,
  min: undefined,
  max: undefined,
};
const id = "0190a1b2-0000-7000-8000-000000000001";

/** Given → canonical; no third column = refused. */
const rows: ReadonlyArray<[AttributeTypeName, given: unknown, canonical?: unknown]> = [
  ["string", "東京 DC", "東京 DC"],
  ["string", "two\nlines"],
  ["string", "nul\u0000"],
  ["string", 7],
  ["string", "x".repeat(1001)],
  ["text", "two\nlines", "two\nlines"],
  ["text", ["two", "lines"]],
  ["integer", 42, 42],
  ["integer", 4.2],
  ["integer", "42"],
  ["integer", 2 ** 60],
  ["decimal", 4.2, 4.2],
  ["decimal", Number.NaN],
  ["boolean", false, false],
  ["boolean", "false"],
  ["date", "2024-02-29", "2024-02-29"],
  ["date", "2023-02-29"],
  ["date", "2020/10/1"],
  ["datetime", "2026-04-01T09:00:00+09:00", "2026-04-01T00:00:00.000Z"],
  ["datetime", "2026-04-01 09:00+0900", "2026-04-01T00:00:00.000Z"],
  ["datetime", "2026-04-01T09:00:00"],
  ["datetime", "2026-04-31T09:00:00Z"],
  ["duration", "PT15M", "PT15M"],
  ["duration", "P"],
  ["duration", "15m"],
  ["enum", "active", "active"],
  ["enum", "actve"],
  ["url", "https://wiki.example.jp/runbook", "https://wiki.example.jp/runbook"],
  ["url", "javascript:alert(1)"],
  ["url", "wiki"],
  ["email", "a@example.jp", "a@example.jp"],
  ["email", "a b@example.jp"],
  ["fqdn", "WEB012.Example.JP.", "web012.example.jp"],
  ["fqdn", "ｗｅｂ０１２", "web012"],
  ["fqdn", "web 012"],
  ["fqdn", ""],
  ["ip", "10.0.0.1", "10.0.0.1"],
  ["ip", "2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["ip", "10.0.0.256"],
  ["ip", "10.0.0.01"],
  ["ip", "fe80::1%eth0"],
  ["cidr", "10.1.0.0/16", "10.1.0.0/16"],
  ["cidr", "2001:db8::/32", "2001:db8::/32"],
  ["cidr", "10.1.0.1/16"],
  ["cidr", "10.1.0.0/33"],
  ["mac", "00-1A-2B-3C-4D-5E", "00:1a:2b:3c:4d:5e"],
  ["mac", "001a.2b3c.4d5e", "00:1a:2b:3c:4d:5e"],
  ["mac", "00:1a:2b"],
  ["money", "1234.50", "1234.50"],
  ["money", 1200, "1200"],
  ["money", "1,200"],
  ["json", { any: [1, null] }, { any: [1, null] }],
  ["secret_ref", "system.lb_password", "system.lb_password"],
  ["secret_ref", "hunter2"],
  ["ref", id.toUpperCase(), id],
  ["ref", "web012"],
  ["named_ref", { label: "app", ref: id }, { label: "app", ref: id }],
  ["named_ref", id],
];

const names = (length: number) =>
  new Set(rows.filter((row) => row.length === length).map(([name]) => name));

describe("attribute types", () => {
  test.each(rows)("%s reads %j", (type, given, ...canonical) => {
    const parsed = attributeType(type).parse(given, { ...element, type });
    const { value = "refused" } = "value" in parsed ? parsed : {};
    expect(value).toEqual(canonical.length === 0 ? "refused" : canonical[0]);
  });
  test("every type has an accepting row, and all but json a refusing one", () => {
    expect(names(3)).toEqual(new Set(Object.keys(attributeTypes)));
    expect(names(2)).toEqual(
      new Set(Object.keys(attributeTypes).filter((name) => name !== "json")),
    );
  });
  test("what a type writes, it reads again unchanged", () => {
    for (const [type, , canonical] of rows.filter((row) => row.length === 3))
      expect(attributeType(type).parse(canonical, element)).toEqual({ value: canonical });
  });
  test("bounds and patterns say which one was broken", () => {
    const integer = attributeType("integer");
    expect(integer.parse(4095, { ...element, min: 1, max: 4094 })).toEqual({
      wrong: "it is above 4094",
    });
    expect(integer.parse(0, { ...element, min: 1, max: 4094 })).toEqual({ wrong: "it is below 1" });
    expect(attributeType("string").parse("x1", { ...element, pattern: /^(?:[A-Z]\d)$/u })).toEqual({
      wrong: "it does not match ^(?:[A-Z]\\d)$",
    });
    expect(attributeType("enum").parse("actve", element)).toEqual({
      wrong: "one of active, retired (did you mean active?)",
    });
    expect(attributeType("cidr").parse("10.1.0.1/16", element)).toEqual({
      wrong: "host bits are set; the network is 10.1.0.0/16",
    });
  });
});

describe("addresses", () => {
  test("agrees with Node about what an address is", () => {
    expect(canonicalIp("::ffff:10.0.0.1")).toBe("::ffff:a00:1");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.ipV4(),
          fc.ipV6(),
          fc.string({ maxLength: 12 }),
          fc
            .array(fc.constantFrom("0", "1", "ff", ":", "::", ".", "10", "256"), { maxLength: 9 })
            .map((parts) => parts.join("")),
        ),
        (text) => text.trim() !== text || (canonicalIp(text) !== undefined) === (isIP(text) !== 0),
      ),
      { numRuns: 2000 },
    );
  });
  test("writes IPv6 as the URL standard does", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const written = canonicalIp(text) ?? "";
        expect(isIPv6(written)).toBe(true);
        expect(`[${written}]`).toBe(new URL(`http://[${text}]`).hostname);
        expect(canonicalIp(written)).toBe(written);
      }),
    );
  });
  test("a network is its own network", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(32), (text, length) => {
        const network = canonicalCidr(`${text}/${length}`)?.text ?? "";
        expect(canonicalCidr(network)).toEqual({ text: network, hostBits: false });
      }),
    );
  });
});
