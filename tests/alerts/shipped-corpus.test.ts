import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fingerprint } from "../../src/alerts/fingerprint.ts";
import { only, read, readFile, readJson, shipped } from "./shipped.ts";

const corpus = "../shared/corpus/mail";
const here = existsSync(corpus);

const metric = (name: string, host: string, severity: "critical" | "warning") => ({
  source: "alertmanager",
  class: "metric",
  status: "firing",
  severity,
  urgency: severity === "critical" ? "immediate" : "business_day",
  host_raw: host,
  service: name,
  summary: `${name} ${host}`,
  detail: "",
  labels: { alertname: name, cluster: "auction", instance: host, severity },
  fingerprint: fingerprint({
    source: "alertmanager",
    host,
    service: name,
    more: [`alertname=${name}`, "cluster=auction", `instance=${host}`],
  }),
  raw_ref: "r1",
});

test("every shipped parser compiles", () => {
  expect(shipped.problems).toEqual([]);
  // A special shape comes before the general one, what people write by hand comes last.
  const refs = shipped.parsers.map((parser) => parser.ref);
  expect(refs[0]).toBe("alert.grafana-webhook");
  expect(refs.at(-1)).toBe("alert.dc-staff");
  expect(refs).toHaveLength(21);
});

describe.skipIf(!here)("genuine messages (skipped where ../shared is absent)", () => {
  const refused = "connect to address 127.0.0.1 and port 18999: Connection refused";
  test.each([
    ["service-1", "PROBLEM", "2026-11-21T00:06:52.000Z"],
    ["service-2", "PROBLEM", "2026-11-21T00:06:58.000Z"],
    ["service-3", "RECOVERY", "2026-11-21T00:07:04.000Z"],
    ["service-4", "PROBLEM", "2026-11-21T00:07:17.000Z"],
    ["service-5", "PROBLEM", "2026-11-21T00:07:23.000Z"],
  ])("Nagios %s: %s", async (file, type, occurredAt) => {
    const good = type === "RECOVERY";
    expect(only(await readFile(`${corpus}/nagios-4.4.6-postfix/${file}.eml`))).toEqual({
      source: "nagios",
      source_ref: "web01.auction!HTTP",
      class: "service",
      status: good ? "resolved" : "firing",
      severity: good ? "info" : "critical",
      urgency: good ? "business_day" : "immediate",
      host_raw: "web01.auction",
      service: "HTTP",
      summary: `HTTP on web01.auction is ${good ? "OK" : "CRITICAL"}`,
      detail: good ? "HTTP OK: HTTP/1.1 200 OK - 95 bytes in 0.011 second response time" : refused,
      occurred_at: occurredAt,
      labels: {
        address: "127.0.0.1",
        state: good ? "OK" : "CRITICAL",
        notification_type: type,
      },
      fingerprint: fingerprint({ source: "nagios", host: "web01.auction", service: "HTTP" }),
      raw_ref: "r1",
    });
  });

  test.each([
    ["service-1", "PROBLEM", "2026-11-21T00:21:49.000Z"],
    ["service-2", "PROBLEM", "2026-11-21T00:21:59.000Z"],
    ["service-3", "RECOVERY", "2026-11-21T00:21:59.000Z"],
  ])("Icinga 2 %s: %s", async (file, type, occurredAt) => {
    const good = type === "RECOVERY";
    expect(only(await readFile(`${corpus}/icinga2-2.13.6/${file}.eml`))).toEqual({
      source: "icinga2",
      source_ref: "web01!HTTP",
      class: "service",
      status: good ? "resolved" : "firing",
      severity: good ? "info" : "critical",
      urgency: good ? "business_day" : "immediate",
      host_raw: "web01",
      service: "HTTP",
      summary: `HTTP on web01 is ${good ? "OK" : "CRITICAL"}`,
      detail: good
        ? "TCP OK - 0.000 second response time on 127.0.0.1 port 18998"
        : "connect to address 127.0.0.1 and port 18998: Connection refused",
      occurred_at: occurredAt,
      labels: {
        address: "127.0.0.1",
        state: good ? "OK" : "CRITICAL",
        notification_type: type,
        host_display_name: "web01.auction",
      },
      fingerprint: fingerprint({ source: "icinga2", host: "web01", service: "HTTP" }),
      raw_ref: "r1",
    });
  });

  test.each([
    ["mail3", metric("Down", "web01", "critical")],
    ["mail4", metric("HighLoad", "web02", "warning")],
  ])("Alertmanager %s", async (file, alert) => {
    expect(only(await readFile(`${corpus}/alertmanager-0.25.0/${file}.eml`))).toEqual({
      ...alert,
      source_ref: alert.service,
      occurred_at: "2026-11-21T00:03:42.000Z",
    });
  });

  const hook = (file: string): unknown =>
    JSON.parse(readFileSync(`${corpus}/alertmanager-0.25.0/${file}.json`, "utf8"));
  test.each([
    ["hook1", "f53229b9df319cf3", metric("HighLoad", "web02", "warning")],
    ["hook2", "55762d36707499f7", metric("Down", "web01", "critical")],
  ])("Alertmanager webhook %s", (file, ref, alert) => {
    expect(only(readJson(hook(file)))).toEqual({
      ...alert,
      source_ref: ref,
      occurred_at: "2026-11-21T00:03:41.217Z",
    });
  });

  test("a webhook with a group gives one alert for each", () => {
    expect(readJson(hook("hook5"))).toMatchObject({
      alerts: [
        {
          host_raw: "web01",
          summary: "HighLoad: load 12 ロード高",
          detail: "load 12 ロード高",
          source_ref: "1e6d468c94f01026",
        },
        { host_raw: "web02", summary: "HighLoad web02" },
      ],
    });
  });

  test("a resolved webhook is the same alert as the firing one", () => {
    const resolved = only(readJson(hook("hook6")));
    expect(resolved).toMatchObject({ status: "resolved", occurred_at: "2026-11-20T23:00:00.000Z" });
    expect(resolved.fingerprint).toBe(only(readJson(hook("hook2"))).fingerprint);
  });

  const japanese = here ? readdirSync(`${corpus}/ja`).filter((name) => name.endsWith(".eml")) : [];
  test.each(japanese)("hand-written Japanese %s", async (file) => {
    expect(only(await readFile(`${corpus}/ja/${file}`))).toEqual({
      source: "dc-staff",
      source_ref: "R12345",
      class: "manual",
      status: "firing",
      severity: "major",
      urgency: "business_day",
      host_raw: "web012",
      service: "",
      summary: "【障害連絡】web012 HDD障害ランプ点灯（①番スロット）～ﾀｲﾄﾙ",
      detail: readFileSync(`${corpus}/ja/expected-body.txt`, "utf8").trim(),
      occurred_at: "2026-11-20T14:40:00.000Z",
      labels: {
        asset: "R12345",
        place: "東京第1DC 3F ラックA-07 U23",
        event: "HDD障害ランプ(橙)が点灯 1番スロット ライトキャッシュ警告",
        action: "経過観察中 (株)サンプル保守へ連絡済",
        tag: "【障害連絡】",
      },
      fingerprint: fingerprint({ source: "dc-staff", host: "web012", service: "" }),
      raw_ref: "r1",
    });
  });

  test.each([
    [
      "problem",
      {
        source_ref: "58217",
        class: "problem",
        status: "firing",
        summary: "High CPU utilization (over 90% for 5m) (zbx-web01)",
        detail: "Current utilization: 97.2 %",
        occurred_at: "2026-11-20T14:40:10.000Z",
        labels: {
          severity: "High",
          problem_id: "58217",
          operational_data: "Current utilization: 97.2 %",
          url: "https://wiki.example.jp/cpu",
        },
      },
    ],
    [
      "resolved",
      {
        source_ref: "58217",
        class: "problem",
        status: "resolved",
        summary: "High CPU utilization (over 90% for 5m) (zbx-web01)",
        detail: "",
        occurred_at: "2026-11-20T14:53:10.000Z",
        labels: {
          severity: "High",
          problem_id: "58217",
          duration: "13m 0s",
          url: "https://wiki.example.jp/cpu",
        },
      },
    ],
  ])("Zabbix %s, its own template with values", (kind, expected) => {
    expect(only(readFileZabbix(kind))).toEqual({
      source: "zabbix",
      severity: "major",
      urgency: "business_day",
      host_raw: "zbx-web01",
      service: "High CPU utilization (over 90% for 5m)",
      fingerprint: fingerprint({
        source: "zabbix",
        host: "zbx-web01",
        service: "High CPU utilization (over 90% for 5m)",
      }),
      raw_ref: "r1",
      ...expected,
    });
  });

  test("Zabbix update: a notice", () => {
    expect(only(readFileZabbix("update"))).toMatchObject({
      class: "update",
      status: "ack",
      host_raw: "",
      service: "High CPU utilization (over 90% for 5m)",
      detail: "調査中です",
      occurred_at: "2026-11-20T14:45:00.000Z",
      labels: { acknowledged: "Yes", age: "4m 50s", action: "Taro Yamada acknowledged, commented" },
    });
  });
});

