import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mailPayload } from "../../src/sensors/mail/message.ts";
import { parseMail } from "../../src/sensors/mail/parse.ts";
import { repository } from "../support/raicho.ts";
import { runCli } from "./run.ts";

const corpus = join(repository, "../shared/corpus/mail");

function alert(...argv: string[]) {
  const directories = { bundled: [join(repository, "packs")], site: {}, packs: [] };
  return runCli(["alert", ...argv], {
    host: {
      alertParts: () =>
        Promise.resolve({
          directories,
          timeZone: "Asia/Tokyo",
          readMail: async (raw) => {
            const { parse_error: fault, ...mail } = await mailPayload(raw, parseMail);
            return { mail, fault };
          },
          close: () => Promise.resolve(),
        }),
    },
    workingDirectory: repository,
  });
}

function place(files: Readonly<Record<string, string | Buffer>>): string {
  const directory = mkdtempSync(join(tmpdir(), "raicho-mails-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

/** A mail as it stands in a mailbox. */
const boxed = (host: string): string =>
  `From nagios@x Sat Nov 21 10:00:00 2026\nSubject: s\n\nNotification Type: PROBLEM\nHost: ${host}\nState: DOWN\n\nAdditional Info:\n\n>From here on\n`;

describe("raicho alert parse", () => {
  test("a directory of mails and webhooks, one line of JSON for each alert", async () => {
    const mail =
      "From: n@x\r\nSubject: s\r\n\r\nNotification Type: PROBLEM\r\nHost: web01\r\nState: DOWN\r\n";
    const hook = {
      event: "alert",
      host: { name: "app01" },
      alert: { status: "critical", isOpen: true, monitorName: "load" },
    };
    const directory = place({
      "a.eml": mail,
      "deep/b.json": JSON.stringify(hook),
      "c.txt": "hello",
    });
    const { code, out } = await alert("parse", directory, "-o", "jsonl");
    const rows = out
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(rows).toMatchObject([
      { source: "nagios", host_raw: "web01", status: "firing" },
      { class: "unparsed", reason: "no parser matches" },
      { source: "mackerel", host_raw: "app01", status: "firing" },
    ]);
    expect(code).toBe(1);
  });

  test("what cannot be read is a line of its own and stops no other", async () => {
    const directory = place({
      "a.eml": `Subject: ${"x".repeat(5_000_000)}\r\n\r\nhello\r\n`,
      "b.json": '{"a":',
      "c.json": "",
      "d.eml": "",
      "e.eml": Buffer.from([0, 255, 254, 13, 10, 13, 10, 130]),
      "f.eml": "Subject: s\r\n\r\nNotification Type: PROBLEM\r\nHost: web01\r\nState: DOWN\r\n",
      "g.json": "\u{FEFF}null",
    });
    const { code, out } = await alert("parse", directory, "-o", "jsonl");
    const rows = out
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(rows).toMatchObject([
      { class: "unparsed", reason: expect.stringContaining("header size") },
      { class: "unparsed", reason: expect.stringContaining("no JSON") },
      { class: "unparsed", reason: expect.stringContaining("no JSON") },
      { class: "unparsed", reason: "no parser matches" },
      { class: "unparsed", reason: "no parser matches" },
      { source: "nagios", host_raw: "web01" },
      { class: "unparsed", reason: "no parser matches" },
    ]);
    expect(code).toBe(1);
  });

  test("a mailbox is as many mails as it holds", async () => {
    const directory = place({
      "all.mbox": `${boxed("web01")}\n${boxed("web02")}`,
      "one.JSON": "{",
    });
    const { out } = await alert("parse", directory, "-o", "jsonl");
    const rows = out
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(rows).toMatchObject([
      { file: expect.stringMatching(/all\.mbox#1$/), host_raw: "web01", detail: "From here on" },
      { file: expect.stringMatching(/all\.mbox#2$/), host_raw: "web02" },
      { class: "unparsed", reason: expect.stringContaining("no JSON") },
    ]);
  });

  test("as a table", async () => {
    const directory = place({
      "a.eml": "Subject: s\r\n\r\nNotification Type: PROBLEM\r\nHost: web01\r\nState: DOWN\r\n",
    });
    const { code, out } = await alert("parse", directory);
    expect(code).toBe(0);
    expect(out).toContain("web01");
    expect(out).toContain("alert.nagios");
  });

  test("what is not there", async () => {
    expect(await alert("parse", "/nowhere/x")).toMatchObject({
      code: 5,
      notes: expect.stringContaining("there is no /nowhere/x"),
    });
  });

  test.skipIf(!existsSync(corpus))("the corpus (skipped where ../shared is absent)", async () => {
    const { out } = await alert(
      "parse",
      join(corpus, "nagios-4.4.6-postfix"),
      join(corpus, "icinga2-2.13.6"),
      "-o",
      "json",
    );
    const rows = JSON.parse(out) as { source: string }[];
    expect(rows.map(({ source }) => source)).toEqual([
      ...Array(5).fill("nagios"),
      ...Array(3).fill("icinga2"),
    ]);
  });
});

describe("raicho alert test", () => {
  test("the shipped parsers hold", async () => {
    const { code, out } = await alert("test");
    expect(out).toMatch(/^\d\d passed, 0 failed\n$/);
    expect(code).toBe(0);
  });

  test("a pack by its name; one that is none, or has no tests, is a mistake", async () => {
    expect(await alert("test", "alert")).toMatchObject({ code: 0 });
    const strange = await alert("test", "alret");
    expect(strange.code).toBe(5);
    expect(strange.notes).toContain('there is no pack and no directory "alret"; packs are: alert,');
    const empty = await alert("test", "jira");
    expect(empty.code).toBe(5);
    expect(empty.notes).toContain("there are no tests in jira/parsers/tests");
  });

  test("a pack of one's own, with what does not hold", async () => {
    const directory = place({
      "mine/pack.yaml":
        "name: mine\nref: mine\ndescription: d\nversion: 1.0.0\nauthor: a\nemail: a@b.c\n",
      "mine/parsers/m.yaml":
        'source: m\nmatch: [{in: subject, contains: RED}]\nalert: {summary: "{subject}"}\n',
      "mine/parsers/tests/m.yaml":
        "- {name: red, mail: {subject: RED x}, alerts: [{source: m}]}\n- {name: eml, eml: r.eml, alerts: [{summary: blue}]}\n",
      "mine/parsers/tests/r.eml": "Subject: RED y\r\n\r\n.\r\n",
    });
    const { code, out } = await alert("test", join(directory, "mine"));
    expect(out).toContain('eml\n  alerts[0].summary is "RED y", not "blue"\n1 passed, 1 failed\n');
    expect(code).toBe(1);
  });

  test("a test file with mistakes tells where they stand, and none of it passes", async () => {
    const directory = place({
      "mine/pack.yaml":
        "name: mine\nref: mine\ndescription: d\nversion: 1.0.0\nauthor: a\nemail: a@b.c\n",
      "mine/parsers/tests/a.yaml":
        "- name: 赤\n  mial: {subject: x}\n  alerts: [{}]\n- {name: eml, eml: nowhere.eml, alerts: [{}]}\n",
      "mine/parsers/tests/b.yaml": "- {name: open, mail: {subject: x}\n",
    });
    const { code, out } = await alert("test", join(directory, "mine"));
    expect(out).toContain('error: unknown key "mial"; did you mean "mail"?');
    expect(out).toMatch(/a\.yaml:2:3\n/);
    expect(out).toContain("error: there is no nowhere.eml beside this file");
    expect(out).toMatch(/a\.yaml:4:20\n/);
    expect(out).toMatch(/error: not valid YAML.*\n.*b\.yaml:\d/);
    expect(out).toMatch(/\n0 passed, 4 failed\n$/);
    expect(code).toBe(1);
  });
});
