import { describe, expect, test } from "vitest";
import { decideRaise, raiseSettings, sameKey, type KnownTicket } from "../../src/tickets/raise.ts";

const hour = 3_600_000;
const now = Date.parse("2026-11-24T12:00:00Z");
const at = { day: "2026-11-24", now };
const known: KnownTicket = {
  period: "2026-11-24",
  stage: "open",
  status: "To Do",
  createdAt: now - hour,
  closedAt: undefined,
};
const closed = { ...known, stage: "closed", status: "Done", closedAt: now - hour } as const;

describe("E3: what is the same alert", () => {
  test.each([
    [undefined, "alert:abc"],
    [["source", "entity.id"], 'alert:["nagios","e1"]'],
    [["labels.cluster", "service"], 'alert:[null,"HTTP"]'],
  ])("by the fields %j", (fields, key) => {
    const settings = raiseSettings(fields === undefined ? {} : { same: { fields } });
    const alert = { fingerprint: "abc", source: "nagios", service: "HTTP", entity: { id: "e1" } };
    expect(sameKey(alert, settings)).toBe(key);
  });

  test.each([
    ["the first", undefined, {}, { do: "open", period: "2026-11-24" }],
    ["again on the same day", known, {}, { do: "repeat" }],
    [
      "again on the next day",
      { ...known, period: "2026-11-23" },
      {},
      { do: "open", period: "2026-11-24" },
    ],
    ["a late mail of yesterday", { ...known, period: "2026-11-25" }, {}, { do: "repeat" }],
    [
      "on the next day, while its ticket is open",
      { ...known, period: "2026-11-20" },
      { same: { window: "open" } },
      { do: "repeat" },
    ],
    ["within two hours", known, { same: { window: 2 } }, { do: "repeat" }],
    [
      "after half an hour",
      known,
      { same: { window: 0.5 } },
      { do: "open", period: "2026-11-24#2" },
    ],
    ["after it was closed", closed, {}, { do: "reopen" }],
    ["after it was closed", closed, { reopen: { how: "comment" } }, { do: "repeat" }],
    [
      "after it was closed",
      closed,
      { reopen: { how: "new" } },
      { do: "open", period: "2026-11-24#2" },
    ],
    [
      "for the third time",
      { ...closed, period: "2026-11-24#2" },
      { reopen: { how: "new" } },
      { do: "open", period: "2026-11-24#3" },
    ],
    [
      "long after it was closed",
      { ...closed, closedAt: now - 30 * hour },
      {},
      { do: "open", period: "2026-11-24#2" },
    ],
    [
      "after somebody said never",
      { ...closed, status: "Won't do" },
      { reopen: { never: ["won't do"] } },
      { do: "nothing" },
    ],
  ] as const)("%s", (_name, newest, config, expected) => {
    expect(decideRaise(newest, at, raiseSettings(config))).toMatchObject(expected);
  });
});
