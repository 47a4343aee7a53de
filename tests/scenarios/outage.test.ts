/** Acceptance 5: 2xx means stored; while the database is away nothing is accepted; afterwards everything accepted is done. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { setTimeout as delay } from "node:timers/promises";
import { type EmbeddedPostgres, startPostgres } from "../../src/store/postgres.ts";
import { eventually } from "../support/eventually.ts";
import {
  alertOf,
  type Counterparts,
  type Execution,
  furnish,
  machine,
  quiet,
  startCounterparts,
  tickets,
} from "../support/main-job-site.ts";
import { nagiosMail } from "../support/monitor-mails.ts";
import {
  type Answer,
  descendants,
  plainRequest,
  type Raicho,
  removeHome,
  startRaicho,
  temporaryHome,
} from "../support/raicho.ts";
import { testRedis, type TestRedis } from "../support/redis.ts";
import { ready } from "./ready.ts";

const queues = [
  { name: "PostgreSQL", redis: undefined },
  { name: "Redis", redis: testRedis },
] as const;

describe.runIf(ready).each(queues)("the database goes away, bells on $name", ({ redis }) => {
  const machines = [machine(1), machine(2), machine(3), machine(4)];
  const home = temporaryHome();
  let server: EmbeddedPostgres;
  let bells: TestRedis | undefined;
  let parts: Counterparts;
  let raicho: Raicho;
  let family: readonly number[];

  beforeAll(async () => {
    server = await startPostgres({ home, port: undefined });
    bells = await redis?.();
    parts = await startCounterparts(machines);
    const env = {
      DATABASE_URL: server.url,
      ...(bells === undefined ? {} : { REDIS_URL: bells.url }),
    };
    raicho = await startRaicho({ configs: parts.configs, env });
    await furnish(raicho, machines, parts.bind);
    family = raicho.family();
  }, 90_000);
  afterAll(async () => {
    await raicho.stop();
    await parts.stop();
    await bells?.[Symbol.asyncDispose]();
    await server.stop();
    removeHome(home);
    removeHome(raicho.home);
  });

  const webhook = async (text: string): Promise<Answer> =>
    raicho.ask("/v1/webhooks/alerts", { method: "POST", body: { text } });

  /** What callers see of an outage; `during` is done while it lasts. */
  async function expectOutage(number: number): Promise<void> {
    const refused = await eventually("a 503", async () => {
      const answer = await webhook("during the outage");
      if (answer.status === 202) throw new Error("still accepted");
      return answer;
    });
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await plainRequest(`${raicho.url}/livez`)).toMatchObject({ status: 200 });
    expect(await plainRequest(`${raicho.url}/readyz`)).toMatchObject({ status: 503 });
    const mail = await raicho.send(nagiosMail({ host: machine(number).host, service: "Refused" }));
    expect(mail.code).toBe(451);
  }

  async function expectRecovery(accepted: number, next: number): Promise<void> {
    await eventually(
      "readiness",
      async () => (await plainRequest(`${raicho.url}/readyz`)).status === 200,
      {
        seconds: 30,
      },
    );
    await eventually("new mail", async () => {
      const { code } = await raicho.send(nagiosMail({ host: machine(next).host }));
      return code === 250;
    });
    await quiet(raicho, 60);
    for (const number of [accepted, next]) {
      expect(tickets(parts, `${machine(number).host}/HTTP`)).toHaveLength(1);
      expect((await alertOf(raicho, machine(number).host))?.ticket).toBeTruthy();
    }
    expect(tickets(parts, "/Refused")).toEqual([]);
    // The same processes as before: nothing crashed.
    expect(raicho.family()).toEqual(expect.arrayContaining(rolesOf(family)) as number[]);
  }

  function rolesOf(pids: readonly number[]): number[] {
    const roles = ["door", "worker"].map((role) => raicho.pidOf(role) ?? 0);
    expect(pids).toEqual(expect.arrayContaining(roles));
    return roles;
  }

  test("it is stopped and started again", async () => {
    const { body } = await webhook("before the outage");
    expect(body).toEqual({ text: "before the outage" });
    expect((await raicho.send(nagiosMail({ host: machine(1).host }))).code).toBe(250);
    const port = Number(new URL(server.url).port);
    await server.stop();
    await expectOutage(1);
    server = await startPostgres({ home, port });
    await expectRecovery(1, 2);
    const stored = await raicho.get<Execution[]>(
      "/v1/executions?action=default.unparsed_to_ticket",
    );
    expect(stored.map(({ status }) => status)).toEqual(["succeeded"]);
  }, 120_000);

  test("it hangs", async () => {
    expect((await raicho.send(nagiosMail({ host: machine(3).host }))).code).toBe(250);
    const frozen = [server.pid, ...descendants(server.pid)];
    for (const pid of frozen) process.kill(pid, "SIGSTOP");
    try {
      expect(await plainRequest(`${raicho.url}/livez`)).toMatchObject({ status: 200 });
      expect(await plainRequest(`${raicho.url}/readyz`)).toMatchObject({ status: 503 });
      const answer = await Promise.race([webhook("while it hangs"), delay(15_000)]);
      expect(answer).toMatchObject({ status: 503 });
    } finally {
      for (const pid of frozen) process.kill(pid, "SIGCONT");
    }
    await expectRecovery(3, 4);
  }, 120_000);
});
