/** Call chains between real SIP phones: order, keys, loops, and a worker that dies while it rings; and an urgent alert on its way to people. */
import { createServer, type Server } from "node:http";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCallee, startCaller, type Callee, type SipPhone } from "../support/baresip.ts";
import { eventually } from "../support/eventually.ts";
import { alertsOf } from "../support/alert-site.ts";
import { startJiraFake, type JiraFake } from "../support/jira-fake.ts";
import { accounts } from "../support/main-job-site.ts";
import { nagiosMail } from "../support/monitor-mails.ts";
import { needs } from "../support/needs.ts";
import { startRaicho, type Raicho } from "../support/raicho.ts";

interface Ended {
  readonly status: string;
  readonly result: {
    readonly output: {
      readonly who: string | null;
      readonly key: string | null;
      readonly log: readonly object[];
    };
  };
}

describe.skipIf(!needs("baresip") || !needs("espeak-ng"))("call chains and escalation", () => {
  let raicho: Raicho;
  let caller: SipPhone;
  let jira: JiraFake;
  let room: Server;
  const posts: string[] = [];
  const callees: Callee[] = [];
  beforeAll(async () => {
    [caller, jira] = await Promise.all([startCaller(), startJiraFake()]);
    room = createServer((request, response) => {
      json(request).then(
        (body) => {
          posts.push((body as { text: string }).text);
          return response.end("ok");
        },
        () => response.end(),
      );
    });
    const url = await new Promise<string>((resolve) => {
      room.listen(0, "127.0.0.1", () => {
        const address = room.address();
        resolve(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
      });
    });
    raicho = await startRaicho({
      configs: {
        phone: { host: "127.0.0.1", port: caller.port },
        chat: { targets: [{ name: "ops", kind: "slack", url }] },
        escalation: {
          rooms: ["ops"],
          phone: true,
          max_loops: 1,
          retry_s: 1,
          ring_s: 60,
          answer_s: 20,
        },
        inventory: { default_leader: "leader" },
        ticket: { coalesce_seconds: 1, settle_seconds: 2, poll_seconds: 1 },
        jira: {
          url: jira.url,
          username: jira.user,
          token: jira.token,
          project: jira.project,
          deployment: "cloud",
        },
      },
      args: ["--workers", "2"],
    });
  }, 240_000);
  afterAll(async () => {
    await raicho.stop();
    await Promise.all([caller, ...callees].map((phone) => phone.stop()));
    await jira.stop();
    room.close();
  });

  const callee = async (...given: Parameters<typeof startCallee>) => {
    const phone = await startCallee(...given);
    callees.push(phone);
    return phone;
  };
  const begin = async (order: readonly object[], more = {}): Promise<string> => {
    const parameters = { order, text: "障害です", ring_s: 60, answer_s: 20, retry_s: 1, ...more };
    const { status, body } = await raicho.ask("/v1/executions", {
      method: "POST",
      body: { action: "phone.call_chain", parameters },
    });
    expect(status, JSON.stringify(body)).toBe(201);
    return (body as { id: string }).id;
  };
  const end = (id: string): Promise<Ended> =>
    eventually(
      "the end of the chain",
      async () => {
        const seen = await raicho.get<Ended>(`/v1/executions/${id}`);
        return ["succeeded", "failed", "abandoned", "timeout"].includes(seen.status)
          ? seen
          : undefined;
      },
      { seconds: 240, everyMs: 500 },
    );

  test("E5: one declines, one passes it on, the third takes it", async () => {
    const [busy, next, takes] = [
      await callee("sato", "busy"),
      await callee("suzuki", "2"),
      await callee("yamada", "1"),
    ];
    const order = [
      { name: "佐藤", to: busy.address },
      { name: "鈴木", to: next.address },
      { name: "山田", to: takes.address },
    ];
    const { status, result } = await end(await begin(order));
    expect(status).toBe("succeeded");
    expect(result.output).toMatchObject({
      who: "山田",
      key: "take",
      log: [
        { name: "佐藤", round: 1, outcome: "declined" },
        { name: "鈴木", round: 1, outcome: "key", key: "2" },
        { name: "山田", round: 1, outcome: "key", key: "1" },
      ],
    });
  }, 300_000);

  test("E5: nobody takes it: as many rounds as said; a key ends it for all", async () => {
    const passes = await callee("tanaka", "2");
    const nobody = await end(await begin([{ name: "田中", to: passes.address }], { max_loops: 2 }));
    expect(nobody.result.output).toMatchObject({
      who: null,
      key: null,
      log: [{ round: 1 }, { round: 2 }],
    });
    const leaves = await callee("ito", "3");
    const left = await end(
      await begin([
        { name: "伊藤", to: leaves.address },
        { name: "田中", to: passes.address },
      ]),
    );
    expect(left.result.output).toMatchObject({
      who: "伊藤",
      key: "leave",
      log: [{ name: "伊藤" }],
    });
  }, 300_000);

  test("E5: a worker that dies while it rings: nobody is called twice, the next one is called", async () => {
    const [away, takes] = [await callee("kato", "away"), await callee("mori", "1")];
    const id = await begin(
      [
        { name: "加藤", to: away.address },
        { name: "森", to: takes.address },
      ],
      { max_loops: 1 },
    );
    await eventually("it to ring", () => away.rings() > 0, { seconds: 120 });
    const running = await raicho.get<readonly { id: string; action: { ref: string } }[]>(
      "/v1/executions?status=running&limit=50",
    );
    expect(running.map(({ action }) => action.ref)).toContain("phone.call");
    for (const pid of raicho.family()) {
      const role = raicho.pidOf("worker");
      if (pid === role) process.kill(pid, "SIGKILL");
    }
    const { result } = await end(id);
    expect(away.rings()).toBe(1);
    expect(result.output.log.length).toBeGreaterThan(0);
    expect(result.output).toMatchObject({ who: "森", key: "take" });
  }, 400_000);

  /** Who answers for a machine: a declining owner, and whoever is on call by the rota of the team. */
  const staff = async (host: string, phones: Readonly<Record<string, string>>): Promise<void> => {
    const person = (login: string, name: string) => ({
      type: "Person",
      set: {
        login,
        name,
        mail: `${login}@example.com`,
        ...(phones[login] === undefined ? {} : { phone: phones[login] }),
        ...(login === "alice" ? { jira_account: accounts.alice } : {}),
      },
    });
    const rota = { every: "P7D", from: "2026-01-05", order: ["alice"] };
    const escalation = [{ label: "lead", ref: "leader" }];
    const items = [
      person("owner", "佐藤"),
      person("alice", "Alice 山田"),
      person("leader", "The Leader"),
      { type: "Team", set: { code: "web", name: "Web", lead: "leader", members: ["owner"] } },
      { type: "OnCall", set: { name: "web", team: "web", rotation: rota, escalation } },
      { type: "Team", set: { code: "web", oncall: "web" } },
      { type: "VirtualMachine", set: { hostname: host, owner: { login: "owner" } } },
    ];
    const { status, body } = await raicho.ask("/api/v2/inventory/upsert", {
      method: "POST",
      body: { items },
    });
    const { results = [] } = body as { results?: { error?: string }[] };
    expect({ status, faults: results.filter(({ error }) => error !== undefined) }).toEqual({
      status: 200,
      faults: [],
    });
  };

  test("E1, E5, E6: an urgent alert is posted, the owner declines, who is on call takes it; ticket, assignee and alert know", async () => {
    const [busy, takes, unused] = [
      await callee("owner", "busy"),
      await callee("oncall", "1"),
      await callee("leader", "1"),
    ];
    await staff("web21.auction", {
      owner: busy.address,
      alice: takes.address,
      leader: unused.address,
    });
    await raicho.send(nagiosMail({ host: "web21.auction", service: "HTTP", state: "CRITICAL" }));
    const alert = await eventually(
      "the alert to be taken",
      async () =>
        (await alertsOf(raicho, "web21.auction")).find(({ status }) => status === "acked"),
      { seconds: 200, everyMs: 500 },
    );
    const key = String(alert["ticket"]);
    const issue = await eventually(
      "the ticket to be told",
      () => {
        const found = jira.issues.get(key);
        const said = JSON.stringify(found?.comments ?? []);
        const assigned = JSON.stringify(found?.values["assignee"] ?? null).includes(accounts.alice);
        if (said.includes("電話で引き受けました") && assigned) return said;
        throw new Error(`${said} ${JSON.stringify(found?.values["assignee"])}`);
      },
      { seconds: 120, everyMs: 500 },
    );
    expect(issue).toContain("Alice 山田 さんが電話で引き受けました");
    expect(issue).toContain("佐藤: 拒否");
    expect([busy.rings(), unused.rings()]).toEqual([1, 0]);
    expect(posts[0]).toContain("【緊急アラート】");
    expect(posts[0]).toContain("佐藤 → Alice 山田 → The Leader");
    expect(posts.at(-1)).toContain("Alice 山田 さんが電話で引き受けました");
  }, 400_000);

  test("E1: nobody is called for what somebody acknowledged while it rang", async () => {
    const [away, unused] = [await callee("owner2", "away"), await callee("oncall2", "1")];
    await staff("web22.auction", { owner: away.address, alice: unused.address });
    await raicho.send(nagiosMail({ host: "web22.auction", service: "HTTP", state: "CRITICAL" }));
    await eventually("it to ring", () => away.rings() > 0, { seconds: 200 });
    const [alert] = await alertsOf(raicho, "web22.auction");
    await raicho.ask(`/api/v2/alerts/${alert?.id}/acknowledge`, { method: "POST", body: {} });
    away.decline();
    await eventually(
      "the ticket to be told",
      async () => {
        const [seen] = await alertsOf(raicho, "web22.auction");
        const issue = jira.issues.get(String(seen?.["ticket"]));
        return JSON.stringify(issue?.comments ?? []).includes("対応者がいるため、電話をやめました");
      },
      { seconds: 200, everyMs: 500 },
    );
    expect(unused.rings()).toBe(0);
  }, 400_000);
});
