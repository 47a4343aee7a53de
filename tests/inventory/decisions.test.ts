import { describe, expect, test } from "vitest";
import { catalogue } from "../../src/inventory/catalogue.ts";
import { bestCandidates, hostQuery, judgeHit, rackPosition } from "../../src/inventory/host.ts";
import { probesFor } from "../../src/inventory/lookup.ts";
import {
  defaultOwnerPaths,
  leadOf,
  ownerSettings,
  resolveOwner,
  type Graph,
  type GraphEntry,
} from "../../src/inventory/owner.ts";
import { bigrams, containsPattern, fold, nearest, searchWords } from "../../src/inventory/text.ts";
import { matchProbes, readUpsertItem } from "../../src/inventory/upsert.ts";
import { bundledTypes } from "./types.ts";

const types = bundledTypes();
const known = catalogue(
  types,
  new Map(
    [...types.keys()].map((name, index) => [
      name,
      { id: index + 1, schemaVersion: 1, definitions: new Map() },
    ]),
  ),
  () => Promise.reject(new Error("nothing is asked here")),
);
const typeId = (name: string): number => known.byName.get(name)?.id ?? 0;

describe("text", () => {
  test("folding makes one word of all ways to write it", () => {
    expect(fold(" Ｒ１２３４５　ＡＢＣ ")).toBe("r12345 abc");
    expect(fold("ﾃｽﾄ")).toBe("テスト");
  });
  test("bigrams are pairs of neighbouring CJK characters", () => {
    expect(bigrams("東京dc東京都")).toEqual(["東京", "京都"]);
    expect(bigrams("サーバー1号")).toEqual(["サー", "ーバ", "バー"]);
    expect(bigrams("𠮷野家")).toEqual(["𠮷野", "野家"]);
  });
  test("search words keep quoted blanks; wildcards are literal", () => {
    expect(searchWords('  "Web 01" 東京')).toEqual(["web 01", "東京"]);
    expect(containsPattern("50%_a\\")).toBe("%50\\%\\_a\\\\%");
  });
  test("the nearest name is close or none", () => {
    expect(nearest("hostnme", ["hostname", "serial"])).toBe("hostname");
    expect(nearest("zzz", ["hostname", "serial"])).toBeUndefined();
  });
});

describe("host queries", () => {
  test.each([
    ["WEB012.Example.JP.", { name: "web012.example.jp", short: "web012", address: undefined }],
    ["web012:9100", { name: "web012", short: undefined }],
    ["[2001:DB8::1]:443", { name: "2001:db8::1", address: "2001:db8::1" }],
    ["１０．１．２．３", { name: "10.1.2.3", address: "10.1.2.3" }],
    ["10.1.2.3:80", { name: "10.1.2.3", address: "10.1.2.3" }],
    ["Ｒ１２３４５", { name: "r12345", short: undefined }],
    ["web_01%", { prefixes: ["web\\_01\\%.%"] }],
  ])("%s", (text, expected) => {
    expect(hostQuery(text)).toMatchObject(expected);
  });
  const device = known.byName.get("Device");
  const judge = (query: string, attr: string, text: string, document: object = {}) =>
    judgeHit(hostQuery(query), { entryId: "e", attr, text }, device, { ...document })?.by;
  test("a hit counts by what it is", () => {
    expect(judge("web012", "hostname", "web012")).toBe("name");
    expect(judge("web012", "aliases", "web012")).toBe("name");
    expect(judge("Ｒ１２３４５", "asset_no", "r12345")).toBe("asset");
    expect(judge("web012", "fqdn", "web012.example.jp")).toBe("short-name");
    expect(judge("web012", "serial", "web012.example.jp")).toBeUndefined();
    expect(judge("web012", "mail", "web012")).toBeUndefined();
  });
  test("a short name is not a machine of another domain", () => {
    expect(judge("web012.example.jp", "hostname", "web012", { hostname: "web012" })).toBe(
      "short-name",
    );
    expect(
      judge("web012.example.jp", "hostname", "web012", {
        hostname: "web012",
        fqdn: "web012.other.jp",
      }),
    ).toBeUndefined();
  });
  test("names come before assets, and both before short names", () => {
    const one = { entryId: "a", by: "asset", attribute: "asset_no", value: "x" } as const;
    const two = { entryId: "b", by: "name", attribute: "hostname", value: "x" } as const;
    expect(bestCandidates([one, two, { ...two, attribute: "aliases" }])).toEqual([
      { ...two, attribute: "aliases" },
    ]);
    expect(bestCandidates([])).toEqual([]);
  });
});

