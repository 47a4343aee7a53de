/** Tickets through the front door, the same for every tracker. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { runAction } from "../support/main-job-site.ts";
import { type Raicho, startRaicho } from "../support/raicho.ts";
import { trackers, type Tracker } from "../support/trackers.ts";
import { external, type Ground } from "./ground.ts";

type Json = Record<string, unknown>;

describe.each(trackers)("tickets in $name", ({ start, present }) => {
  let tracker: Tracker;
  let raicho: Raicho;
  let under: Ground;

  beforeAll(async () => {
    if (!present) return;
    under = await external();
    tracker = await start();
    raicho = await startRaicho({ env: under.env, configs: tracker.configs });
  }, 240_000);
  afterAll(async () => {
    if (!present) return;
    await raicho.stop();
    await tracker.stop();
    await under[Symbol.asyncDispose]();
  }, 60_000);

  const act = async (action: string, parameters: object): Promise<Json> =>
    (
      await runAction(raicho, `ticket.${action}`, {
        ...(action === "get" ? {} : { wait: 60 }),
        ...parameters,
      })
    ).result as Json;

  test.skipIf(!present)(
    "D1: a ticket with everything, its sub-ticket, comments, files, links and its way to the end",
    async () => {
      const opened = await act("open", {
        key: "d1",
        summary: "web01 の <b>障害</b> {{ x }}",
        description: "一行目\n{code}*b*{code}\n\n二段落",
        labels: ["alert"],
        component: "DNS",
        priority: "High",
        due: "2026-11-24",
        assignees: ["gone@example.com", "alice@example.com"],
      });
      expect(opened).toMatchObject({ state: "confirmed", created: true, stage: "open" });
      expect(opened["notes"]).toEqual([expect.stringContaining("gone@example.com")]);
      expect(opened["assignee"]).toBe(tracker.account("alice"));
      const again = await act("open", { key: "d1", summary: "another" });
      expect(again).toMatchObject({ key: opened["key"], created: false });

      const sub = await act("open_sub", { key: "d1-sub", parent: opened["ref"], summary: "確認" });
      await act("comment", { ticket: opened["id"], text: "<i>見た</i> {{ y }}" });
      await act("attach", { ticket: opened["ref"], name: "記録.txt", content: "作業ログ\n" });
      const other = await act("open", { key: "d1-other", summary: "web02" });
      await act("link", { ticket: opened["ref"], other: other["id"] });
      await act("update", { ticket: opened["ref"], summary: "web01 (×2)", priority: "Low" });
      await act("assign", { ticket: opened["ref"], assignees: ["leader@example.com"] });
      await act("transition", { ticket: opened["ref"], to: "in_progress" });
      await act("transition", { ticket: opened["ref"], to: "fixed" });
      // Redmine closes nothing that has open sub-tickets.
      await act("transition", { ticket: sub["ref"], to: "closed" });
      await act("transition", { ticket: opened["ref"], to: "closed" });
      const { live, ...known } = (await act("get", { ticket: opened["ref"], live: true })) as {
        live: Json;
      } & Json;
      expect(live).toMatchObject({
        summary: "web01 (×2)",
        component: "DNS",
        priority: "Low",
        category: "done",
        assignee: tracker.account("leader"),
      });
      expect(live["description"]).toContain("一行目\n{code}*b*{code}\n\n二段落");
      const stored = await eventually("the ticket to be read back", async () => {
        const seen = await raicho.get<Json>(`/api/v2/tickets/${String(known["id"])}`);
        return seen["stage"] === "closed" ? seen : undefined;
      });
      expect(stored).toMatchObject({ closed_by: tracker.account("raicho") });
      expect((stored["sub_tickets"] as Json[])[0]).toMatchObject({ key: sub["key"] });
      const seen = await tracker.look(String(opened["key"]));
      expect(seen).toMatchObject({
        comments: expect.arrayContaining(["<i>見た</i> {{ y }}"]) as string[],
        attachments: ["記録.txt"],
        parent: undefined,
      });
      expect((await tracker.look(String(sub["key"]))).parent).toBe(opened["key"]);
    },
    120_000,
  );

  test.skipIf(!present)(
    "E4d: 50 askers at once, with one key, make one ticket",
    async () => {
      const before = await tracker.count();
      const asked = Array.from({ length: 50 }, () =>
        raicho.ask("/v1/executions", {
          method: "POST",
          body: {
            action: "ticket.open",
            parameters: { key: "storm", summary: "one of many", wait: 0 },
          },
        }),
      );
      for (const { status } of await Promise.all(asked)) expect(status).toBe(201);
      await act("open", { key: "storm", summary: "one of many" });
      await settled(raicho);
      expect(await tracker.count()).toBe(before + 1);
    },
    120_000,
  );

  test.skipIf(!present)(
    "what a tracker refuses for good waits for a person, and says why",
    async () => {
      const { body } = await raicho.ask("/v1/executions", {
        method: "POST",
        body: {
          action: "ticket.transition",
          parameters: { ticket: tracker.missing, to: "closed", wait: 60 },
        },
      });
      const { id } = body as { id: string };
      const ended = await eventually(
        "the end",
        async () => {
          const seen = await raicho.get<Json>(`/v1/executions/${id}`);
          return seen["status"] === "succeeded" || seen["status"] === "failed" ? seen : undefined;
        },
        { seconds: 90 },
      );
      expect(JSON.stringify(ended["result"])).toMatch(/refused|404/);
      const refused = await raicho.get<{ items: Json[] }>("/api/v2/tickets?state=refused");
      expect(refused.items).toMatchObject([{ key: tracker.missing }]);
    },
    120_000,
  );
});

/** Resolves when nothing is left to be told to trackers. */
async function settled(raicho: Raicho): Promise<void> {
  await eventually(
    "the trackers to be told all",
    async () => {
      const { items } = await raicho.get<{ items: Json[] }>("/api/v2/tickets?waiting=true");
      return items.length === 0;
    },
    { seconds: 90 },
  );
}
