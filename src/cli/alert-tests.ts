/** `raicho alert test`: the tests beside the parsers, without a server. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { DocumentProblem } from "../alerts/document.ts";
import {
  readParserTests,
  runParserTests,
  type ParserTest,
  type TestedMessage,
  type TestVerdict,
} from "../alerts/parser-test.ts";
import { renderProblem } from "../content/code-frame.ts";
import { parseYaml, type YamlFile } from "../content/yaml.ts";
import type { Content } from "../model/definitions.ts";
import { clock, ground, messageIn } from "./alert-files.ts";
import { CliError, exitCodes, type AlertParts, type Cli } from "./cli.ts";

/** Runs the tests of these packs (by name, or the directory of one), else of all and of the site. What cannot be read counts as a test that does not hold. */
export async function testPacks(given: readonly string[], cli: Cli): Promise<void> {
  const places = given.map((name) => ({ name, path: resolve(cli.workingDirectory, name) }));
  const more = places.flatMap(({ path }) => (existsSync(path) ? [path] : []));
  const { parts, parsers, content } = await ground(cli, more);
  const packs = [...content.packs.values()].map(({ path }) => path);
  const faults: string[] = [];
  let passed = 0;
  try {
    const files =
      places.length > 0 ? places.flatMap((one) => filesOf(one, content)) : packs.flatMap(testFiles);
    for (const file of files) {
      const name = relative(cli.workingDirectory, file);
      const { tests, problems } = readTests(file, name);
      faults.push(...problems);
      const verdicts = runParserTests(parsers, await messagesOf(tests, file, parts), clock(parts));
      const failed = verdicts.filter((verdict) => verdict.faults.length > 0);
      faults.push(...failed.map((verdict) => sayFaults(name, verdict)));
      passed += verdicts.length - failed.length;
    }
  } finally {
    await parts.close();
  }
  cli.terminal.write(`${faults.join("")}${passed} passed, ${faults.length} failed\n`);
  cli.end(faults.length === 0 ? exitCodes.ok : exitCodes.failed);
}

function sayFaults(file: string, { name, faults }: TestVerdict): string {
  return `${file}: ${name}\n${faults.map((fault) => `  ${fault}\n`).join("")}`;
}

/** The test files of one that was asked for; none are a mistake. */
function filesOf(
  { name, path }: { readonly name: string; readonly path: string },
  { packs }: Content,
): readonly string[] {
  const known = packs.get(name);
  const files = testFiles(path);
  if (files.length > 0) return files;
  if (known === undefined && !existsSync(path))
    throw new CliError(
      exitCodes.notFound,
      `there is no pack and no directory "${name}"; packs are: ${[...packs.keys()].toSorted().join(", ")}`,
    );
  const found = known === undefined ? [] : testFiles(known.path);
  if (found.length > 0) return found;
  throw new CliError(exitCodes.notFound, `there are no tests in ${join(name, "parsers", "tests")}`);
}

function testFiles(pack: string): readonly string[] {
  const directory = join(pack, "parsers", "tests");
  try {
    return readdirSync(directory)
      .filter((name) => /\.ya?ml$/.test(name))
      .toSorted()
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

interface ReadTests {
  readonly tests: readonly ParserTest[];
  /** Each with the lines around it. */
  readonly problems: readonly string[];
}

/** The tests of a file; none of one that has faults. */
function readTests(file: string, name: string): ReadTests {
  const yaml = parseYaml(readFileSync(file, "utf8"));
  const faults = yaml.faults.filter(({ severity }) => severity === "error");
  const found: DocumentProblem[] = [];
  const tests = faults.length > 0 ? [] : readParserTests(yaml.value, found);
  for (const [index, { message }] of tests.entries())
    if (message.kind === "eml" && !existsSync(join(dirname(file), message.file)))
      found.push({
        path: `/${index}/eml`,
        message: `there is no ${message.file} beside this file`,
      });
  const placed = [
    ...faults,
    ...found.map((problem) => ({ ...problem, ...placeOf(yaml, problem) })),
  ];
  const problems = placed.map(({ line, column, message }) => {
    const problem = { severity: "error", file, line, column, message } as const;
    return `${renderProblem(problem, name, yaml.text)}\n\n`;
  });
  return { tests: problems.length > 0 ? [] : tests, problems };
}

function placeOf(yaml: YamlFile, { path, part }: DocumentProblem) {
  const steps = path.split("/").filter((step) => step !== "");
  return yaml.place(
    steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step)),
    part,
  );
}

async function messagesOf(
  tests: readonly ParserTest[],
  file: string,
  parts: AlertParts,
): Promise<readonly TestedMessage[]> {
  const tested: TestedMessage[] = [];
  for (const test of tests) {
    const { message: given } = test;
    if (given.kind !== "eml") tested.push({ test, message: given });
    else {
      const eml = join(dirname(file), given.file);
      const { message } = await messageIn(eml, readFileSync(eml), parts);
      tested.push({ test, message });
    }
  }
  return tested;
}
