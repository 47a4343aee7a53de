import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { compileParsers } from "../../src/alerts/definition.ts";
import { fingerprint } from "../../src/alerts/fingerprint.ts";
import { parseAlerts } from "../../src/alerts/parse.ts";
import { compilePattern } from "../../src/alerts/pattern.ts";
import { sha256 } from "../../src/alerts/sha256.ts";
import { alertDay, parseTime } from "../../src/alerts/time.ts";
import { declaration, options } from "./shipped.ts";

describe("sha256", () => {
  test("is what node:crypto says, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
        expect(sha256(text)).toBe(createHash("sha256").update(text, "utf8").digest("hex"));
      }),
    );
  });
});

const weak = (subject: string) => fingerprint({ source: "x", host: "", service: "", subject });

describe("fingerprint", () => {
  const base = { source: "nagios", host: "web01", service: "HTTP" };
  test.each([
    [{ ...base, host: "WEB01" }],
    [{ ...base, host: "ｗｅｂ０１" }],
    [{ ...base, host: "web01. " }],
    [{ ...base, service: " http" }],
  ])("%j is the same alert", (same) => expect(fingerprint(same)).toBe(fingerprint(base)));

  test.each([
    [{ ...base, host: "web010" }],
    [{ ...base, source: "icinga2" }],
    [{ ...base, service: "" }],
    [{ ...base, more: ["x"] }],
    [{ source: "nagios", host: "", service: "", more: ["web01", "HTTP"] }],
  ])("%j is another", (other) => expect(fingerprint(other)).not.toBe(fingerprint(base)));

  test("without host and service the subject counts, its numbers masked", () => {
    expect(weak("Backup of 2026-11-20 failed (3 files)")).toBe(
      weak("backup of 2026-11-21 failed (12 files)"),
    );
    expect(weak("Backup failed")).not.toBe(weak("Restore failed"));
  });
});

describe("time stamps", () => {
  const zone = "Asia/Tokyo";
  test.each([
    ["Sat Nov 21 00:06:52 UTC 2026", "2026-11-21T00:06:52Z"],
    ["Sat Nov 21 09:06:52 JST 2026", "2026-11-21T00:06:52Z"],
    ["Sat Nov  7 01:06:52 CET 2026", "2026-11-07T00:06:52Z"],
    ["Sat Nov 21 09:06:52 2026", "2026-11-21T00:06:52Z"],
    ["Sat Nov 21 09:06:52 XYZ 2026", "2026-11-21T00:06:52Z"],
    ["2026-11-21 00:21:49 +0000", "2026-11-21T00:21:49Z"],
    ["2026-11-21T00:03:41.2172664Z", "2026-11-21T00:03:41.217Z"],
    ["2026-11-21T09:03:41+09:00", "2026-11-21T00:03:41Z"],
    ["2026-11-20 19:03:41 -0500", "2026-11-21T00:03:41Z"],
    ["23:40:10 on 2026.11.20", "2026-11-20T14:40:10Z"],
    ["2026.11.20 23:40:10.", "2026-11-20T14:40:10Z"],
    ["2026/11/20 23:40", "2026-11-20T14:40:00Z"],
    ["Sat, 21 Nov 2026 00:06:52 +0000 (UTC)", "2026-11-21T00:06:52Z"],
    ["21 November 2026 9:06 am", "2026-11-21T00:06:00Z"],
    ["2026年11月20日（金） 23:40", "2026-11-20T14:40:00Z"],
    ["２０２６年１１月２０日 午後１１時４０分", "2026-11-20T14:40:00Z"],
    ["2026年11月20日 23時40分10秒頃", "2026-11-20T14:40:10Z"],
    ["2026年11月20日", "2026-11-19T15:00:00Z"],
    ["1795219612", "2026-11-21T00:06:52Z"],
  ])("%s", (text, iso) => {
    expect(new Date(parseTime(text, zone) ?? Number.NaN).toISOString()).toBe(
      new Date(iso).toISOString(),
    );
  });

  test.each(["", "yesterday", "2026-13-41 00:00", "2026-11-21 25:00", "12:30", "N/A"])(
    "%j is no time",
    (text) => expect(parseTime(text, zone)).toBeUndefined(),
  );

  test.each([
    ["2026-11-20T14:59:59.999Z", "Asia/Tokyo", "2026-11-20"],
    ["2026-11-20T15:00:00.000Z", "Asia/Tokyo", "2026-11-21"],
    ["2026-11-20T15:00:00.000Z", "UTC", "2026-11-20"],
    ["2026-03-08T07:30:00.000Z", "America/New_York", "2026-03-08"],
    ["2027-01-01T04:59:00.000Z", "America/New_York", "2026-12-31"],
  ])("%s in %s is on %s", (iso, tz, day) => expect(alertDay(iso, tz)).toBe(day));
});

