import { describe, expect, test } from "vitest";
import { correlate } from "../../src/alerts/correlate.ts";
import { only, read } from "./shipped.ts";

interface NagiosFacts {
  readonly type?: string;
  readonly host?: string;
  readonly service?: string;
  readonly state?: string;
  readonly time?: string;
  readonly info?: string;
  readonly prefix?: string;
}

/** The two mails that Debian's Nagios sends. */
function nagiosService(facts: NagiosFacts) {
  const { type = "PROBLEM", host = "web01", service = "HTTP", state = "CRITICAL" } = facts;
  return read({
    subject: `${facts.prefix ?? ""}** ${type} Service Alert: ${host}/${service} is ${state} **`,
    from: "nagios@mx.example.jp",
    text: `***** Nagios *****\n\nNotification Type: ${type}\n\nService: ${service}\nHost: ${host}\nAddress: 10.0.0.1\nState: ${state}\n\nDate/Time: ${facts.time ?? "Sat Nov 21 00:06:52 UTC 2026"}\n\nAdditional Info:\n\n${facts.info ?? "info"}\n`,
  });
}

function nagiosHost(facts: NagiosFacts) {
  const { type = "PROBLEM", host = "web01", state = "DOWN" } = facts;
  return read({
    subject: `** ${type} Host Alert: ${host} is ${state} **`,
    text: `***** Nagios *****\n\nNotification Type: ${type}\nHost: ${host}\nState: ${state}\nAddress: 10.0.0.1\nInfo: ${facts.info ?? "PING CRITICAL - Packet loss = 100%"}\n\nDate/Time: ${facts.time ?? "Sat Nov 21 09:06:52 JST 2026"}\n`,
  });
}

describe("Nagios", () => {
  test.each([
    ["WARNING", "warning"],
    ["CRITICAL", "critical"],
    ["UNKNOWN", "unknown"],
  ])("service state %s is severity %s", (state, severity) => {
    expect(only(nagiosService({ state }))).toMatchObject({ severity, status: "firing" });
  });

  test.each([
    [["PROBLEM", "DOWN"], "firing", "critical", "host"],
    [["PROBLEM", "UNREACHABLE"], "firing", "major", "host"],
    [["RECOVERY", "UP"], "resolved", "info", "host"],
    [["ACKNOWLEDGEMENT", "DOWN"], "ack", "critical", "acknowledgement"],
    [["DOWNTIMESTART", "UP"], "ack", "info", "downtime"],
    [["FLAPPINGSTART", "DOWN"], "ack", "critical", "flapping"],
    [["CUSTOM", "UP"], "ack", "info", "custom"],
  ] as const)("host %j", ([type, state], status, severity, kind) => {
    expect(only(nagiosHost({ type, state }))).toMatchObject({
      status,
      severity,
      class: kind,
      host_raw: "web01",
      service: "",
      source_ref: "web01",
      summary: `web01 is ${state}`,
      detail: "PING CRITICAL - Packet loss = 100%",
      occurred_at: "2026-11-21T00:06:52.000Z",
    });
  });

  test.each([
    "ACKNOWLEDGEMENT",
    "FLAPPINGSTART",
    "FLAPPINGSTOP",
    "DOWNTIMESTART",
    "DOWNTIMEEND",
    "DOWNTIMECANCELLED",
  ])("service %s neither opens nor closes", (type) => {
    const alert = only(nagiosService({ type }));
    expect(alert.status).toBe("ack");
    expect(alert.fingerprint).toBe(only(nagiosService({})).fingerprint);
  });

  test.each(["C:/ Drive Space", "disk /var/log", "port:8080", "HTTP is OK", "メモリ使用率"])(
    "service name %j",
    (service) => {
      expect(only(nagiosService({ service, host: "db-1.example.jp" }))).toMatchObject({
        service,
        host_raw: "db-1.example.jp",
        source_ref: `db-1.example.jp!${service}`,
      });
    },
  );

  test("web1 and web10, host and service are different alerts", () => {
    const prints = [
      nagiosService({ host: "web1" }),
      nagiosService({ host: "web10" }),
      nagiosService({ host: "web1", service: "HTTPS" }),
      nagiosHost({ host: "web1" }),
    ].map((parsed) => only(parsed).fingerprint);
    expect(new Set(prints).size).toBe(4);
  });

  test("a mailing list's prefix, folded lines and footer make no difference", () => {
    const plain = only(nagiosService({}));
    const listed = only(
      nagiosService({
        prefix: "[Nagios] ",
        info: "info\n\n_______________________________________________\nNagios mailing list\nhttps://lists.example.jp/",
      }),
    );
    expect(listed).toEqual(plain);
  });

  test("the old wording with a counter", () => {
    expect(
      only(
        read({
          subject: "** PROBLEM alert 1 - delphin host is DOWN **",
          text: "***** Nagios  *****\n\nNotification Type: PROBLEM\nHost: delphin\nState: DOWN for 0d 0h 5m 0s\nAddress: 10.1.1.1\nInfo: \n\nCRITICAL\n\nDate/Time: 11-21-2026 00:06:52\n",
          date: "2026-11-21T00:07:00.000Z",
        }),
      ),
    ).toMatchObject({ host_raw: "delphin", severity: "critical", status: "firing" });
  });

  test("template brackets and shell characters come through as written", () => {
    const info = "{{ 7*7 }} <% ctx() %> $(id) `id` {host} {{code}} '\" ; $1 $&";
    expect(only(nagiosService({ service: "{{ x }}/$(id)", info }))).toMatchObject({
      detail: info,
      service: "{{ x }}/$(id)",
      summary: "{{ x }}/$(id) on web01 is CRITICAL",
    });
  });

  test("ten repeats, one of them delivered twice, then the recovery", () => {
    let known: Parameters<typeof correlate>[0]["existing"];
    const keys: string[] = [];
    const effects = [];
    const types = [...Array.from({ length: 11 }, () => "PROBLEM"), "PROBLEM", "RECOVERY"];
    for (const [n, type] of types.entries()) {
      const messageKey = `m${n === 11 ? 10 : n}`;
      const alert = only(nagiosService({ type, state: type === "RECOVERY" ? "OK" : "CRITICAL" }));
      const result = correlate({ alert, day: "2026-11-21", existing: known, messageKey });
      effects.push(result.effect);
      keys.push(messageKey);
      known = result.next === undefined ? undefined : { ...result.next, messageKeys: keys };
    }
    expect(effects).toEqual([
      "firing",
      ...Array.from({ length: 10 }, () => "repeated"),
      "duplicate",
      "resolved",
    ]);
    expect(known).toMatchObject({ count: 11, status: "resolved" });
  });
});
