/** Acceptance 3: a process dies at every step of digest, storm, tickets and pre-work; afterwards no ticket, sub-ticket or comment is missing, and none is there twice. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TicketPoint, ticketPoints } from "../../src/model/crash-points.ts";
import { openSite, type Role, type Site } from "../faults/site.ts";
import { writeAlerts } from "../support/alert-rows.ts";
import { eventually } from "../support/eventually.ts";
import { tickets } from "../support/main-job-site.ts";
import { needs } from "../support/needs.ts";
import { plainRequest } from "../support/raicho.ts";
import { type RequestCounterparts, startRequestCounterparts } from "../support/requests-site.ts";

type Json = Record<string, unknown>;

const ready = ["git", "sshd"].map(needs).every(Boolean);
const description =
  "server: web01\nfqdn: shop.example.test\nzone: example.test\naddress: 192.0.2.7\nenv: prod";

interface Expected {
  readonly what: string;
  readonly want: number;
  readonly count: () => number;
}

/** Which process passes it, and what leads there. */
const ways: Readonly<
  Record<TicketPoint, readonly [Role, "digest" | "open" | "raise" | "comment" | "request"]>
> = {
  "digest.before-commit": ["worker", "digest"],
  "digest.after-commit": ["worker", "digest"],
  "ticket.wanted": ["worker", "open"],
  "ticket.raised": ["worker", "raise"],
  "ticket.before-open": ["worker", "open"],
  "ticket.after-open": ["worker", "open"],
  "ticket.opened": ["worker", "open"],
  "ticket.before-change": ["worker", "comment"],
  "ticket.after-change": ["worker", "comment"],
  "poll.before-emit": ["sensors", "request"],
  "poll.after-emit": ["sensors", "request"],
  "prework.prepared": ["worker", "request"],
  "prework.checked": ["worker", "request"],
};

describe.runIf(ready)("acceptance 3: crash points of tickets", () => {
  let site: Site;
  let beside: RequestCounterparts;
  const expected: Expected[] = [];
  let tries = 0;

  beforeAll(async () => {
    beside = await startRequestCounterparts({
      configs: {
        ticket: {
          backend: "jira",
          defaults: { sub_type: "サブタスク" },
          settle_seconds: 2,
          coalesce_seconds: 1,
        },
      },
    });
    site = await openSite({ counts: { worker: 1 }, configs: beside.configs, env: beside.env });
    await run("ticket.open", { key: "target", summary: "for comments", wait: 60 });
    await eventually("the ticket for comments", () => found("for comments").length === 1, {
      seconds: 90,
    });
  }, 240_000);
  afterAll(async () => {
    await site.close();
    await beside.stop();
  }, 60_000);

  const door = (path: string, body?: object) =>
    plainRequest(`${site.doors[0]}${path}`, {
      ...(body === undefined ? {} : { method: "POST", body }),
      headers: { "x-auth-token": site.token },
    });
  const run = async (action: string, parameters: object): Promise<number> =>
    (await door("/v1/executions", { action, parameters })).status;
  const found = (words: string) => tickets(beside, words);
  const many = [0, 1, 2];

  /** Work of that kind under a name of its own, and what must come of it. */
  const begin = {
    digest: async (name: string) => {
      const seeds = many.map((n) => ({
        fingerprint: `${name}-${n}`,
        day: "2026-11-20",
        times: ["2026-11-20T01:00:00Z"],
      }));
      await writeAlerts(site.database.url, seeds);
      expect(await run("ticket.digest_run", { date: "2026-11-24" })).toBe(201);
      for (const { fingerprint } of seeds) expectTickets(`DISK on ${fingerprint} is`);
    },
    open: async (name: string) => {
      for (const n of many) {
        const summary = `opened ${name} ${n}.`;
        expect(await run("ticket.open", { key: summary, summary, wait: 0 })).toBe(201);
        expectTickets(summary);
      }
    },
    raise: async (name: string) => {
      const seed = { fingerprint: name, day: "2026-11-24", times: ["2026-11-24T01:00:00Z"] };
      await writeAlerts(site.database.url, [seed]);
      const summary = `raised ${name}.`;
      const alert = { ...seed, severity: "critical", urgency: "immediate", summary };
      const asked = Array.from({ length: 5 }, () => run("ticket.raise", { alert, wait: 0 }));
      expect(new Set(await Promise.all(asked))).toEqual(new Set([201]));
      expectTickets(summary);
    },
    comment: async (name: string) => {
      const key = found("for comments")[0]?.key;
      for (const n of many) {
        const text = `comment ${name} ${n}.`;
        expect(await run("ticket.comment", { ticket: key, text, key: text, wait: 0 })).toBe(201);
        expected.push({
          what: text,
          want: 1,
          count: () =>
            found("for comments").flatMap(({ comments }) => comments.filter((one) => one === text))
              .length,
        });
      }
    },
    request: async (name: string) => {
      const parent = await beside.request({ summary: `request ${name}`, description });
      const subs = () => beside.subTickets(parent);
      expected.push(
        { what: `sub-tickets ${name}`, want: 3, count: () => subs().length },
        {
          what: `results ${name}`,
          want: 3,
          count: () => subs().flatMap(({ comments }) => comments).length,
        },
      );
    },
  };

  function expectTickets(words: string): void {
    expected.push({ what: words, want: 1, count: () => found(words).length });
  }

  test.each(ticketPoints)(
    "a process dies at %s",
    async (point) => {
      const [role, kind] = ways[point];
      const [kept] = site.of(role);
      if (kept === undefined) throw new Error(`there is no ${role}`);
      await site.kill(kept, "SIGKILL", { RAICHO_CRASH_AT: point });
      const dead = kept.started.ended.then(({ signal }) => signal);
      tries += 1;
      await begin[kind](`${point}-${tries}`);
      const signal = await Promise.race([
        dead,
        delay(120_000, "it never came there", { ref: false }),
      ]);
      expect(signal).toBe("SIGKILL");
    },
    150_000,
  );

  test("nothing is lost, and nothing is there twice", async () => {
    await site.ready();
    await eventually(
      "all to be there",
      async () => {
        const missing = expected.filter(({ want, count }) => count() < want);
        if (missing.length > 0) throw new Error(missing.map(({ what }) => what).join("; "));
        const { body } = await door("/api/v2/tickets?waiting=true&limit=1");
        if ((body as { items: Json[] }).items.length > 0) throw new Error("a ticket waits");
        const left = ["requested", "scheduled", "running"].map(async (status) => {
          const seen = await door(`/v1/executions?status=${status}&limit=1`);
          return (seen.body as Json[]).length;
        });
        return (await Promise.all(left)).every((count) => count === 0);
      },
      { seconds: 60, everyMs: 250 },
    );
    const wrong = expected.filter(({ want, count }) => count() !== want);
    expect(wrong.map(({ what, count }) => `${what}: ${count()}`)).toEqual([]);
  }, 420_000);
});
