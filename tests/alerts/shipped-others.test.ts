import { describe, expect, test } from "vitest";
import { only, read } from "./shipped.ts";
import { cpuMs } from "../support/cpu.ts";

const icingaBody = (first: string, rest: string) =>
  `***** Host Monitoring on vm *****\n\n${first}\n\nInfo:    PING CRITICAL - 100% loss\n\nWhen:    2026-11-21 09:21:49 +0900\n${rest}`;

describe("Icinga 2", () => {
  test("a host that is down, with comment and link", () => {
    expect(
      only(
        read({
          subject: "[ACKNOWLEDGEMENT] Host web 01 is DOWN!",
          text: icingaBody(
            "web 01 is DOWN!",
            "Host:    web01\nIPv4:\t 10.0.0.1\nIPv6:\t ::1\n\nComment by yamada:\n  on it: rack 3\n\nhttps://mon/icingaweb2/monitoring/host/show?host=web01",
          ),
        }),
      ),
    ).toMatchObject({
      source_ref: "web01",
      class: "acknowledgement",
      status: "ack",
      severity: "critical",
      host_raw: "web01",
      service: "",
      summary: "web01 is DOWN",
      detail: "PING CRITICAL - 100% loss",
      occurred_at: "2026-11-21T00:21:49.000Z",
      labels: {
        address: "10.0.0.1",
        host_display_name: "web 01",
        author: "yamada",
        comment: "on it: rack 3",
        url: "https://mon/icingaweb2/monitoring/host/show?host=web01",
      },
    });
  });

  test("a host that is up again resolves", () => {
    const up = only(
      read({
        subject: "[RECOVERY] Host web01 is UP!",
        text: icingaBody("web01 is UP!", "Host:    web01\n"),
      }),
    );
    const down = only(
      read({
        subject: "[PROBLEM] Host web01 is DOWN!",
        text: icingaBody("web01 is DOWN!", "Host:    web01\n"),
      }),
    );
    expect([up.status, down.status]).toEqual(["resolved", "firing"]);
    expect(up.fingerprint).toBe(down.fingerprint);
  });

  test("a service name with a colon and a slash; a display name with `on` and `is`", () => {
    expect(
      only(
        read({
          subject: "[PROBLEM] disk is / on root on web 01 is WARNING!",
          text: "***** Service Monitoring on vm *****\n\nx is WARNING!\n\nInfo:    DISK WARNING\n\nWhen:    2026-11-21 00:21:49 +0000\nService: disk: /var/log\nHost:    web01\n",
        }),
      ),
    ).toMatchObject({ service: "disk: /var/log", host_raw: "web01", severity: "warning" });
  });
});

const zabbixText = (first: string, severity = "High") =>
  `${first}\nProblem name: Disk: /var is full\nHost: Zabbix server\nSeverity: ${severity}\nOperational data: 97 %\nOriginal problem ID: 9\n`;

describe("Zabbix", () => {
  test.each([
    ["Disaster", "critical"],
    ["High", "major"],
    ["Average", "warning"],
    ["Warning", "warning"],
    ["Information", "info"],
    ["Not classified", "unknown"],
  ])("%s is %s", (severity, expected) => {
    const alert = only(
      read({ text: zabbixText("Problem started at 09:00:00 on 2026.11.21", severity) }),
    );
    expect(alert).toMatchObject({
      severity: expected,
      host_raw: "Zabbix server",
      service: "Disk: /var is full",
      occurred_at: "2026-11-21T00:00:00.000Z",
    });
  });

  test.each([
    "Problem has been resolved at 09:13:00 on 2026.11.21",
    "Problem has been resolved in 13m 0s at 09:13:00 on 2026.11.21",
  ])("recovery, worded %j", (first) => {
    const alert = only(read({ subject: "Resolved: Disk: /var is full", text: zabbixText(first) }));
    expect(alert).toMatchObject({ status: "resolved", occurred_at: "2026-11-21T00:13:00.000Z" });
    expect(alert.fingerprint).toBe(
      only(read({ text: zabbixText("Problem started at 1:0 on 2026.11.21") })).fingerprint,
    );
  });
});

