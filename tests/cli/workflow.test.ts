import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { runCli } from "./run.ts";

const directory = mkdtempSync(join(tmpdir(), "raicho-workflow-"));

function put(name: string, text: string): void {
  writeFileSync(join(directory, name), text);
}

async function run(...argv: string[]): Promise<{ code: number; text: string }> {
  const { code, out, notes } = await runCli(["workflow", ...argv], { workingDirectory: directory });
  return { code, text: out + notes };
}

put(
  "good.yaml",
  "version: 1.0\ninput: [a]\ntasks:\n  t1:\n    action: core.echo message=<% ctx().a %>\noutput: [{b: <% ctx().a %>}]\n",
);
put(
  "bad.yaml",
  `version: 1.0
foo: 1
tasks:
  t1:
    action: core.echo message=<% ctx().missing %>
    delay: -1
    next:
      - when: <% 1 + %>
        publish: x=<% ctx().r %> y=<% ctx().s %>
        do: noop, t9
`,
);

test("what is wrong with a workflow is shown with its place", async () => {
  const { code, text } = await run("inspect", "bad.yaml");
  expect(code).toBe(1);
  const places = text.split("\n").filter((line) => line.includes("--> "));
  expect(places.map((line) => line.trim().replace("--> bad.yaml:", ""))).toEqual([
    "2:1",
    "6:12",
    "10:19",
    "8:21",
    "5:40",
    "9:29",
    "9:45",
  ]);
  expect(text).toContain('error: semantic: tasks.t1.next[0].do: The task "t9" is not defined.');
  expect(text).toContain(
    'error: context: tasks.t1.input: Variable "missing" is referenced before assignment. in <% ctx().missing %>',
  );
  expect(text).toMatch(/\n\n7 problems\n$/);
});

test("the same as JSON, as the API answers it, with line and column", async () => {
  const { code, text } = await run("inspect", "bad.yaml", "--json");
  expect(code).toBe(1);
  expect(JSON.parse(text).errors[3]).toEqual({
    type: "expression",
    language: "yaql",
    expression: "<% 1 + %>",
    message: "Parse error: unexpected end of statement",
    spec_path: "tasks.t1.next[0].when",
    schema_path: String.raw`properties.tasks.patternProperties.^\w+$.properties.next.items.properties.when`,
    line: 8,
    column: 21,
  });
});

test("a good workflow has no problems; a file that is no YAML has one", async () => {
  expect(await run("inspect", "good.yaml")).toEqual({ code: 0, text: "no problems\n" });
  put("broken.yaml", "tasks: [\n");
  const broken = await run("inspect", "broken.yaml");
  expect(broken.code).toBe(1);
  expect(broken.text).toContain("not valid YAML");
  expect(await run("inspect", "nowhere.yaml")).toMatchObject({ code: 1 });
});

test("rehearsals say what is not as expected", async () => {
  put("ok.yaml", "workflow: good.yaml\ninput: {a: 1}\nexpect: {output: {b: 1}}\n");
  put(
    "wrong.yaml",
    "workflow: good.yaml\ninput: {a: 1}\nexpect: {inputs: {t1: {message: 2}}, output: {b: 2}}\n",
  );
  put("inline.yaml", "workflow: {tasks: {t: {action: a.b}}}\nexpect: {tasks: [t]}\n");
  put("typo.yaml", "workflow: good.yaml\nexpct: {}\n");
  put("lost.yaml", "workflow: other.yaml\n");
  const { code, text } = await run(
    "rehearse",
    "ok.yaml",
    "wrong.yaml",
    "inline.yaml",
    "typo.yaml",
    "lost.yaml",
  );
  expect(code).toBe(1);
  expect(text.split("\n").slice(0, 7)).toEqual([
    "ok ok.yaml",
    "FAILED wrong.yaml",
    "  inputs.t1.message: expected 2, got 1",
    "  output.b: expected 2, got 1",
    "ok inline.yaml",
    "FAILED typo.yaml",
    '  2:8 Unknown key "expct". Did you mean "expect"?',
  ]);
  expect(text).toContain("other.yaml cannot be read");
  expect(text).toMatch(/\n5 rehearsals, 3 failed\n$/);
  const json = await run("rehearse", "ok.yaml", "--json");
  expect(json.code).toBe(0);
  expect(JSON.parse(json.text).rehearsals[0]).toMatchObject({ passed: true, output: { b: 1 } });
});

test("wrong arguments are refused with the usage", async () => {
  expect(await run()).toMatchObject({ code: 2 });
  expect(await run("inspect")).toMatchObject({ code: 2 });
  expect((await run("inspect", "good.yaml", "--jsn")).text).toContain("unknown option '--jsn'");
  expect(await run("--help")).toMatchObject({ code: 0 });
});

test("an action-chain is inspected like a workflow", async () => {
  put("chain.yaml", "chain:\n  - name: a\n    ref: x.y\n    on-success: bb\n");
  put("fine.yaml", "chain: [{name: a, ref: x.y}]\n");
  const { code, text } = await run("inspect", "chain.yaml");
  expect(code).toBe(1);
  expect(text).toContain('Unable to find node with name "bb" referenced in "on-success"');
  expect(text).toContain("chain.yaml:4:17");
  expect(await run("inspect", "fine.yaml")).toEqual({ code: 0, text: "no problems\n" });
  expect(JSON.parse((await run("inspect", "chain.yaml", "--json")).text)).toMatchObject({
    errors: [{ line: 4 }],
  });
});
