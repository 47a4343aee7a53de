/**
 * `npm run conformance:st2-client -- --st2 DIR [--python PROGRAM] [--python-path DIRS] [--only WORDS]`: every command of StackStorm's own command line,
 * from a checkout of StackStorm/st2, against a Raicho with authentication that is started for it. Nothing of the checkout is changed.
 *
 * Exits with 1 when a command ends or prints otherwise than its step says.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { adminPassword, removeHome, startRaicho, temporaryHome } from "../support/raicho.ts";
import { writeIndex, writeSite } from "../st2web/site.ts";
import { call, type Called, type Client } from "./client.ts";
import { writeFiles } from "./files.ts";
import type { Step } from "./step.ts";
import { topics } from "./topics.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);

type Memory = Map<string, string>;

const fill = (text: string, memory: Memory): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => memory.get(name) ?? whole);

function wordsOf({ command, args = [] }: Step, memory: Memory): readonly string[] {
  const given = typeof args === "string" ? args.split(" ") : args;
  return [...command.split(" "), ...given.map((word) => fill(word, memory))];
}

/** What is otherwise than the step says. */
function faults(step: Step, { code, printed }: Called, memory: Memory): readonly string[] {
  const misses = (step.prints ?? []).filter((wanted) =>
    typeof wanted === "string" ? !printed.includes(fill(wanted, memory)) : !wanted.test(printed),
  );
  const shown = (step.hides ?? []).filter((text) => printed.includes(text));
  return [
    ...(code === (step.code ?? 0) ? [] : [`exit code ${code} instead of ${step.code ?? 0}`]),
    ...misses.map((wanted) => `does not print ${String(wanted)}`),
    ...shown.map((text) => `prints ${text}`),
    ...(step.remember === undefined || step.remember[1].test(printed)
      ? []
      : [`has no ${step.remember[0]}`]),
  ];
}

/** Takes the step; answers whether it went as it should. */
async function take(client: Client, step: Step, memory: Memory): Promise<boolean> {
  const words = wordsOf(step, memory);
  const end = performance.now() + 60_000;
  let called = await call(client, words, step.types);
  let wrong = faults(step, called, memory);
  while (step.until === true && wrong.length > 0 && performance.now() < end) {
    called = await call(client, words, step.types);
    wrong = faults(step, called, memory);
  }
  const found = step.remember?.[1].exec(called.printed)?.[1];
  if (step.remember !== undefined && found !== undefined) memory.set(step.remember[0], found);
  print(`  ${wrong.length === 0 ? "ok  " : "FAIL"}  st2 ${words.join(" ")}`);
  if (wrong.length > 0) print(`        ${wrong.join("; ")}\n${called.printed}`);
  return wrong.length === 0;
}

interface Wish extends Pick<Client, "checkout" | "python" | "pythonPath"> {
  readonly only: readonly string[];
}

async function runCommands(wish: Wish): Promise<number> {
  const work = mkdtempSync(join(tmpdir(), "raicho-st2-client-"));
  const files = join(work, "files");
  const packs = writeSite();
  writeFiles(files, join(packs, "plain"));
  const home = temporaryHome();
  const raicho = await startRaicho({
    home,
    configs: {},
    env: { RAICHO_PACKS: packs, RAICHO_PACK_INDEX: writeIndex(work) },
  });
  const clientHome = join(work, "home");
  mkdirSync(clientHome);
  const client: Client = { ...wish, home: clientHome, url: raicho.url };
  const memory: Memory = new Map([
    ["password", adminPassword],
    ["files", files],
    ["packs", packs],
  ]);
  const wanted = topics.filter(
    ({ about }, index) =>
      index === 0 || wish.only.length === 0 || wish.only.some((word) => about.includes(word)),
  );
  const steps = wanted.flatMap((topic) => topic.steps);
  let failed = 0;
  try {
    for (const step of steps) if (!(await take(client, step, memory))) failed += 1;
    print(`${steps.length} calls, ${failed} otherwise than they should be`);
    return failed === 0 ? 0 : 1;
  } finally {
    await raicho.stop();
    removeHome(home);
    for (const directory of [work, packs]) rmSync(directory, { recursive: true });
  }
}

const { values } = parseArgs({
  options: {
    st2: { type: "string", default: "" },
    "python-path": { type: "string", default: "" },
    python: { type: "string", default: "python3" },
    only: { type: "string", default: "" },
  },
});
const checkout = resolve(values.st2);
if (existsSync(join(checkout, "st2client/st2client/shell.py")))
  process.exitCode = await runCommands({
    checkout,
    python: values.python,
    pythonPath: values["python-path"].split(delimiter).filter((path) => path !== ""),
    only: values.only.split(",").filter((word) => word !== ""),
  });
else {
  process.stderr.write(
    `st2-client: give --st2 DIR, a checkout of StackStorm/st2 (there is no st2client in ${checkout})\n`,
  );
  process.exitCode = 2;
}
