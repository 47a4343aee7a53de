/** Real monitors: what they tell becomes alerts and tickets, and what people do about these is told to them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { alertsOf, told, type ListedAlert } from "../support/alert-site.ts";
import type { Silence } from "../support/alertmanager.ts";
import { eventually } from "../support/eventually.ts";
import { runAction } from "../support/main-job-site.ts";
import { machine, startMonitorSite, type MonitorSite } from "../support/monitor-site.ts";
import { needs } from "../support/needs.ts";

const here = ["nagios4", "icinga2", "prometheus-alertmanager", "curl", "openssl"].every(needs);

describe.skipIf(!here)("real monitors", () => {
  let site: MonitorSite;
  beforeAll(async () => {
    site = await startMonitorSite();
  }, 240_000);
  afterAll(async () => {
    await site.stop();
  }, 60_000);

  const alert = (source: string, service: string, fits: (seen: ListedAlert) => boolean) =>
    eventually(
      `the alert ${source} ${service}`,
      async () => {
        const { items } = await site.raicho.get<{ items: readonly ListedAlert[] }>(
          `/api/v2/alerts?source=${source}`,
        );
        const found = items.find((one) => one["service"] === service);
        if (found !== undefined && fits(found)) return found;
        throw new Error(JSON.stringify(found ?? items));
      },
      { seconds: 60, everyMs: 200 },
    );
  const ticketOf = async (source: string, service: string): Promise<string> => {
    const seen = await alert(source, service, ({ ticket }) => String(ticket).startsWith("OPS-"));
    return String(seen["ticket"]);
  };
  const comment = (key: string, words: string) =>
    eventually(
      `the comment ${words} at ${key}`,
      () => {
        const said = JSON.stringify(site.jira.issues.get(key)?.comments ?? []);
        if (said.includes(words)) return true;
        throw new Error(said);
      },
      { seconds: 60, everyMs: 200 },
    );
  const acknowledge = async (id: string, words: string): Promise<void> => {
    const { status } = await site.raicho.ask(`/api/v2/alerts/${id}/acknowledge`, {
      method: "POST",
      body: { comment: words },
    });
    expect(status).toBe(200);
  };
  const nagiosKnows = (what: string) =>
    eventually(
      `Nagios to know ${what}`,
      () => {
        if (site.nagios.status().includes(what)) return true;
        throw new Error(site.nagios.status().slice(-3_000));
      },
      { seconds: 60, everyMs: 200 },
    );
  const service = async (name: string): Promise<Record<string, unknown>> => {
    const path = `/v1/objects/services/${machine}!${name}`;
    const { results } = (await site.icinga2.ask("GET", path)) as {
      results: { attrs: Record<string, unknown> }[];
    };
    return results[0]?.attrs ?? {};
  };
  const silence = (what: string, fits: (one: Silence) => boolean) =>
    eventually(
      what,
      async () => {
        const all = await site.alertmanager.silences();
        const found = all.find((one) => one.status.state !== "expired" && fits(one));
        if (found === undefined) throw new Error(JSON.stringify(all));
        return found;
      },
      { seconds: 60, everyMs: 200 },
    );
  const checked = (name: string, state: number, output: string): void =>
    site.nagios.command(`PROCESS_SERVICE_CHECK_RESULT;${machine};${name};${state};${output}`);

  test("A2, A5, E1: mail of Nagios, whose ticket is told of the recovery; the acknowledgement finds the host by its alias", async () => {
    checked("DISK", 2, "DISK CRITICAL - /var 99%");
    const key = await ticketOf("nagios", "DISK");
    const seen = await alert("nagios", "DISK", () => true);
    expect(seen).toMatchObject({
      host_raw: `${machine}.auction`,
      severity: "critical",
      detail: "DISK CRITICAL - /var 99%",
      status: "open",
    });
    await acknowledge(seen.id, "見ています; 交換します");
    await nagiosKnows("comment_data=見ています; 交換します (raicho alert:");
    expect(site.nagios.status()).toContain("problem_has_been_acknowledged=1");
    checked("DISK", 0, "DISK OK");
    await alert("nagios", "DISK", ({ status }) => status === "resolved");
    await comment(key, "Recovered at");
  }, 240_000);

  test("A2: Nagios by curl; what is acknowledged there is noted here and on the ticket", async () => {
    checked("HTTP", 2, "Connection refused");
    const key = await ticketOf("nagios", "HTTP");
    site.nagios.command(`ACKNOWLEDGE_SVC_PROBLEM;${machine};HTTP;2;1;0;佐藤;調べています`);
    await alert("nagios", "HTTP", ({ status }) => status === "acked");
    const event = (await told(site.raicho, "alert.acknowledged")).find(
      ({ payload }) => payload["noted_in"] === "nagios",
    );
    expect(event?.payload).toMatchObject({ by: "佐藤", comment: "調べています", service: "HTTP" });
    await comment(key, "佐藤");
    checked("HTTP", 0, "HTTP OK");
    await alert("nagios", "HTTP", ({ status }) => status === "resolved");
  }, 240_000);

  test("A2: Icinga 2 by curl; who takes the ticket looks after the problem there", async () => {
    await site.icinga2.result(machine, "HTTP", 2, 'say "no" $HOME `x`');
    const key = await ticketOf("icinga2", "HTTP");
    const seen = await alert("icinga2", "HTTP", () => true);
    expect(seen).toMatchObject({ detail: 'say "no" $HOME `x`', severity: "critical" });
    expect((await service("HTTP"))["acknowledgement"]).toBe(0);
    site.jira.act("alice", key, "Start Progress");
    await eventually(
      "the acknowledgement",
      async () => (await service("HTTP"))["acknowledgement"] === 1,
      {
        seconds: 60,
        everyMs: 200,
      },
    );
    const { results } = (await site.icinga2.ask("GET", "/v1/objects/comments")) as {
      results: { attrs: { author: string; text: string } }[];
    };
    expect(results.map(({ attrs }) => attrs.author)).toContain("Alice 山田");
    expect((await alert("icinga2", "HTTP", () => true)).status).toBe("acked");
    await site.icinga2.result(machine, "HTTP", 0, "fine");
    await alert("icinga2", "HTTP", ({ status }) => status === "resolved");
    await comment(key, "Recovered at");
  }, 240_000);

  test("A2: Icinga 2 acknowledges; the downtime that is told takes nothing over", async () => {
    await site.icinga2.result(machine, "DISK", 1, "full");
    await alert("icinga2", "DISK", ({ status }) => status === "open");
    const about = {
      type: "Service",
      filter: "service.name == s",
      filter_vars: { s: "DISK" },
      author: "鈴木",
    };
    const now = Math.floor(Date.now() / 1_000);
    const span = { start_time: now - 1, end_time: now + 600, duration: 600 };
    await site.icinga2.ask("POST", "/v1/actions/schedule-downtime", {
      ...about,
      ...span,
      comment: "x",
    });
    const downtime = await eventually("the notice", async () => {
      const { items } = await site.raicho.get<{ items: readonly ListedAlert[] }>(
        `/api/v2/alerts?source=icinga2&status=open`,
      );
      const id = items.find((one) => one["service"] === "DISK")?.id ?? "";
      const { occurrences } = await site.raicho.get<{ occurrences: readonly { effect: string }[] }>(
        `/api/v2/alerts/${id}`,
      );
      return occurrences.some(({ effect }) => effect === "ack");
    });
    expect(downtime).toBe(true);
    await site.icinga2.ask("POST", "/v1/actions/remove-downtime", {
      type: "Service",
      filter: about.filter,
      filter_vars: about.filter_vars,
    });
    await site.icinga2.ask("POST", "/v1/actions/acknowledge-problem", {
      ...about,
      comment: "見ます",
      notify: true,
    });
    await alert("icinga2", "DISK", ({ status }) => status === "acked");
  }, 240_000);

  test("A2: Alertmanager; what is acknowledged is silenced there until it is over, which is noticed", async () => {
    const labels = { alertname: "HighLoad", instance: `${machine}:9100`, severity: "critical" };
    await site.alertmanager.fire(labels, { annotations: { summary: "load 40" } });
    const seen = await alert("alertmanager", "HighLoad", ({ status }) => status === "open");
    await acknowledge(seen.id, "見ています");
    const made = await silence("the silence", ({ comment: words }) =>
      words.startsWith("見ています"),
    );
    expect(Object.fromEntries(made.matchers.map(({ name, value }) => [name, value]))).toEqual(
      labels,
    );
    expect(made.createdBy).toBe("admin");
    await site.alertmanager.fire(labels, { endsAt: new Date(Date.now() - 1_000).toISOString() });
    await alert("alertmanager", "HighLoad", ({ status }) => status === "resolved");
    await eventually("the silence to end", async () =>
      (await site.alertmanager.silences()).every(
        ({ comment: words, status }) =>
          !words.startsWith("見ています") || status.state === "expired",
      ),
    );
  }, 240_000);

  test("a maintenance window of the inventory is in all monitors, follows its changes and goes with it", async () => {
    const made = await site.raicho.ask("/api/v2/inventory/entries", {
      method: "POST",
      body: {
        type: "MaintenanceWindow",
        attributes: { name: "ディスク交換", start: hour(1), end: hour(2), targets: ["auction"] },
      },
    });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    const { id } = (made.body as { entry: { id: string } }).entry;
    await nagiosKnows(`comment=(raicho window:${id})`);
    const ofIcinga = async (): Promise<readonly { start_time: number; comment: string }[]> => {
      const answer = (await site.icinga2.ask("GET", "/v1/objects/downtimes")) as {
        results: { attrs: { start_time: number; comment: string } }[];
      };
      return answer.results.map(({ attrs }) => attrs).filter((one) => one.comment.includes(id));
    };
    // The host, and its two services.
    await eventually("Icinga's downtimes", async () => (await ofIcinga()).length === 3, {
      seconds: 60,
    });
    const first = await silence("the silence", ({ comment: words }) => words.includes(id));
    expect(first.matchers).toMatchObject([{ name: "instance" }]);
    expect(new RegExp(`^(?:${first.matchers[0]?.value})$`).test(`${machine}:9100`)).toBe(true);
    const later = hour(3);
    const changed = await site.raicho.ask(`/api/v2/inventory/entries/${id}`, {
      method: "PATCH",
      body: { attributes: { end: later } },
    });
    expect(changed.status, JSON.stringify(changed.body)).toBe(200);
    await silence(
      "the longer silence",
      ({ comment: words, endsAt }) =>
        words.includes(id) && Date.parse(endsAt) === Date.parse(later),
    );
    await eventually("Icinga's downtimes again", async () => (await ofIcinga()).length === 3, {
      seconds: 60,
    });
    await site.raicho.ask(`/api/v2/inventory/entries/${id}`, { method: "DELETE" });
    await eventually(
      "nothing to be left",
      async () => {
        const silences = await site.alertmanager.silences();
        const left = silences.filter(
          ({ comment: words, status }) => words.includes(id) && status.state !== "expired",
        );
        return (
          left.length === 0 && (await ofIcinga()).length === 0 && !site.nagios.status().includes(id)
        );
      },
      { seconds: 60, everyMs: 300 },
    );
  }, 240_000);

  test("a monitor that does not know the host says so, and one that is away is named", async () => {
    const strange = {
      source: "nagios",
      fingerprint: "f".repeat(64),
      host_raw: "nowhere",
      service: "X",
      labels: {},
    };
    const { result } = await runAction(site.raicho, "monitoring.acknowledge", {
      alert: strange,
      by: "x",
    });
    expect(result).toMatchObject({
      told: [{ monitor: "nagios", done: [], missing: ["nowhere/X"] }],
    });
    expect(await alertsOf(site.raicho, "nowhere")).toEqual([]);
  }, 60_000);
});

function hour(number: number): string {
  return new Date(Date.now() + number * 3_600_000).toISOString();
}