const entry = (id: string, type: string, doc: object = {}): [string, GraphEntry] => [
  id,
  { id, type, name: id, doc: { ...doc } },
];
describe("owners", () => {
  const entries = new Map([
    entry("host", "Device"),
    entry("svc", "Service"),
    entry("set", "NodeSet"),
    entry("team", "Team"),
    entry("person", "Person"),
    entry("gone", "Person", { status: "left" }),
  ]);
  const graph = (...edges: readonly string[]): Graph => ({
    entries,
    edges: edges.map((edge) => {
      const [src = "", attr = "", dst = ""] = edge.split(" ");
      return { src, attr, dst };
    }),
  });
  const settings = ownerSettings({});
  const resolve = (...edges: readonly string[]) => {
    const { kind, via, skipped } = resolveOwner(graph(...edges), "host", settings);
    return [kind, via, ...skipped.map(({ reason }) => reason)];
  };
  test("the first path that leads somewhere decides", () => {
    expect(resolve("host owner person", "host service svc", "svc owner team")).toEqual([
      "person",
      "owner",
    ]);
    expect(
      resolve("host service svc", "svc owner team", "host nodeset set", "set owner person"),
    ).toEqual(["team", "service.owner"]);
    expect(resolve("host nodeset set", "set service svc", "svc owner team")).toEqual([
      "team",
      "nodeset.service.owner",
    ]);
  });
  test("nobody is guessed", () => {
    expect(resolve()).toEqual(["unknown", "none"]);
    expect(resolve("host owner gone")).toEqual(["unknown", "none", "is left"]);
    expect(resolve("host owner gone", "host service svc", "svc owner team")).toEqual([
      "team",
      "service.owner",
      "is left",
    ]);
    expect(resolve("host owner person", "host owner team")).toEqual([
      "unknown",
      "none",
      "2 owners; which of them is not known",
    ]);
    expect(resolve("host owner svc")).toEqual([
      "unknown",
      "none",
      "is a Service, neither Person nor Team",
    ]);
  });
  test("a team's lead is the one who is still there", () => {
    expect(leadOf(graph("team lead person"), entries.get("team"))?.id).toBe("person");
    expect(leadOf(graph("team lead gone"), entries.get("team"))).toBeUndefined();
    expect(leadOf(graph(), undefined)).toBeUndefined();
  });
  test("settings have defaults", () => {
    expect(settings).toEqual({ paths: defaultOwnerPaths, defaultLeader: undefined });
    expect(ownerSettings({ default_leader: "boss", owner_paths: ["rack.owner"] })).toEqual({
      paths: ["rack.owner"],
      defaultLeader: "boss",
    });
  });
});

describe("upsert items", () => {
  test.each([
    [7, "items[0] is not an object"],
    [{ type: "Device", sett: {} }, "items[0]: unknown key sett; did you mean set?"],
    [{ set: {} }, "items[0].type: expected the name of a type"],
    [{ type: "Device", set: [] }, "items[0].set: expected an object of attributes, got []"],
    [
      { type: "Device", match: "serial" },
      "items[0].match: expected a list of attribute names or of lists of them",
    ],
    [
      { type: "Device", match: [[]] },
      "items[0].match[0]: expected an attribute name or a list of them",
    ],
    [{ type: "Device", add: { tags: "x" } }, "items[0].add.tags: expected a list"],
  ])("%j is refused", (given, message) => {
    expect(() => readUpsertItem(given, "items[0]")).toThrow(message);
  });
  test("match orders use keys where there are any, and skip what has no value", () => {
    const device = known.byName.get("Device");
    if (device === undefined) throw new Error("Device");
    expect(matchProbes(device, undefined, { hostname: "web012", asset_no: "Ｒ１" })).toEqual([
      { key: { type_id: device.id, key_name: "hostname", key_value: "web012" }, containing: {} },
      { key: { type_id: device.id, key_name: "asset_no", key_value: "r1" }, containing: {} },
    ]);
    expect(
      matchProbes(device, [["fqdn", "kind"], ["position"]], { fqdn: "a.b", kind: "server" }),
    ).toEqual([{ key: undefined, containing: { fqdn: "a.b", kind: "server" } }]);
  });
});

describe("lookups", () => {
  test("text is a name or a single key of every target type", () => {
    const probes = probesFor(known, { to: ["Team", "Person"], given: "Web" });
    expect(
      probes.keys.map(({ type_id, key_name, key_value }) => [type_id, key_name, key_value]),
    ).toEqual([
      [typeId("Team"), "code", "web"],
      [typeId("Person"), "login", "web"],
      [typeId("Person"), "mail", "web"],
    ]);
    expect(probes.names).toHaveLength(2);
  });
  test("an object is a key; another is refused with the keys there are", () => {
    expect(probesFor(known, { to: ["Rack"], given: { name: "A-07", room: "id" } }).keys).toEqual([
      { type_id: typeId("Rack"), key_name: "room+name", key_value: "id|a-07" },
    ]);
    expect(probesFor(known, { to: ["Rack"], given: { row: "1" } }).problem).toBe(
      "{row} is no key; keys are Rack {room, name}, Rack {serial}",
    );
    expect(probesFor(known, { to: ["Rack"], given: true }).problem).toBe(
      "true is no id, name or key",
    );
  });
});

test.each([
  ["A-07 U23", { rack: "A-07", unit: 23 }],
  ["東京第１DC ３Ｆ ラックＡ－０７ Ｕ２３", { rack: "A-07", unit: 23 }],
  ["A-07ラック 23U", { rack: "A-07", unit: 23 }],
  ["rack A-07 / U5", { rack: "A-07", unit: 5 }],
  ["TYO7, r12 7U (front)", { rack: "r12", unit: 7 }],
  ["web012", undefined],
  ["web012 update", undefined],
  ["USB 3 U2x", undefined],
])("C3: the place %s", (text, expected) => {
  expect(rackPosition(text)).toEqual(expected);
});
