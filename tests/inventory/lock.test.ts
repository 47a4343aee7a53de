import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/inventory/claims.ts";
import { lockOf, type Editing } from "../../src/inventory/lock.ts";
import { compileSources } from "../../src/inventory/sources.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { compiled, declaration } from "./types.ts";

const { types } = compiled(`
type: Host
attributes:
  name: { type: string, required: true }
  cost: { type: money }
  end: { type: date, authority: [contract-db, document, ops-sheet] }
  rack: { type: string, authority: [dcim, ops-sheet] }
  row: { type: string, authority: [dcim] }
`);
const sourcesOf = (...documents: readonly JsonObject[]) =>
  compileSources(
    documents.map((document, index) => ({
      ...declaration(`source${index}`, "{}"),
      kind: "inventory-source" as const,
      document,
    })),
    types,
  );
const { sources } = sourcesOf(
  { source: "adopted", policy: "adopt" },
  {
    source: "strict",
    policy: "report",
    edits: "refuse",
    policies: [{ type: "Host", attributes: ["cost"], policy: "adopt" }],
  },
  {
    source: "dcim",
    policy: "report",
    policies: [{ type: "Host", attributes: ["row"], policy: "report", edits: "allow" }],
  },
);
const claim = (source: string, value: unknown, state: Claim["state"] = "agreed"): Claim => ({
  source,
  value,
  state,
  observedAt: "2026-01-01T00:00:00.000Z",
  firstSeen: "2026-01-01T00:00:00.000Z",
  since: "2026-01-01T00:00:00.000Z",
  seen: 1,
  enforcedAt: null,
  decidedBy: null,
  note: null,
  place: null,
});
const lock = (name: string, claims: readonly Claim[], more: Partial<Editing> = {}) => {
  const attribute = types.get("Host")?.attributes.get(name);
  if (attribute === undefined) throw new Error(name);
  const found = lockOf({
    type: "Host",
    attribute,
    claims,
    sources,
    source: undefined,
    value: "new",
    ...more,
  });
  return found === undefined ? undefined : `${found.locked_by} ${found.edits}`;
};

describe("who owns a value", () => {
  test.each<[string, string, readonly Claim[], Partial<Editing>, string | undefined]>([
    ["the source that the document follows", "name", [claim("adopted", "old")], {}, "adopted warn"],
    ["nobody who only reports", "name", [claim("watcher", "old")], {}, undefined],
    ["nobody who never spoke of it", "name", [], {}, undefined],
    [
      "the first of an order that spoke",
      "rack",
      [claim("ops-sheet", "A"), claim("dcim", "A")],
      {},
      "dcim warn",
    ],
    [
      "the second, where the first is silent",
      "rack",
      [claim("ops-sheet", "A")],
      {},
      "ops-sheet warn",
    ],
    [
      "one of an order before one that is adopted",
      "rack",
      [claim("adopted", "A"), claim("ops-sheet", "B")],
      {},
      "ops-sheet warn",
    ],
    [
      "nobody whose word was decided against",
      "rack",
      [claim("dcim", "A", "rejected")],
      {},
      undefined,
    ],
    ["one whose word differs already", "rack", [claim("dcim", "A", "drift")], {}, "dcim warn"],
    ["not itself", "rack", [claim("dcim", "A")], { source: "dcim" }, undefined],
    [
      "nobody against one who stands before it",
      "rack",
      [claim("ops-sheet", "A")],
      { source: "dcim" },
      undefined,
    ],
    [
      "against one who stands behind it",
      "rack",
      [claim("dcim", "A")],
      { source: "ops-sheet" },
      "dcim warn",
    ],
    [
      "against one who is not in the order",
      "rack",
      [claim("dcim", "A")],
      { source: "other" },
      "dcim warn",
    ],
    [
      "nobody who stands behind what is put there by hand",
      "end",
      [claim("ops-sheet", "2026-01-01")],
      {},
      undefined,
    ],
    [
      "who stands before what is put there by hand",
      "end",
      [claim("contract-db", "2026-01-01")],
      {},
      "contract-db warn",
    ],
    [
      "nobody, when it is to say the same",
      "cost",
      [claim("adopted", "100.00")],
      { value: "100" },
      undefined,
    ],
    ["one who refuses edits", "cost", [claim("strict", "100")], {}, "strict refuse"],
    ["nobody whose policy allows edits", "row", [claim("dcim", "A")], {}, undefined],
  ])("%s", (_name, attribute, claims, ...[more, expected]) => {
    expect(lock(attribute, claims, more)).toBe(expected);
  });
});

test("edits says allow, warn or refuse", () => {
  const { problems } = sourcesOf({ source: "a", policy: "report", edits: "refuze" });
  expect(problems.map(({ path, message }) => [path, message])).toEqual([
    ["edits", "expected one of allow, warn, refuse; did you mean refuse?"],
  ]);
});