describe("patterns", () => {
  test.each([
    "(a+)+",
    "(a*)*b",
    "((ab)*c)*",
    "(a|b+){2,}",
    "(?:x+y){1,9}",
    "(a)\\1",
    "(?<n>a)\\k<n>",
    "a(?=b)",
    "(?<!a)b",
    "a*b*c*d*e*f*g*",
    "(",
    "x".repeat(1_001),
  ])("%s is refused", (source) => expect(compilePattern(source)).toHaveProperty("problem"));

  test.each([
    "^a+$",
    "(?<x>[^/]+)/(?<y>.+) is \\w+",
    "\\(a\\+\\)\\+",
    "[(+]+",
    "(?:ab|cd)?x+",
    "Bad B+",
  ])("%s is taken", (source) => expect(compilePattern(source)).toHaveProperty("pattern"));
});

describe("a format of one's own", () => {
  const good = {
    source: "mymon",
    match: [{ in: "from", contains: "@mymon" }],
    extract: [{ in: "subject", regex: "^(?<level>\\w+): (?<host>\\S+) (?<what>.+)$" }],
    require: ["host"],
    alert: {
      host_raw: "{host}",
      service: "{what}",
      status: { value: "{level}", map: { CLEAR: "resolved" }, default: "firing" },
      severity: { value: "{level}", map: { RED: "critical" }, default: "warning" },
      urgency: "immediate",
      summary: "{what}",
    },
  };

  test("needs YAML only", () => {
    const { parsers, problems } = compileParsers([declaration("mymon", good)]);
    expect(problems).toEqual([]);
    const mail = {
      subject: "RED: h1 fan stopped",
      from: "x@mymon",
      text: "",
      date: "2026-11-21T01:00:00Z",
    };
    expect(parseAlerts(parsers, { kind: "mail", mail }, options)).toMatchObject({
      parser: "alert.mymon",
      alerts: [
        {
          source: "mymon",
          status: "firing",
          severity: "critical",
          urgency: "immediate",
          host_raw: "h1",
          service: "fan stopped",
          occurred_at: "2026-11-21T01:00:00.000Z",
        },
      ],
    });
  });

  test("a mail without any time gets the time of receipt", () => {
    const { parsers } = compileParsers([declaration("mymon", good)]);
    const mail = { subject: "RED: h1 fan", from: "x@mymon", text: "", date: "" };
    expect(parseAlerts(parsers, { kind: "mail", mail }, options)).toMatchObject({
      alerts: [{ occurred_at: "2026-11-21T03:00:00.000Z" }],
    });
  });

  test("a mail's own text is never read as a template", () => {
    const { parsers } = compileParsers([declaration("mymon", good)]);
    const mail = { subject: "RED: {what} {host} {{ 1 }}", from: "x@mymon", text: "" };
    expect(parseAlerts(parsers, { kind: "mail", mail }, options)).toMatchObject({
      alerts: [{ host_raw: "{what}", summary: "{host} {{ 1 }}" }],
    });
  });

  test.each([
    [{ ...good, sorce: "x" }, "/sorce", 'unknown key "sorce"; did you mean "source"?'],
    [{ ...good, source: undefined }, "/source", '"source" is missing'],
    [{ ...good, match: [] }, "/match", "needs at least one condition, or it would take every mail"],
    [
      { ...good, match: [{ in: "text" }] },
      "/match/0",
      "needs one of regex, contains, any, all, none",
    ],
    [
      { ...good, extract: [{ regex: "(?<a>(x+)+)" }] },
      "/extract/0/regex",
      "a repeated group must not contain a repetition, such as (a+)+",
    ],
    [
      { ...good, extract: [{ regex: "abc" }] },
      "/extract/0/regex",
      "has no named group (?<field>…), so it would extract nothing",
    ],
    [{ ...good, extract: "x" }, "/extract", 'expected a list, found "x"'],
    [
      { ...good, normalize: "nfc" },
      "/normalize",
      'expected one of none, nfkc; found "nfc"; did you mean "nfkc"?',
    ],
    [{ ...good, time_zone: "Asia/Tokio" }, "/time_zone", '"Asia/Tokio" is no time zone'],
    [
      { ...good, identity: ["hots"] },
      "/identity/0",
      'unknown identity part "hots"; did you mean "host"?',
    ],
    [
      { ...good, alert: { ...good.alert, severty: "x" } },
      "/alert/severty",
      'unknown key "severty"; did you mean "severity"?',
    ],
    [{ ...good, alert: { summary: ["x"] } }, "/alert/summary/value", '"value" is missing'],
    [
      { ...good, match: [{ any: [{ in: "form", contains: "x" }] }] },
      "/match/0/any/0/in",
      'a mail has no part "form"; did you mean "from"?',
    ],
    [
      { ...good, extract: [...good.extract, { in: "block", regex: "(?<x>.)" }] },
      "/extract/1/in",
      'a mail has no part "block"; known are: subject, from, to, cc, text, header.<name>, field.<name>',
    ],
    [
      { ...good, extract: [...good.extract, { in: "field.hots", regex: "(?<x>.)" }] },
      "/extract/1/in",
      'nothing extracts a field "hots"; did you mean "host"?',
    ],
    [
      { ...good, require: ["hots"] },
      "/require/0",
      'nothing extracts a field "hots"; did you mean "host"?',
    ],
    [
      { ...good, alert: { ...good.alert, labels: { 階: "{floor|host}" } } },
      "/alert/labels/階",
      'nothing extracts a field "floor"; known are: subject, from, date, text, level, host, what',
    ],
    [
      { ...good, alert: { ...good.alert, status: { value: "{level}", map: { OK: "resovled" } } } },
      "/alert/status/map/OK",
      '"resovled" is no status; did you mean "resolved"?',
    ],
    [
      { ...good, alert: { ...good.alert, severity: { value: "{level}", default: "crit" } } },
      "/alert/severity/default",
      '"crit" is no severity; known are: critical, major, warning, info, unknown',
    ],
    [
      { ...good, alert: { ...good.alert, urgency: "now" } },
      "/alert/urgency",
      '"now" is no urgency; known are: immediate, business_day',
    ],
  ])("a fault in %j is said", (document, path, message) => {
    const { parsers, problems } = compileParsers([declaration("mymon", document)]);
    expect(parsers).toEqual([]);
    expect(
      problems.map((problem) => ({ path: problem.path, message: problem.message })),
    ).toContainEqual({ path, message });
  });

  test("what a broken step would have found is not missed as well", () => {
    const document = { ...good, extract: [{ in: "subject", regex: "(?<host>" }] };
    const { problems } = compileParsers([declaration("mymon", document)]);
    expect(problems.map(({ path }) => path)).toEqual(["/extract/0/regex"]);
  });

  test("fields of headings, sections, tables and pairs are found; those of JSON bodies may be any", () => {
    const blocks = {
      ...good,
      repeat: { in: "text", begin: "^-", heading: "^(?<kind>\\w+)$" },
      extract: [
        ...good.extract,
        { in: "block", section: { begin: "^a", as: "details" } },
        { in: "header.X-Mon", table: { keys: { K: "key" } } },
        { in: "field.details", pairs: { begin: "^p", into: "labels" } },
      ],
      alert: { ...good.alert, detail: "{kind|details|key|labels.rack}", labels_from: "labels" },
    };
    const json = {
      ...good,
      input: "json",
      extract: [],
      require: ["any.thing"],
      alert: { summary: "{a.b}" },
    };
    const declarations = [declaration("blocks", blocks), declaration("json", json)];
    expect(compileParsers(declarations).problems).toEqual([]);
  });

  test("one broken file does not hide the others", () => {
    const { parsers, problems } = compileParsers([declaration("a", {}), declaration("b", good)]);
    expect(parsers.map((parser) => parser.ref)).toEqual(["alert.b"]);
    expect(problems.every((problem) => problem.declaration.name === "a")).toBe(true);
  });
});

test("the example in docs/alerts.md is a parser without faults", () => {
  const example =
    /## Writing a parser\s+```yaml\n([\s\S]*?)```/.exec(
      readFileSync("docs/alerts.md", "utf8"),
    )?.[1] ?? "";
  const { parsers, problems } = compileParsers([declaration("example", parse(example))]);
  expect(problems).toEqual([]);
  const subject = "RED: h1.example.jp fan stopped";
  const text = "MyMon\n* Check Time: 2026-11-21 01:00:00\n* Output: 0 rpm\n-- ";
  const mail = { subject, text, from: "x@mymon.example.jp" };
  expect(parseAlerts(parsers, { kind: "mail", mail }, options)).toMatchObject({
    alerts: [
      {
        host_raw: "h1.example.jp",
        severity: "critical",
        detail: "0 rpm",
        occurred_at: "2026-11-21T01:00:00.000Z",
      },
    ],
  });
});
