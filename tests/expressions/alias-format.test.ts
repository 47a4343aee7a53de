import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parseAliasCommand, parseAliasCommands } from "../../src/expressions/alias-format.ts";

describe("a command and the format of an alias", () => {
  test.each([
    ["a parameter takes everything", "run {{cmd}}", "run date -u", { cmd: "date -u" }],
    [
      "quotes are taken off",
      "run {{cmd}} on {{hosts}}",
      'run "a on b" on h1',
      { cmd: "a on b", hosts: "h1" },
    ],
    [
      "what is left out has its default",
      "deploy {{pack}} {{branch=master}}",
      "deploy p",
      { pack: "p", branch: "master" },
    ],
    [
      "pairs at the end are parameters too",
      "deploy {{pack}}",
      "deploy p env='x y' n=1",
      { pack: "p", env: "x y", n: "1" },
    ],
    ["JSON stays text", "json {{d}}", 'json {"a": {"b": 1}}', { d: '{"a": {"b": 1}}' }],
    [
      "a format may be a regular expression",
      "(?:list|show) (?P<what>\\w+)",
      "show it",
      { what: "it" },
    ],
    [
      "a parameter in a part that was left out is null",
      "get user( type {{kind}})? {{user}}",
      "get user stanley",
      { kind: null, user: "stanley" },
    ],
    ["what does not fit gives nothing", "show {{what}} please", "show it", undefined],
  ])("%s", (_name, format, command, parameters) => {
    expect(parseAliasCommand(format, command)).toStrictEqual(parameters);
  });

  test("a long command is none", () => {
    expect(parseAliasCommand("run {{cmd}}", `run ${"x".repeat(3_000)}`)).toBeUndefined();
  });

  // With the flag that every process of the server has.
  test("a hostile one takes no time", () => {
    const module = new URL("../../src/expressions/alias-format.ts", import.meta.url).href;
    const script = `import { parseAliasCommand } from "${module}";
      const since = process.threadCpuUsage();
      parseAliasCommand("{{a}} {{b}} {{c}} {{d=1}} end", "a b=".repeat(400) + " nope");
      parseAliasCommand("{{a}} {{b}} {{c}} {{d=1}} end", "a b ".repeat(400) + " nope");
      console.log(process.threadCpuUsage(since).user / 1_000);`;
    const flag = "--enable-experimental-regexp-engine-on-excessive-backtracks";
    const printed = execFileSync(process.execPath, [flag, "--input-type=module", "-e", script], {
      timeout: 50_000,
    });
    expect(Number(printed.toString())).toBeLessThan(2_000);
  });
});

test("a format that is no regular expression is refused", () => {
  expect(() => parseAliasCommand("(?i)ping {{ host }}", "PING h")).toThrow(
    "global flags not at the start of the expression at position 4",
  );
});

test("a format that says itself where a command begins and ends may fit several times", () => {
  const format = String.raw`(?:^|\s|,)(?P<issue>[A-Z]+-[0-9]+)(?=$|\s|,)`;
  expect(parseAliasCommands(format, "see OPS-1, OPS-22 and DB-3")).toStrictEqual([
    { issue: "OPS-1" },
    { issue: "OPS-22" },
    { issue: "DB-3" },
  ]);
  expect(parseAliasCommand(format, "see OPS-1, OPS-22")).toStrictEqual({ issue: "OPS-1" });
  expect(parseAliasCommands("show {{ what }}", "show it show")).toStrictEqual([
    { what: "it show" },
  ]);
  expect(parseAliasCommands(format, "nothing")).toStrictEqual([]);
});
