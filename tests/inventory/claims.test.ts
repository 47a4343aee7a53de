import { describe, expect, test } from "vitest";
import {
  alike,
  noPatience,
  observe,
  outrankedBy,
  review,
  type Claim,
  type Observation,
} from "../../src/inventory/claims.ts";
import { compiled } from "./types.ts";

const { types } = compiled(`
type: Host
attributes:
  name: { type: string, required: true }
  cost: { type: money }
  parts: { type: array, items: { type: ref, to: [Host] } }
`);
const attribute = (name: string) => types.get("Host")?.attributes.get(name);

const base: Observation = {
  policy: "report",
  patience: noPatience,
  document: "a",
  attribute: attribute("name"),
  before: undefined,
  source: "dcim",
  value: "b",
  observedAt: "2026-01-01T00:00:00.000Z",
  place: null,
  now: "2026-01-01T00:00:01.000Z",
  outranked: false,
};

function later(claim: Claim | undefined, change: Partial<Observation> = {}, minutes = 1) {
  const at = (seconds: number): string =>
    new Date(Date.UTC(2026, 0, 1, 0, minutes, seconds)).toISOString();
  return observe({ ...base, before: claim, observedAt: at(0), now: at(1), ...change });
}

const saysA = (value: unknown): boolean => value === "a";

describe("observations", () => {
  test.each<[Observation["policy"], unknown, string, boolean, string | undefined]>([
    ["adopt", "a", "agreed", true, undefined],
    ["propose", "a", "proposed", false, "detected"],
    ["report", "a", "drift", false, "detected"],
    ["enforce", "a", "enforcing", false, "enforce"],
    ["write_if_empty", "a", "ignored", false, undefined],
    ["write_if_empty", undefined, "agreed", true, undefined],
    ["ignore", "a", "ignored", false, undefined],
    ["report", "b", "agreed", false, undefined],
    ["report", "Ｂ", "agreed", false, undefined],
  ])("%s of another value than %j is %s", (...[policy, document, state, write, signal]) => {
    expect(observe({ ...base, policy, document })).toMatchObject({
      claim: { state },
      write,
      signal,
    });
  });

  test("a difference is told once, and its end once", () => {
    const first = observe(base);
    const again = later(first?.claim);
    expect(again).toMatchObject({
      signal: undefined,
      claim: { state: "drift", seen: 2, since: first?.claim.since },
    });
    expect(later(again?.claim, { value: "c" }, 2)).toMatchObject({ signal: "detected" });
    const end = later(again?.claim, { value: "a" }, 3);
    expect(end).toMatchObject({ signal: "resolved", claim: { state: "agreed" } });
    expect(later(end?.claim, { value: "a" }, 4)).toMatchObject({ signal: undefined });
  });

  test("a difference is held until it was seen often and long enough", () => {
    const patience = { observations: 2, minutes: 3, again: 10 };
    const first = observe({ ...base, patience });
    expect(first).toMatchObject({ claim: { state: "holding" }, signal: undefined });
    const second = later(first?.claim, { patience }, 1);
    expect(second).toMatchObject({ claim: { state: "holding" } });
    expect(later(second?.claim, { patience }, 3)).toMatchObject({
      claim: { state: "drift" },
      signal: "detected",
    });
  });

  test("what somebody had sent back to the source is not asked again while it is awaited", () => {
    const first = observe({ ...base, policy: "propose" });
    if (first === undefined) throw new Error("nothing was heard");
    const sent = { ...first.claim, state: "enforcing", enforcedAt: base.now } as const;
    expect(later(sent, { policy: "propose" }, 5)).toMatchObject({
      claim: { state: "enforcing" },
      signal: undefined,
    });
    expect(later(sent, { policy: "propose", value: "another" }, 5)).toMatchObject({
      claim: { state: "proposed" },
    });
  });
  test("what is enforced is told again after a while, not with every report", () => {
    const first = observe({ ...base, policy: "enforce" });
    const second = later(first?.claim, { policy: "enforce" }, 5);
    expect(second).toMatchObject({ claim: { state: "enforcing" }, signal: undefined });
    expect(later(second?.claim, { policy: "enforce" }, 11)).toMatchObject({ signal: "enforce" });
  });

  test("an older report is no news, and a rejected value stays rejected", () => {
    const first = later(undefined, {}, 5);
    expect(later(first?.claim, {}, 4)).toBeUndefined();
    const rejected = {
      ...base,
      before: { ...(first?.claim as Claim), state: "rejected" as const },
    };
    expect(observe({ ...rejected, observedAt: "2026-02-01T00:00:00.000Z" })).toMatchObject({
      claim: { state: "rejected" },
      signal: undefined,
    });
  });

  test("a source of lower authority is not adopted from while a better one agrees", () => {
    expect(observe({ ...base, policy: "adopt", outranked: true })).toMatchObject({
      claim: { state: "rejected" },
      write: false,
    });
    const better: Claim = { ...(observe({ ...base, value: "a", source: "hr" })?.claim as Claim) };
    expect(outrankedBy(["hr", "dcim"], "dcim", [better], saysA)).toBe(true);
    expect(outrankedBy([], "dcim", [better], saysA)).toBe(false);
  });
});

describe("changes of the document", () => {
  const agreed = observe({ ...base, value: "a" })?.claim as Claim;
  test.each<[Observation["policy"], unknown, string | undefined, string | undefined]>([
    ["report", "x", "drift", "detected"],
    ["enforce", "x", "enforcing", "enforce"],
    ["ignore", "x", "ignored", undefined],
    ["report", "a", undefined, undefined],
  ])("with %s, the document saying %j makes it %s", (policy, document, state, signal) => {
    const verdict = review(agreed, {
      policy,
      attribute: attribute("name"),
      document,
      now: "2026-03-01T00:00:00.000Z",
    });
    expect([verdict?.claim.state, verdict?.signal]).toEqual([state, signal]);
  });
  test("a drift ends when the document says the same", () => {
    const drift = observe(base)?.claim as Claim;
    const verdict = review(drift, {
      policy: "report",
      attribute: attribute("name"),
      document: "b",
      now: base.now,
    });
    expect(verdict).toMatchObject({ signal: "resolved", claim: { state: "agreed" } });
    expect(
      review(drift, {
        policy: "report",
        attribute: attribute("name"),
        document: "z",
        now: base.now,
      }),
    ).toBeUndefined();
  });
});

test.each<[string, unknown, unknown, boolean]>([
  ["name", "Ｗｅｂ 1", "web 1", true],
  ["name", "a", null, false],
  ["name", undefined, null, true],
  ["cost", "10.50", "10.5", true],
  ["parts", ["x", "y"], ["y", "x"], true],
  ["parts", ["x"], ["y"], false],
])("%s: %j and %j are alike: %s", (name, left, right, wanted) => {
  expect(alike(attribute(name), left, right)).toBe(wanted);
});
