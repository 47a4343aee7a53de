/** Acceptance 3 (and 6): the worker is killed at ten different moments of the main job; each mail still makes one ticket and one drain. */
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import {
  accounts,
  alertOf,
  type Execution,
  type Machine,
  machine,
  quiet,
  type Site,
  startSite,
  stateAt,
  tickets,
} from "../support/main-job-site.ts";
import type { Passing } from "../support/jira-gate.ts";
import { nagiosMail } from "../support/monitor-mails.ts";
import { backends, type Ground } from "./ground.ts";
import { ready } from "./ready.ts";

const moments = [
  "right after the mail was accepted",
  "when the alert is counted",
  "before JIRA sees the ticket",
  "when JIRA has the ticket, before it answers",
  "when JIRA has answered",
  "when the machine is drained",
  "when JIRA has the first comment, before it answers",
  "when the record is gone",
  "when the inventory says failed",
  "while it starts again after the first kill",
] as const;
type Moment = (typeof moments)[number];

function creates({ method, path }: Passing): boolean {
  return method === "POST" && path === "/rest/api/3/issue";
}

function comments({ method, path }: Passing): boolean {
  return method === "POST" && path.endsWith("/comment");
}

describe.runIf(ready).each(backends)(
  "the worker killed, bells on $name",
  ({ name, start: ground }) => {
    let site: Site;
    let under: Ground;
    // On Redis the first of every kind: what the queue holds, what JIRA holds, what the ledger holds.
    const chosen = name === "Redis" ? [0, 3, 5] : moments.map((_, index) => index);
    const machines = moments.map((_, index) => machine(index + 1));

    beforeAll(async () => {
      under = await ground();
      site = await startSite(machines, { env: under.env });
    }, 90_000);
    afterAll(async () => {
      await site.close();
      await under[Symbol.asyncDispose]();
    });

    /** Kills the worker; resolves when the supervisor has another one. */
    async function kill(): Promise<void> {
      const before = await eventually("a worker", () => site.raicho.pidOf("worker"));
      process.kill(before, "SIGKILL");
      await eventually("another worker", () => {
        const now = site.raicho.pidOf("worker");
        return now !== undefined && now !== before;
      });
    }

    const drained = async ({ server }: Machine): Promise<boolean> =>
      site.haproxy !== undefined && (await stateAt(site.haproxy, server)) === "drain";
    const recordGone = ({ record }: Machine): boolean => site.bind?.dig(record, "A") === "";

    /** Lets the worker die at that moment of this machine's alert; resolves when it has. */
    const strike: Record<Moment, (target: Machine, send: () => Promise<void>) => Promise<void>> = {
      "right after the mail was accepted": async (_target, send) => {
        await send();
        await kill();
      },
      "when the alert is counted": async ({ host }, send) => {
        await send();
        await eventually("the alert", async () => alertOf(site.raicho, host), { everyMs: 5 });
        await kill();
      },
      "before JIRA sees the ticket": async (_target, send) => trapped("arrived", creates, send),
      "when JIRA has the ticket, before it answers": async (_target, send) =>
        trapped("done", creates, send),
      "when JIRA has answered": async ({ host }, send) => {
        await send();
        await eventually("the ticket", () => tickets(site, host).length > 0, { everyMs: 1 });
        await kill();
      },
      "when the machine is drained": async (target, send) => {
        await send();
        await eventually("the drain", async () => drained(target), { everyMs: 1 });
        await kill();
      },
      "when JIRA has the first comment, before it answers": async (_target, send) =>
        trapped("done", comments, send),
      "when the record is gone": async (target, send) => {
        await send();
        await eventually("the record to go", () => recordGone(target), { everyMs: 1 });
        await kill();
      },
      "when the inventory says failed": async (target, send) => {
        await send();
        await eventually("the status", async () => (await status(target)) === "failed", {
          everyMs: 1,
        });
        await kill();
      },
      "while it starts again after the first kill": async (_target, send) => {
        await trapped("done", creates, send);
        await kill();
      },
    };

    async function trapped(
      moment: "arrived" | "done",
      fits: (request: Passing) => boolean,
      send: () => Promise<void>,
    ): Promise<void> {
      const sprung = Promise.withResolvers<undefined>();
      site.gate.at(moment, fits, async () => {
        await kill();
        sprung.resolve(undefined);
      });
      await send();
      await sprung.promise;
    }

    async function status({ host }: Machine): Promise<unknown> {
      const found = await site.raicho.get<{ host: { attributes: { status: string } } }>(
        `/api/v2/inventory/hosts?q=${host}`,
      );
      return found.host.attributes.status;
    }

    async function expectOnce(target: Machine): Promise<void> {
      await quiet(site.raicho, 60);
      expect(tickets(site, target.host)).toHaveLength(1);
      expect(tickets(site, target.host)[0]).toMatchObject({ assignee: accounts.alice });
      expect(await alertOf(site.raicho, target.host)).toMatchObject({
        count: 1,
        status: "open",
        ticket: tickets(site, target.host)[0]?.key,
      });
      expect(await drained(target)).toBe(true);
      expect(recordGone(target)).toBe(true);
      expect(await status(target)).toBe("failed");
      // Each step is on the ticket once.
      expect(tickets(site, target.host)[0]?.comments).toEqual([
        `HAProxy: web/${target.server} drained, no new traffic`,
        `DNS: ${target.record} A ${target.address} removed`,
        "Inventory: status set to failed",
      ]);
      const runs = await site.raicho.get<Execution[]>(
        "/v1/executions?action=default.alert_to_ticket",
      );
      const mine = runs.filter(({ parameters }) =>
        JSON.stringify(parameters).includes(target.host),
      );
      expect(mine.map((run) => run.status)).toEqual(["succeeded"]);
    }

    test.each(chosen.map((index) => [moments[index] ?? moments[0], index] as const))(
      "%s",
      async (moment, index) => {
        const target = machines[index] ?? machine(1);
        await strike[moment](target, async () => {
          expect(await site.raicho.send(nagiosMail({ host: target.host }))).toMatchObject({
            code: 250,
          });
        });
        await expectOnce(target);
      },
      90_000,
    );

    if (name !== "Redis") return;
    test("everything in Redis is lost while the mail is on its way", async () => {
      const { host, port } = under.redis ?? { host: "", port: 0 };
      const target = machines.at(-1) ?? machine(1);
      const emptied = Promise.withResolvers<string>();
      site.gate.at("arrived", creates, async () => emptied.resolve(await flushAll(host, port)));
      const mail = nagiosMail({ host: target.host });
      expect(await site.raicho.send(mail)).toMatchObject({ code: 250 });
      await flushAll(host, port);
      expect(await emptied.promise).toContain("+OK");
      await expectOnce(target);
    }, 90_000);
  },
);

async function flushAll(host: string, port: number): Promise<string> {
  const socket = connect(port, host);
  socket.write("FLUSHALL\r\nQUIT\r\n");
  return text(socket);
}
