/** What a site decides about its alerts, through the front door. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  alertsOf,
  counted,
  startAlertSite,
  told,
  toldOf,
  type ListedAlert,
  type ToldAlert,
} from "../support/alert-site.ts";
import { eventually } from "../support/eventually.ts";
import { runAction } from "../support/main-job-site.ts";
import { nagiosMail } from "../support/monitor-mails.ts";
import type { Raicho } from "../support/raicho.ts";

const policies = `
urgency:
  - {name: batch waits, match: {host: "batch*"}, urgency: business_day}
same:
  - {match: {host: "final*"}, reopen: never}
groups:
  - {name: racks, match: {host: "rack*"}, group_by: [source], group_wait: 1s, group_interval: 1s, repeat_interval: 0s}
inhibit:
  - {name: host down, source: {service: PING}, target: {service: HTTP, host: "inh*"}, equal: [host]}
maintenance:
  - {name: never ending, match: {host: "mnt*"}, from: "2020-01-01T00:00:00Z"}
flapping:
  - {name: nervous, match: {host: "flap*"}, changes: 3, within: 10m, settle: 1s}
silent:
  - {name: heartbeat, source: heartbeat, after: 1s, urgency: immediate}
`;
const parser = `
source: heartbeat
match: [{in: subject, contains: HEARTBEAT}]
alert: {summary: "{subject}", status: resolved, service: beat}
`;

describe("alerts at a site", () => {
  let raicho: Raicho;
  beforeAll(async () => {
    raicho = await startAlertSite({
      "alerts/site.yaml": policies,
      "parsers/heartbeat.yaml": parser,
    });
  }, 240_000);
  afterAll(async () => {
    await raicho.stop();
  });

  const send = async (mail: Parameters<typeof nagiosMail>[0]): Promise<void> => {
    expect(await raicho.send(nagiosMail(mail))).toMatchObject({ code: 250 });
  };
  const action = async (path: string, body: object = {}): Promise<Record<string, unknown>> => {
    const answer = await raicho.ask(`/api/v2/alerts${path}`, { method: "POST", body });
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    return answer.body as Record<string, unknown>;
  };

  test("B2: urgency by rule, and who answers for the machine", async () => {
    await send({ host: "batch7" });
    await send({ host: "front7" });
    const [batch] = await toldOf(raicho, "alert.firing", "batch7");
    const [front] = await toldOf(raicho, "alert.firing", "front7");
    expect(batch?.payload).toMatchObject({
      urgency: "business_day",
      urgency_rule: "batch waits",
      entity: null,
      owner: { kind: "unknown" },
    });
    expect(front?.payload).toMatchObject({ urgency: "immediate", count: 1, suppressed_by: [] });
  });

  test("A3: a mail that no parser knows is an alert, is kept as it came, and is read again when there is a parser", async () => {
    const mail =
      "From: a@b.example\r\nSubject: =?UTF-8?B?44Gq44Ge?=\r\nMessage-ID: <odd1@x>\r\n\r\nwhat {{ is }} this\r\n";
    await raicho.send(mail);
    const [event] = await eventually("the event", async () => {
      const all = await told(raicho, "alert.unparsed");
      return all.length > 0 ? all : undefined;
    });
    expect(event?.payload).toMatchObject({
      class: "unparsed",
      reason: "no parser matches",
      summary: "なぞ",
      count: 1,
    });
    // It is kept behind its event.
    const kept = await eventually("the message to be kept", async () => {
      const path = "/api/v2/alerts/messages?unparsed=true";
      return (await raicho.get<{ items: { key: string; ref: string }[] }>(path)).items[0];
    });
    const raw = await raicho.ask(
      `/api/v2/alerts/messages/${encodeURIComponent(kept.key)}?raw=true`,
    );
    expect(raw.body).toContain("Message-ID: <odd1@x>\r\n\r\nwhat {{ is }} this\r\n");
    const again = await action("/replay", { unparsed: true, dry_run: true });
    expect(again).toMatchObject({ replayed: 1, results: [{ parsed: false }] });
  });

  test("A3: a mail that could not be read when it came is read anew from its bytes, and becomes its alert once", async () => {
    const bytes = nagiosMail({ host: "late1", service: "ディスク" });
    const mail = {
      subject: "** PROBLEM",
      from: "nagios@mon.example.jp",
      text: "",
      raw: Buffer.from(bytes).toString("base64"),
      parse_error: "stopped after 5 s",
    };
    await runAction(raicho, "alert.receive", { mail, message_key: "late1@x" });
    const path = `/api/v2/alerts/messages/${encodeURIComponent("late1@x")}`;
    expect(await raicho.get(path)).toMatchObject({ parser: null, reason: "stopped after 5 s" });
    const shown = await action("/replay", { message: "late1@x", dry_run: true });
    expect(shown).toMatchObject({ results: [{ parsed: true, parser: "alert.nagios" }] });
    expect(await alertsOf(raicho, "late1")).toEqual([]);
    await action("/replay", { message: "late1@x" });
    await action("/replay", { message: "late1@x" });
    expect(await alertsOf(raicho, "late1")).toMatchObject([{ service: "ディスク", count: 1 }]);
    expect(await raicho.get(path)).toMatchObject({ parser: "alert.nagios", reason: null });
    expect(await toldOf(raicho, "alert.firing", "late1")).toHaveLength(1);
  });

  test("A5: a recovery closes the open alert and opens none", async () => {
    await send({ host: "rec1", type: "RECOVERY" });
    await send({ host: "rec2" });
    await toldOf(raicho, "alert.firing", "rec2");
    await send({ host: "rec2", type: "RECOVERY" });
    await toldOf(raicho, "alert.resolved", "rec2");
    expect(await alertsOf(raicho, "rec1")).toEqual([]);
    expect(await alertsOf(raicho, "rec2")).toMatchObject([{ status: "resolved", count: 1 }]);
  });

  test("A5: a recovery that overtook its problem closes it, also over midnight of the site", async () => {
    await send({ host: "rec3", type: "RECOVERY", at: new Date("2026-11-20T15:00:05Z") });
    await send({ host: "rec3", at: new Date("2026-11-20T14:59:58Z") });
    await toldOf(raicho, "alert.firing", "rec3");
    await toldOf(raicho, "alert.resolved", "rec3");
    expect(await alertsOf(raicho, "rec3")).toMatchObject([{ status: "resolved", count: 1 }]);
  });

  test("A6: a source that falls silent is an alert, and over when it is heard again", async () => {
    const [event] = await eventually("the silence", async () => {
      const all = await told(raicho, "alert.source_silent");
      return all.length > 0 ? all : undefined;
    });
    expect(event?.payload).toMatchObject({
      class: "source_silent",
      service: "heartbeat",
      urgency: "immediate",
      rule: "heartbeat",
    });
    await raicho.send("From: a@b\r\nSubject: HEARTBEAT\r\nMessage-ID: <hb1@x>\r\n\r\n.\r\n");
    await eventually("the recovery", async () =>
      (await told(raicho, "alert.resolved")).find(
        ({ payload }) => payload["class"] === "source_silent",
      ),
    );
  });

  test("E2: 200 identical mails in parallel are one alert, told once", async () => {
    const mails = Array.from({ length: 200 }, () => nagiosMail({ host: "storm1" }));
    await Promise.all(mails.map((mail) => insist(raicho, mail)));
    await counted(raicho, "storm1", 200);
    const firing = await toldOf(raicho, "alert.firing", "storm1");
    expect(firing).toHaveLength(1);
    expect(await toldOf(raicho, "alert.repeated", "storm1", 199)).toHaveLength(199);
    expect(await alertsOf(raicho, "storm1")).toMatchObject([{ count: 200, status: "open" }]);
  }, 600_000);

  test("E3: a recovery that is final makes the next report an alert of its own", async () => {
    await send({ host: "final1", at: minutesAgo(3) });
    await toldOf(raicho, "alert.firing", "final1");
    await send({ host: "final1", type: "RECOVERY", at: minutesAgo(2) });
    await toldOf(raicho, "alert.resolved", "final1");
    await send({ host: "final1", at: minutesAgo(1) });
    const firing = await toldOf(raicho, "alert.firing", "final1", 2);
    expect(firing[1]?.payload.day).toBe(`${firing[0]?.payload.day}.02`);
  });

  test("a silence holds back, and what is still open is told when it ends", async () => {
    const silence = await action("/silences", {
      match: { host: "sil*" },
      for: "1h",
      comment: "disk swap",
    });
    await send({ host: "sil1" });
    const held = await counted(raicho, "sil1", 1);
    expect(held.suppressed_by).toEqual([{ by: "silence", name: silence["id"] }]);
    await toldOf(raicho, "alert.suppressed", "sil1");
    // Somebody looks after it meanwhile: it is held back all the same.
    expect(await action(`/${held.id}/acknowledge`)).toMatchObject({ status: "acked" });
    expect(await alertsOf(raicho, "sil1")).toMatchObject([{ suppressed_by: held.suppressed_by }]);
    expect(
      (await told(raicho, "alert.firing")).filter(({ payload }) => payload.host_raw === "sil1"),
    ).toEqual([]);
    const ended = await raicho.ask(`/api/v2/alerts/silences/${String(silence["id"])}`, {
      method: "DELETE",
    });
    expect(ended.body).toMatchObject({ state: "ended" });
    const [event] = await toldOf(raicho, "alert.firing", "sil1");
    expect(event?.payload).toMatchObject({ released: true, count: 1, suppressed_by: [] });
  });

  test("maintenance of a policy holds back; what recovers meanwhile is never told", async () => {
    await send({ host: "mnt1", at: new Date(Date.now() - 60_000) });
    await toldOf(raicho, "alert.suppressed", "mnt1");
    await send({ host: "mnt1", type: "RECOVERY" });
    await eventually("the recovery", async () =>
      (await alertsOf(raicho, "mnt1")).find(({ status }) => status === "resolved"),
    );
    for (const trigger of ["alert.firing", "alert.resolved"])
      expect(
        (await told(raicho, trigger)).filter(({ payload }) => payload.host_raw === "mnt1"),
      ).toEqual([]);
  });

  test("a service is not told while its host is down, and told when the host is back", async () => {
    const ago = new Date(Date.now() - 60_000);
    await send({ host: "inh1", service: "PING", at: ago });
    await toldOf(raicho, "alert.firing", "inh1");
    await send({ host: "inh1", service: "HTTP", at: ago });
    const [held] = await toldOf(raicho, "alert.suppressed", "inh1");
    expect(held?.payload["suppressed_by"]).toMatchObject([{ by: "inhibition", name: "host down" }]);
    await send({ host: "inh1", service: "PING", type: "RECOVERY" });
    const firing = await toldOf(raicho, "alert.firing", "inh1", 2);
    expect(firing[1]?.payload).toMatchObject({ service: "HTTP", released: true });
  });

  test("flapping is told once at its beginning and once when it settles", async () => {
    await send({ host: "flap1", at: minutesAgo(4) });
    await toldOf(raicho, "alert.firing", "flap1");
    await send({ host: "flap1", type: "RECOVERY", at: minutesAgo(3) });
    await toldOf(raicho, "alert.resolved", "flap1");
    await send({ host: "flap1", at: minutesAgo(2) });
    const flapping = await toldOf(raicho, "alert.flapping", "flap1", 2);
    expect(flapping.map(({ payload }) => payload["flapping"])).toEqual([true, false]);
    // It is still open: rules hear of that now.
    const [again] = await toldOf(raicho, "alert.repeated", "flap1");
    expect(again?.payload).toMatchObject({ released: true, reopened: true });
  });

  test("a group is told together, again when it changes, and when it is over", async () => {
    const ago = new Date(Date.now() - 60_000);
    await Promise.all([send({ host: "rack1", at: ago }), send({ host: "rack2", at: ago })]);
    const [opened] = await groupEvents(raicho, "opened");
    expect(opened?.payload).toMatchObject({ group_key: 'racks{source="nagios"}' });
    await send({ host: "rack3", at: ago });
    await groupEvents(raicho, "updated");
    for (const host of ["rack1", "rack2", "rack3"]) await send({ host, type: "RECOVERY" });
    await groupEvents(raicho, "closed");
  });

  test("acknowledged and closed by hand", async () => {
    await send({ host: "hand1" });
    const { id } = await counted(raicho, "hand1", 1);
    expect(await action(`/${id}/acknowledge`, { comment: "見ています" })).toMatchObject({
      status: "acked",
    });
    const [event] = await toldOf(raicho, "alert.acknowledged", "hand1");
    expect(event?.payload).toMatchObject({ comment: "見ています", id });
    expect(await action(`/${id}/resolve`)).toMatchObject({
      status: "resolved",
    } satisfies Partial<ListedAlert>);
    await toldOf(raicho, "alert.resolved", "hand1");
    const whole = await raicho.get<{ occurrences: { effect: string }[] }>(`/api/v2/alerts/${id}`);
    expect(whole.occurrences.map(({ effect }) => effect).toSorted()).toEqual([
      "ack",
      "firing",
      "resolved",
    ]);
  });

  test("what cannot be is refused in words", async () => {
    expect(
      JSON.stringify(
        await refused(raicho, "/silences", { match: { hots: "x" }, for: "1h", comment: "x" }),
      ),
    ).toContain('did you mean \\"host\\"?');
    expect(JSON.stringify(await refused(raicho, "/nothing/acknowledge", {}))).toContain(
      "There is no alert",
    );
  });
});

function minutesAgo(minutes: number): Date {
  return new Date(Date.now() - minutes * 60_000);
}

function groupEvents(raicho: Raicho, event: string): Promise<readonly ToldAlert[]> {
  return eventually(
    event,
    async () => {
      const all = await told(raicho, `alert.group.${event}`);
      return all.length > 0 ? all : undefined;
    },
    { seconds: 240, everyMs: 200 },
  );
}

async function refused(raicho: Raicho, path: string, body: object): Promise<unknown> {
  return (await raicho.ask(`/api/v2/alerts${path}`, { method: "POST", body })).body;
}

/** As a mail server does: what is put off (421, above 100 connections) is sent again. */
async function insist(raicho: Raicho, mail: string): Promise<void> {
  await eventually("the mail to be taken", async () => (await raicho.send(mail)).code === 250, {
    seconds: 240,
    everyMs: 200,
  });
}
