import { describe, expect, test } from "vitest";
import {
  causeOfEvent,
  chainOf,
  isTooDeep,
  loopReason,
  noCause,
  readCause,
} from "../../src/inventory/cause.ts";
import { changesetPayload, eventPayload, type FeedRow } from "../../src/inventory/event.ts";
import { bundledTypes } from "./types.ts";

const types = bundledTypes();

const row: FeedRow = {
  xid: "70",
  seq: "5",
  op: "U",
  at: "2026-04-01T00:00:00.000Z",
  type: "Device",
  entryId: "0190a1b2-0000-7000-8000-000000000001",
  name: "web012",
  version: 3,
  before: { hostname: "web012", status: "active" },
  after: { hostname: "web012", status: "failed", rack: "0190a1b2-0000-7000-8000-000000000002" },
  changeset: {
    id: "0190a1b2-0000-7000-8000-00000000000c",
    size: 1,
    actor: "sato",
    originKind: "workflow",
    source: null,
    message: "disk",
    ticket: "OPS-1",
    execution: "abc",
    ruleChain: ["default.r1@0190a1b2-0000-7000-8000-000000000001"],
    causes: [],
    depth: 1,
  },
};
const payload = eventPayload(
  row,
  types.get("Device"),
  new Map([["0190a1b2-0000-7000-8000-000000000002", { type: "Rack", name: "A-07" }]]),
);

describe("change events", () => {
  test("carry what changed, both images, references by name and the origin", () => {
    expect(payload).toEqual({
      event_id: "70-5",
      at: row.at,
      type: "Device",
      op: "updated",
      entry: { id: row.entryId, name: "web012", version: 3 },
      changed: ["rack", "status"],
      before: row.before,
      after: row.after,
      refs: {
        added: [
          {
            attribute: "rack",
            id: "0190a1b2-0000-7000-8000-000000000002",
            type: "Rack",
            name: "A-07",
          },
        ],
        removed: [],
      },
      changeset: { id: row.changeset.id, size: 1, message: "disk", ticket: "OPS-1" },
      origin: {
        kind: "workflow",
        actor: "sato",
        source: null,
        execution_id: "abc",
        rule_chain: row.changeset.ruleChain,
        causes: [],
        depth: 1,
      },
    });
  });
  test("a chain of causes grows by one rule and one changeset", () => {
    expect(causeOfEvent({ payload }, "default.r2")).toEqual({
      execution: null,
      ruleChain: [...row.changeset.ruleChain, `default.r2@${row.entryId}`],
      changesets: [row.changeset.id],
      depth: 2,
    });
    expect(causeOfEvent({ payload: { subject: "mail" } }, "default.r2")).toEqual({
      ...noCause,
      ruleChain: ["default.r2@"],
    });
    expect(readCause(JSON.parse(JSON.stringify(causeOfEvent({ payload }, "r.a"))))).toEqual(
      causeOfEvent({ payload }, "r.a"),
    );
    expect(readCause("forged")).toEqual(noCause);
  });
  test("an event that an execution raised continues the execution's chain; news without a change make it no deeper", () => {
    const cause = { execution: "abc", ruleChain: ["default.r1@e"], changesets: ["c1"], depth: 3 };
    expect(causeOfEvent({ payload: { status: "succeeded" }, cause }, "default.r2")).toEqual({
      execution: null,
      ruleChain: ["default.r1@e", "default.r2@"],
      changesets: ["c1"],
      depth: 3,
    });
    const origin = { rule_chain: ["default.r1@e"], causes: ["c1"], depth: 3 };
    const news = { entry: { id: "e" }, changeset: { id: null }, origin };
    expect(causeOfEvent({ payload: news }, "default.r2")).toEqual({
      execution: null,
      ruleChain: ["default.r1@e", "default.r2@e"],
      changesets: ["c1"],
      depth: 3,
    });
  });
  test("the rules that led to an event are those of its cause, or of its origin where the inventory tells it", () => {
    const cause = { ruleChain: ["default.r1@", 7, "default.r2@"] };
    expect(chainOf({ source: "engine", payload: {}, cause })).toEqual([
      "default.r1@",
      "default.r2@",
    ]);
    expect(chainOf({ source: "inventory", payload })).toEqual(row.changeset.ruleChain);
    expect(chainOf({ source: "webhook", payload })).toEqual([]);
    expect(chainOf({ source: "inventory", payload: {} })).toEqual([]);
  });
  test("a rule that caused the change of this entry does not fire again, others do", () => {
    expect(loopReason(payload, "default.r1")).toContain("is itself a cause");
    expect(loopReason(payload, "default.r2")).toBeUndefined();
    expect(loopReason({ ...payload, entry: { id: "other" } }, "default.r1")).toBeUndefined();
    expect(loopReason(payload, "default.r1", 1)).toBeUndefined();
    const twice = [...row.changeset.ruleChain, `default.r1@${row.entryId}`];
    expect(loopReason({ ...payload, origin: { rule_chain: twice } }, "default.r1", 1)).toContain(
      "2 times",
    );
    const whole = { changeset: { id: "c" }, origin: { rule_chain: ["default.r1@"] } };
    expect(loopReason(whole, "default.r1")).toContain("a cause of this changeset");
    expect(loopReason(whole, "default.r2")).toBeUndefined();
    expect(isTooDeep({ depth: 8 })).toBe(false);
    expect(isTooDeep({ depth: 9 })).toBe(true);
    expect(loopReason({ subject: "mail" }, "default.r1")).toBeUndefined();
  });
  test("a complete changeset is told with counts by type", () => {
    const counts = [
      { type: "Device", op: "I", count: 2 },
      { type: "Device", op: "D", count: 1 },
    ] as const;
    const told = changesetPayload(row.changeset, { at: row.at, reverts: "c0", counts });
    expect(told).toMatchObject({
      types: ["Device"],
      counts: { Device: { created: 2, deleted: 1 } },
      changeset: { id: row.changeset.id, reverts: "c0" },
    });
    expect(causeOfEvent({ payload: told }, "default.r2")).toMatchObject({ depth: 2 });
  });
});
