import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import type { LintParts } from "../../src/cli/cli.ts";
import { renderProblem } from "../../src/content/code-frame.ts";
import { watchDirectories, watchedDirectories } from "../../src/content/watch.ts";
import { runCli } from "../cli/run.ts";
import { packYaml, runners, writeTree } from "./tree.ts";
import type { Tree } from "./tree.ts";

async function run(
  tree: Tree,
  ...argv: string[]
): Promise<{ code: number; text: string; root: string }> {
  const root = writeTree({ "packs/demo/pack.yaml": packYaml, ...tree });
  const lintParts = (): Promise<LintParts> =>
    Promise.resolve({
      directories: { bundled: [join(root, "packs")], site: {}, packs: [] },
      runners,
    });
  const { code, out, notes } = await runCli(["lint", ...argv], {
    host: { lintParts },
    workingDirectory: root,
  });
  return { code, text: out + notes, root };
}

test("sound content: one line, exit code 0", async () => {
  expect(await run({})).toMatchObject({ code: 0, text: "no problems\n" });
});

test("problems stand in their code, per file, with a summary", async () => {
  const { code, text } = await run({
    "packs/demo/actions/a.yaml": "name: a\nrunner_typ: noop\nenabled: true\n",
    "packs/demo/actions/b.yaml": "name: b\nname: b\nrunner_type: noop\n",
  });
  expect(code).toBe(1);
  expect(text).toBe(`error: "runner_type" is missing
 --> packs/demo/actions/a.yaml:1:1
  |
1 | name: a
  | ^^^^
2 | runner_typ: noop
  = expected: runner_type: a text that is not empty

error: unknown key "runner_typ"
 --> packs/demo/actions/a.yaml:2:1
  |
1 | name: a
2 | runner_typ: noop
  | ^^^^^^^^^^
3 | enabled: true
  = expected: name, pack, runner_type, description, enabled, entry_point, parameters, output_schema or 8 more
  = help: did you mean "runner_type"?

warning: "name" is written twice; only the last one counts
 --> packs/demo/actions/b.yaml:2:1
  |
1 | name: b
2 | name: b
  | ^^^^
3 | runner_type: noop

2 errors, 1 warning in 2 files
`);
});

test("warnings alone leave the exit code at 0", async () => {
  expect(
    (await run({ "packs/demo/actions/b.yaml": "name: b\nname: b\nrunner_type: noop\n" })).code,
  ).toBe(0);
});

test("--json prints the problems as data", async () => {
  const { code, text, root } = await run(
    { "packs/demo/actions/a.yaml": "name: a\nrunner_type: nop\n" },
    "--json",
  );
  expect(code).toBe(1);
  expect(JSON.parse(text)).toMatchObject({
    errors: 1,
    warnings: 0,
    problems: [
      {
        severity: "error",
        file: join(root, "packs/demo/actions/a.yaml"),
        line: 2,
        column: 14,
        suggestion: "noop",
      },
    ],
  });
});

test("a path limits what is printed, and may lie anywhere", async () => {
  const { code, text } = await run(
    {
      "packs/demo/actions/a.yaml": "name: a\n",
      "elsewhere/mine/pack.yaml": packYaml,
      "elsewhere/mine/rules/r.yaml": "name: r\n",
    },
    "elsewhere",
  );
  expect(code).toBe(1);
  expect(text).toContain("elsewhere/mine/rules/r.yaml:1:1");
  expect(text).not.toContain("a.yaml");
});

test("an unknown option is refused with the usage", async () => {
  const { code, text } = await run({}, "--jsn");
  expect(code).toBe(2);
  expect(text).toMatch(/unknown option .--jsn.\n[^]*raicho help lists/);
});

test("the caret stands under wide characters and tabs, and control characters stay out of the terminal", () => {
  const problem = { severity: "error", file: "f", line: 1, column: 6, message: "m" } as const;
  expect(renderProblem(problem, "f", "監視: x\u001B[2Jy\n").split("\n").slice(3)).toEqual([
    "1 | 監視: x\uFFFD[2Jy",
    "  | \u3000\u3000   ^",
    "2 |",
  ]);
});

test("watching: one call after a burst of changes; traces of editors do not count", async () => {
  const root = writeTree({ "packs/demo/pack.yaml": packYaml });
  let calls = 0;
  const { promise: changed, resolve: seen } = Promise.withResolvers<void>();
  const failures: string[] = [];
  const watching = watchDirectories(
    watchedDirectories({
      bundled: [],
      site: { packs: join(root, "packs"), rules: join(root, "none") },
      packs: [],
    }),
    () => {
      calls += 1;
      seen();
    },
    { quietMilliseconds: 50, failed: (directory) => failures.push(directory) },
  );
  onTestFinished(() => watching.stop());
  expect(failures).toEqual([join(root, "none")]);
  writeFileSync(join(root, "packs/demo/.pack.yaml.swp"), "x");
  for (let n = 0; n < 5; n += 1)
    writeFileSync(join(root, "packs/demo/pack.yaml"), `${packYaml}# ${n}\n`);
  await changed;
  expect(calls).toBe(1);
});
