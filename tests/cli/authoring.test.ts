/** The authoring loop: first files, schemas, a rule against an event, what a replay would do. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LintParts } from "../../src/cli/cli.ts";
import { ingest } from "../../src/engine/ingest.ts";
import { knownRunners } from "../../src/wiring/content.ts";
import { testDoor, type TestDoor } from "../support/door.ts";
import { testEngine, testRunner, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { runCli } from "./run.ts";

const bundled = fileURLToPath(new URL("../../packs", import.meta.url));
const place = mkdtempSync(join(tmpdir(), "raicho-authoring-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));

let api = "";
const raicho = (...argv: string[]) => {
  const lintParts = (): Promise<LintParts> =>
    Promise.resolve({
      directories: {
        bundled: [bundled],
        site: {
          packs: join(place, "packs"),
          rules: join(place, "rules"),
          workflows: join(place, "workflows"),
        },
        packs: [],
      },
      runners: knownRunners(),
    });
  const environment = { RAICHO_URL: api, ST2_BASE_URL: api, HOME: place };
  return runCli(argv, { host: { lintParts }, workingDirectory: place, environment });
};
const file = (name: string, text: string): string => {
  writeFileSync(join(place, name), text);
  return name;
};

test("what init writes lints cleanly, and nothing is overwritten", async () => {
  const made = [
    ["pack", "weather"],
    ["rule", "disk_full"],
    ["workflow", "drain"],
    ["rule", "rains", "--pack", "packs/weather"],
    ["workflow", "flow", "--pack", "packs/weather"],
    ...["python-script", "local-shell-script", "typescript", "orquesta"].map((runner) => [
      "action",
      runner.replaceAll("-", "_"),
      "--pack",
      "packs/weather",
      "--runner",
      runner,
    ]),
  ];
  for (const words of made) expect(await raicho("init", ...words)).toMatchObject({ code: 0 });
  expect(await raicho("lint")).toMatchObject({
    code: 0,
    out: expect.stringContaining("no problems") as string,
  });
  expect(await raicho("init", "pack", "weather")).toMatchObject({
    code: 1,
    notes: "raicho: packs/weather/pack.yaml exists already; nothing was written\n",
  });
  const [line = ""] = readFileSync(join(place, "packs/weather/rules/rains.yaml"), "utf8").split(
    "\n",
  );
  expect(line).toBe("# yaml-language-server: $schema=../.schemas/rule.json");
  expect(existsSync(join(place, "packs/weather/.schemas/rule.json"))).toBe(true);
  expect(await raicho("init", "action", "x", "--pack", "nowhere")).toMatchObject({ code: 1 });
  expect(await raicho("init", "pack", "No-Pack")).toMatchObject({ code: 2 });
  // A name with the pack before it goes into that pack, and into no other.
  expect(await raicho("init", "rule", "weather.snows")).toMatchObject({
    code: 0,
    out: "packs/weather/rules/snows.yaml\n",
  });
  expect(
    await raicho("init", "action", "weather.melt", "--runner", "local-shell-script"),
  ).toMatchObject({
    code: 0,
  });
  expect(await raicho("init", "rule", "wether.snows")).toMatchObject({
    code: 1,
    notes: expect.stringContaining("packs/wether is no pack") as string,
  });
  expect(await raicho("init", "action", "melt")).toMatchObject({
    code: 2,
    notes: expect.stringContaining("write PACK.melt") as string,
  });
  expect(await raicho("lint")).toMatchObject({ code: 0 });
});

test("schema lists and prints", async () => {
  expect((await raicho("schema")).out).toContain("rule      rules/*.yaml");
  expect(JSON.parse((await raicho("schema", "rule")).out)).toMatchObject({
    $ref: "#/definitions/part1",
  });
  expect(await raicho("schema", "rules")).toMatchObject({ code: 2 });
});

const ruleText = `name: tried
pack: default
enabled: false
trigger:
  type: core.st2.webhook
  parameters: {url: alerts}
criteria:
  trigger.body.severity: {type: gt, pattern: 3}
  trigger.body.host: {type: regex, pattern: "^web\\\\d+$"}
  trigger.body.team: {type: eq, pattern: "{{ st2kv.system.team }}"}
when: $count(trigger.body.tags) = 2
action: {ref: core.noop}
`;
const payload = { body: { severity: 5, host: "web01", team: "ops", tags: ["a", "b"] } };

const tried = async (event: unknown, ...more: string[]) => {
  await raicho("init", "rule", "other");
  file("rules/tried.yaml", ruleText);
  return raicho(
    "rule",
    "test",
    "rules/tried.yaml",
    "-i",
    file("event.json", JSON.stringify(event)),
    ...more,
  );
};

describe("rule test, offline", () => {
  test("a match, with values of the datastore", async () => {
    const { code, out, notes } = await tried(payload, "--key", "team=ops");
    expect([code, notes]).toEqual([0, ""]);
    expect(out).toMatch(/trigger\.body\.host +"web01" +regex +"\^web.*holds/);
    expect(out).toContain("default.tried: match, everything it demands holds (it is disabled");
  });

  test("every criterion has its verdict, also after the first that does not hold", async () => {
    const event = { body: { ...payload.body, severity: "high", team: "net" } };
    const { code, out } = await tried(event, "--key", "team=ops", "-j");
    expect(code).toBe(1);
    const verdicts = (JSON.parse(out) as { criteria: { verdict: string }[] }).criteria;
    expect(verdicts.map(({ verdict }) => verdict)).toEqual([
      "failure",
      "holds",
      "does not hold",
      "holds",
    ]);
  });

  test("another trigger is told, and a rule that is not there named", async () => {
    const other = await tried({ trigger: "core.st2.IntervalTimer", payload });
    expect([other.code, other.out]).toEqual([
      1,
      expect.stringContaining('listens to core.st2.webhook {"url":"alerts"}') as string,
    ]);
    expect(await raicho("rule", "test", "default.nothing", "-i", "event.json")).toMatchObject({
      code: 5,
    });
    expect(await raicho("rule", "test", "default.tried", "-i", "nowhere.json")).toMatchObject({
      code: 2,
    });
  });
});

describe("through the door", () => {
  let database: TestDatabase;
  let engine: TestEngine;
  let door: TestDoor;
  let id = "";
  const ran: unknown[] = [];
  beforeAll(async () => {
    database = await testDatabase();
    const runner = testRunner(({ parameters }) => {
      ran.push(parameters);
      return Promise.resolve({ status: "succeeded", result: {} });
    });
    engine = testEngine(database.url, {
      runners: [runner],
      content: {
        actions: {
          "test.tell": {
            runner: "test",
            parameters: { text: { type: "string" }, pin: { type: "string", secret: true } },
          },
          "test.strict": { runner: "test", parameters: { n: { type: "integer", required: true } } },
        },
        rules: [
          {
            ref: "test.fires",
            criteria: { "trigger.host": { type: "eq", pattern: "web01" } },
            action: { ref: "test.tell", parameters: { text: "{{ trigger.host }}!", pin: "1234" } },
          },
          {
            ref: "test.fails",
            action: { ref: "test.strict", parameters: { n: "{{ trigger.host }}" } },
          },
          { ref: "test.not", criteria: { "trigger.host": { type: "eq", pattern: "db01" } } },
        ],
      },
    });
    door = testDoor(engine.core);
    api = door.url;
    const event = { trigger: "test.event", payload: { host: "web01" }, source: "test" };
    id = (await ingest(engine.core, [event]))[0] ?? "";
  });
  afterAll(async () => {
    api = "";
    door.close();
    await engine[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const count = async () =>
    (await engine.core.database.db.selectFrom("execution").select("id").execute()).length;

  test("a rule of the server, and a file's", async () => {
    const fires = await raicho("rule", "test", "test.fires", "-i", id);
    expect([fires.code, fires.notes]).toEqual([0, ""]);
    expect(await raicho("rule", "test", "test.not", "-i", id)).toMatchObject({
      code: 1,
      out: expect.stringContaining("does not hold") as string,
    });
    file("rules/tried.yaml", ruleText);
    const other = await raicho("rule", "test", "rules/tried.yaml", "-i", id);
    expect([other.code, other.out]).toEqual([
      1,
      expect.stringContaining("the event is one of test.event") as string,
    ]);
    expect(await raicho("rule", "test", "test.gone", "-i", id)).toMatchObject({ code: 5 });
  });

  test("a dry run tells what would fire, with parameters and without secrets, and runs nothing", async () => {
    await expect.poll(() => ran).toHaveLength(1);
    const before = await count();
    const { code, out } = await raicho("replay", id, "--dry-run", "-j");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject([
      {
        rule: "test.fires",
        outcome: "fires",
        action: "test.tell",
        parameters: { text: "web01!", pin: "********" },
      },
      { rule: "test.fails", outcome: "fails", reason: expect.stringContaining("web01") as string },
    ]);
    expect([await count(), ran.length]).toEqual([before, 1]);
    expect((await raicho("replay", id)).code).toBe(0);
    await expect.poll(() => ran).toHaveLength(2);
    expect((await raicho("replay", "6740b1f2c3d4e5f600000001", "--dry-run")).code).toBe(5);
  });
});
