/** What was written into a service and comes back from there. */
import { describe, expect, test } from "vitest";
import {
  noPatience,
  observe,
  review,
  type Claim,
  type Observation,
} from "../../src/inventory/claims.ts";
import { canonical } from "../../src/inventory/canonical.ts";
import { echoOf, pushText } from "../../src/inventory/echo.ts";
import { compiled } from "./types.ts";

const { types } = compiled(`
type: Host
attributes:
  name: { type: string, required: true }
  cost: { type: money }
  parts: { type: array, items: { type: ref, to: [Host] } }
`);
const attribute = (name: string) => types.get("Host")?.attributes.get(name);
const at = (minutes: number): string => new Date(Date.UTC(2026, 0, 1, 0, minutes)).toISOString();

test("values that are the same for a person have one text to hash", () => {
  expect(pushText(attribute("name"), "ＷＥＢ01")).toBe(pushText(attribute("name"), "web01"));
  expect(pushText(attribute("cost"), "10.50")).toBe(pushText(attribute("cost"), "10.5"));
  expect(pushText(attribute("parts"), ["b", "a"])).toBe(pushText(attribute("parts"), ["a", "b"]));
  expect(pushText(attribute("name"), undefined)).toBe(pushText(attribute("name"), null));
  expect(pushText(attribute("name"), "web02")).not.toBe(pushText(attribute("name"), "web01"));
  expect(canonical({ b: [1, { d: 1, c: 2 }], a: undefined })).toBe(
    canonical({ a: undefined, b: [1, { c: 2, d: 1 }] }),
  );
});

test("the same hash is an echo, a reading from before the push is early, anything else is news", () => {
  const push = { hash: "h1", pushedAt: at(5) };
  expect(echoOf(push, { hash: "h1", observedAt: at(1) })).toBe("echo");
  expect(echoOf(push, { hash: "h2", observedAt: at(1) })).toBe("early");
  expect(echoOf(push, { hash: "h2", observedAt: at(6) })).toBeUndefined();
  expect(echoOf(undefined, { hash: "h1", observedAt: at(1) })).toBeUndefined();
});

const base: Observation = {
  policy: "adopt",
  patience: noPatience,
  document: "new",
  attribute: attribute("name"),
  before: undefined,
  source: "dns",
  value: "pushed",
  observedAt: at(1),
  place: null,
  now: at(1),
  outranked: false,
  echo: "echo",
};
const later = (before: Claim | undefined, minutes: number, more: Partial<Observation> = {}) =>
  observe({ ...base, before, observedAt: at(minutes), now: at(minutes), ...more });

describe("an echo that the document has left behind", () => {
  test.each(["adopt", "report", "propose", "write_if_empty"] as const)(
    "is waited for under %s, and then told; it never changes the document",
    (policy) => {
      const first = later(undefined, 1, { policy });
      expect(first).toMatchObject({ claim: { state: "holding" }, write: false, signal: undefined });
      const soon = later(first?.claim, 5, { policy });
      expect(soon).toMatchObject({ claim: { state: "holding", since: at(1) }, signal: undefined });
      const late = later(soon?.claim, 11, { policy });
      expect(late).toMatchObject({ write: false, signal: "detected" });
      expect(later(late?.claim, 30, { policy })).toMatchObject({ write: false, signal: undefined });
      const followed = later(late?.claim, 31, { policy, value: "new" });
      expect(followed).toMatchObject({
        claim: { state: "agreed", note: null },
        signal: "resolved",
      });
    },
  );

  test("is enforced as before", () => {
    expect(later(undefined, 1, { policy: "enforce" })).toMatchObject({ signal: "enforce" });
  });

  test("an early reading changes nothing", () => {
    expect(later(undefined, 1, { echo: "early" })).toBeUndefined();
    const agreed = later(undefined, 1, { echo: "early", value: "new" });
    expect(agreed).toMatchObject({ claim: { state: "agreed" } });
  });

  test("what the service says after the last push, and did not get from us, is news", () => {
    expect(later(undefined, 1, { echo: undefined })).toMatchObject({ write: true });
  });
});

test("when the document changes, a source that says what we wrote there is expected to follow", () => {
  const agreed = later(undefined, 1, { document: "pushed" })?.claim;
  if (agreed === undefined) throw new Error("no claim");
  const given = {
    policy: "report",
    attribute: attribute("name"),
    document: "new",
    now: at(2),
  } as const;
  expect(review(agreed, { ...given, echo: "echo" })).toMatchObject({
    claim: { state: "holding", since: at(2) },
    signal: undefined,
  });
  expect(review(agreed, given)).toMatchObject({ claim: { state: "drift" }, signal: "detected" });
  expect(review(agreed, { ...given, policy: "enforce", echo: "echo" })).toMatchObject({
    signal: "enforce",
  });
});