const values: Readonly<Record<string, string>> = {
  "EVENT.NAME": "High CPU utilization (over 90% for 5m)",
  "EVENT.TIME": "23:40:10",
  "EVENT.DATE": "2026.11.20",
  "EVENT.RECOVERY.TIME": "23:53:10",
  "EVENT.RECOVERY.DATE": "2026.11.20",
  "EVENT.UPDATE.DATE": "2026.11.20",
  "EVENT.UPDATE.TIME": "23:45:00",
  "EVENT.UPDATE.ACTION": "acknowledged, commented",
  "EVENT.UPDATE.MESSAGE": "調査中です",
  "EVENT.STATUS": "PROBLEM",
  "EVENT.AGE": "4m 50s",
  "EVENT.ACK.STATUS": "Yes",
  "EVENT.DURATION": "13m 0s",
  "EVENT.SEVERITY": "High",
  "EVENT.OPDATA": "Current utilization: 97.2 %",
  "EVENT.ID": "58217",
  "HOST.NAME": "zbx-web01",
  "TRIGGER.URL": "https://wiki.example.jp/cpu",
  "USER.FULLNAME": "Taro Yamada",
};

function readFileZabbix(kind: string) {
  const template = readFileSync(`${corpus}/zabbix-6.0.14/email-template-${kind}.txt`, "utf8");
  const filled = template.replace(/\{([A-Z.]+)\}/g, (_, name: string) => values[name] ?? "?");
  expect(filled).not.toContain("?");
  const [head = "", ...body] = filled.split(/\r?\n/);
  return readMail(head.replace("Subject: ", ""), body.slice(1).join("\n"));
}

function readMail(subject: string, text: string) {
  return read({ subject, text, from: "zabbix@mon.example.jp", date: "2026-11-20T14:53:12.000Z" });
}
