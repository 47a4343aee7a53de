/** Acceptance 3: everything is killed at each step of an escalation. Each alert is taken by phone in the end, has one ticket, and nobody is called twice in a round. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startAmiFake, type AmiFake } from "../support/ami-fake.ts";
import { alertsOf } from "../support/alert-site.ts";
import { eventually } from "../support/eventually.ts";
import { tickets } from "../support/main-job-site.ts";
import { nagiosMail } from "../support/monitor-mails.ts";
import { needs } from "../support/needs.ts";
import { startTicketSite, type TicketSite } from "../support/ticket-site.ts";

const moments = [
  "JIRA has the ticket",
  "the room was told",
  "the owner's phone rings",
  "the leader pressed the key",
  "the ticket says who took it",
] as const;
const rounds = 2;
const hostOf = (number: number): string => `esc0${number}.auction`;

/** The owner does not take off, the leader takes it. */
function people(number: number): readonly { readonly type: string; readonly set: object }[] {
  const person = (role: string, phone: string) => ({
    type: "Person",
    set: {
      login: `${role}${number}`,
      name: `${role} ${number}`,
      mail: `${role}${number}@example.com`,
      phone: `PJSIP/${phone}_${number}@fake`,
    },
  });
  const [owner, leader] = [`owner${number}`, `leader${number}`];
  return [
    person("owner", "away"),
    person("leader", "key1"),
    { type: "Team", set: { code: `t${number}`, name: "Web", lead: leader, members: [owner] } },
    { type: "VirtualMachine", set: { hostname: hostOf(number), owner: { login: owner } } },
  ];
}

describe.skipIf(!needs("espeak-ng"))("an escalation whose processes are killed", () => {
  let ami: AmiFake;
  let room: Server;
  let site: TicketSite;
  const posts: string[] = [];
  const sounds = mkdtempSync(join(tmpdir(), "raicho-sounds-"));

  beforeAll(async () => {
    ami = await startAmiFake();
    room = createServer((request, response) => {
      void text(request).then((body) => {
        posts.push(body);
        return response.end("ok");
      });
    });
    const url = await new Promise<string>((resolve) => {
      room.listen(0, "127.0.0.1", () => {
        const address = room.address();
        resolve(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
      });
    });
    site = await startTicketSite(
      { coalesce_seconds: 1, settle_seconds: 2, poll_seconds: 1 },
      {
        configs: {
          phone: {
            driver: "asterisk",
            port: ami.port,
            user: ami.user,
            password: ami.password,
            dial: "PJSIP/{number}@fake",
            sounds,
          },
          chat: { targets: [{ name: "ops", kind: "slack", url }] },
          escalation: {
            rooms: ["ops"],
            phone: true,
            max_loops: rounds,
            retry_s: 1,
            ring_s: 2,
            answer_s: 2,
          },
        },
      },
    );
    const items = moments.flatMap((_, index) => people(index + 1));
    const { status, body } = await site.raicho.ask("/api/v2/inventory/upsert", {
      method: "POST",
      body: { items },
    });
    const { results = [] } = body as { results?: { error?: string }[] };
    if (status !== 200 || results.some(({ error }) => error !== undefined))
      throw new Error(`the inventory was not made: ${JSON.stringify(body)}`);
  }, 240_000);
  afterAll(async () => {
    await site.stop();
    await ami.stop();
    room.close();
    rmSync(sounds, { recursive: true, force: true });
  }, 60_000);

  const dialled = (number: number, manner: string): number =>
    ami.dialled.filter((one) => one === `PJSIP/${manner}_${number}@fake`).length;
  const comments = (number: number): string =>
    JSON.stringify(tickets(site, `${hostOf(number)}/`).flatMap((one) => one.comments));

  const come: Readonly<Record<(typeof moments)[number], (number: number) => boolean>> = {
    "JIRA has the ticket": (number) => tickets(site, `${hostOf(number)}/`).length > 0,
    "the room was told": (number) => posts.some((post) => post.includes(hostOf(number))),
    "the owner's phone rings": (number) => dialled(number, "away") > 0,
    "the leader pressed the key": (number) => dialled(number, "key1") > 0,
    "the ticket says who took it": (number) => comments(number).includes(`leader ${number}`),
  };

  test.each(moments.map((moment, index) => [moment, index + 1] as const))(
    "E1, E5: everything is killed when %s; it is taken, in one ticket, and nobody was called twice in a round",
    async (moment, number) => {
      const host = hostOf(number);
      const mail = nagiosMail({ host, service: "HTTP", state: "CRITICAL" });
      expect(await site.raicho.send(mail)).toMatchObject({ code: 250 });
      await eventually(moment, () => come[moment](number), { seconds: 120, everyMs: 5 });
      await site.raicho.kill();
      await site.restart();
      await eventually(
        "the alert to be taken",
        async () => (await alertsOf(site.raicho, host)).some(({ status }) => status === "acked"),
        { seconds: 240, everyMs: 500 },
      );
      await eventually(
        "the ticket to say so",
        () => comments(number).includes(`leader ${number}`),
        {
          seconds: 120,
          everyMs: 250,
        },
      );
      expect(tickets(site, `${host}/`)).toHaveLength(1);
      expect(dialled(number, "away")).toBeLessThanOrEqual(rounds);
      expect(dialled(number, "key1")).toBeGreaterThan(0);
      expect(dialled(number, "key1")).toBeLessThanOrEqual(rounds);
    },
    900_000,
  );
});