describe("Alertmanager", () => {
  test("a mail with firing and resolved alerts gives each its own status", () => {
    const parsed = read({
      subject: "[FIRING:1] DiskFull auction",
      date: "2026-11-21T00:03:42.000Z",
      text: "2 alerts\n\n[1] Firing\n\nLabels\nalertname = DiskFull\ninstance = https://db01.example.jp:9100/x\nmountpoint = /var\nseverity = page\nAnnotations\ndescription = 98 % = full\nsummary = disk of db01\nSource\n\n[1] Resolved\n\nLabels\nalertname = DiskFull\ninstance = [2001:db8::1]:9100\nmountpoint = /home\nSource\n\nSent by Alertmanager",
    });
    expect(parsed).toMatchObject({
      alerts: [
        {
          status: "firing",
          severity: "critical",
          host_raw: "db01.example.jp",
          summary: "DiskFull: disk of db01",
          detail: "98 % = full",
          labels: { mountpoint: "/var", severity: "page" },
        },
        { status: "resolved", severity: "unknown", host_raw: "2001:db8::1", service: "DiskFull" },
      ],
    });
  });
});

const japanese = (subject: string, lines: string) => read({ subject, text: `各位\n\n${lines}\n` });

describe("hand-written Japanese", () => {
  test("a recovery closes the report of the same device", () => {
    const down = only(
      japanese(
        "【障害連絡】db-03 電源断",
        "● 対象機器: ＤＢ－０３\n● 発生日時: 2026/11/20 午後11時40分",
      ),
    );
    const up = only(
      japanese("【復旧連絡】db-03", "■機器名：db-03\n■復旧日時：２０２６年１１月２１日 ０時５分"),
    );
    expect(down).toMatchObject({
      status: "firing",
      severity: "major",
      occurred_at: "2026-11-20T14:40:00.000Z",
    });
    expect(up).toMatchObject({
      status: "resolved",
      severity: "info",
      occurred_at: "2026-11-20T15:05:00.000Z",
    });
    expect(up.fingerprint).toBe(down.fingerprint);
  });

  test.each([
    ["【緊急】停電", "■ 機器名：a1", "critical"],
    ["【警告】温度", "■ 機器名：a1", "warning"],
    ["【報告】点検", "■ 機器名：a1", "unknown"],
    ["【報告】点検", "■ 機器名：a1\n■ 緊急度：高", "critical"],
  ])("%s %j is %s", (subject, lines, severity) => {
    expect(only(japanese(subject, lines)).severity).toBe(severity);
  });

  test("without a device it stays unparsed and says why", () => {
    expect(japanese("【障害連絡】ランプが赤い", "どれかわかりません")).toEqual({
      unparsed: "no parser matches",
    });
    expect(japanese("【障害連絡】ランプが赤い", "■ 機器名：（）")).toEqual({
      unparsed: "alert.dc-staff matches but finds no host",
    });
  });
});

describe("mails of nobody", () => {
  test.each([
    ["Lunch?", "Shall we?"],
    ["", ""],
    [
      "Re: ** PROBLEM Service Alert: web01/HTTP is CRITICAL **",
      "I am looking at it.\n\n> Notification Type: PROBLEM\n> Host: web01",
    ],
  ])("%j", (subject, text) =>
    expect(read({ subject, text })).toEqual({ unparsed: "no parser matches" }),
  );

  test.each([
    ["one long line", " is A problem at 1 Host: Labels = ".repeat(8_000)],
    ["many lines", "Problem has been resolved in 1 at 1 at 1 at 1\nHost: x : y\n".repeat(4_000)],
    ["spaces", `Notification Type: P\nHost: a${" ".repeat(200_000)}`],
    ["quotes", "Comment by :::::::::::: problem at 1 problem at 1".repeat(5_000)],
  ])("a hostile mail costs little: %s", (_, text) => {
    const subject = "[A] Host is is is on on is !".repeat(300);
    expect(cpuMs(() => read({ subject, text }))).toBeLessThan(1_500);
  });
});
