/** `npm run test:faults -- --profile ci|full|nightly [--seed N] [--only NAME] [--backend postgres|redis] [--repeat N] [--points PREFIX,…] [--out FILE] [--page FILE]`: starts the real program as separate processes, strikes
 * it by the seed, and checks from outside that everything promised holds. With `--from FILE`, perhaps several times, nothing is run: the page is written of what `--out` kept. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { type Case, type Context, inTime, mostMinutes, type Profile, type Report } from "./case.ts";
import { cases } from "./cases.ts";
import { pageWith, type Result, type Run } from "./page.ts";
import { seeded } from "./random.ts";
import type { Backend } from "./site.ts";

const usage =
  "usage: npm run test:faults -- [--profile ci|full|nightly] [--seed N] [--only NAME] [--backend postgres|redis] [--repeat N] [--points PREFIX,…] [--out FILE] [--page FILE]\n       npm run test:faults -- --from FILE [--from FILE ...] --page FILE";
const profiles: readonly Profile[] = ["ci", "full", "nightly"];
const backends: readonly Backend[] = ["postgres", "redis"];

interface Wish {
  readonly profile: Profile;
  readonly seed: number;
  readonly only: string | undefined;
  readonly backend: Backend | undefined;
  readonly repeat: number | undefined;
  readonly points: string | undefined;
  readonly out: string | undefined;
  /** A page of docs/ that takes the results up. */
  readonly page: string | undefined;
  /** Results of earlier runs; with them nothing is run. */
  readonly from: readonly string[];
}

function one<Word extends string>(name: string, text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw new Error(`--${name} ${text}: give one of ${words.join(", ")}`);
}

function readWish(args: readonly string[]): Wish {
  const { values } = parseArgs({
    args: [...args],
    options: {
      profile: { type: "string", default: "ci" },
      seed: { type: "string" },
      only: { type: "string" },
      backend: { type: "string" },
      repeat: { type: "string" },
      points: { type: "string" },
      out: { type: "string" },
      page: { type: "string" },
      from: { type: "string", multiple: true, default: [] },
    },
  });
  const seed = values.seed ?? String(Date.now() % 1_000_000);
  if (!/^\d+$/.test(seed)) throw new Error(`--seed ${seed}: give a whole number`);
  const { repeat } = values;
  if (repeat !== undefined && !/^[1-9]\d*$/.test(repeat))
    throw new Error(`--repeat ${repeat}: give a whole number`);
  if (values.from.length > 0 && values.page === undefined)
    throw new Error("--from: give --page FILE too, into which the results are written");
  if (values.only !== undefined)
    one(
      "only",
      values.only,
      cases.map(({ name }) => name),
    );
  return {
    profile: one("profile", values.profile, profiles),
    seed: Number(seed),
    only: values.only,
    backend: values.backend === undefined ? undefined : one("backend", values.backend, backends),
    repeat: repeat === undefined ? undefined : Number(repeat),
    points: values.points,
    out: values.out,
    page: values.page,
    from: values.from,
  };
}

function say(text: string): void {
  process.stderr.write(text);
}

/** In place at a terminal; elsewhere a line now and then, so that nobody thinks it hangs. */
function progress(title: string): (text: string) => void {
  let last = performance.now();
  return (text) => {
    if (process.stderr.isTTY) return say(`\r\u001B[K${title}: ${text} `);
    if (performance.now() - last < 15_000) return undefined;
    last = performance.now();
    return say(`  ${title}: ${text}\n`);
  };
}

async function runCase(
  each: Case,
  backend: Backend,
  { profile, seed, repeat, points }: Wish,
): Promise<Result> {
  const since = performance.now();
  const title = `${each.name}, queue on ${backend}`;
  const context: Context = {
    profile,
    seed,
    backend,
    repeat,
    points,
    random: seeded(seed),
    say: progress(title),
    size: (sizes) => sizes[profile],
  };
  // A site breaks itself off first: then it ends its processes and tells of them.
  const minutes = mostMinutes[profile] + 5;
  const report = await inTime(each.run(context), minutes).catch((error: unknown): Report => {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { counts: {}, findings: [`it broke off: ${reason}`] };
  });
  const seconds = Math.round((performance.now() - since) / 1_000);
  const load = Math.round((loadavg()[0] ?? 0) * 10) / 10;
  return { name: each.name, backend, promises: each.promises, seconds, load, ...report };
}

function line({ name, backend, counts, findings, seconds, load }: Result): string {
  const facts = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
  const verdict = findings.length === 0 ? "ok    " : "FAILED";
  const head = `${verdict} ${name} (${backend}): ${facts.join(", ")}; ${seconds} s, load ${load}`;
  return [head, ...findings.map((finding) => `       - ${finding}`)].join("\n");
}

function casesOf({ only, profile }: Wish): readonly Case[] {
  if (only !== undefined) return cases.filter(({ name }) => name === only);
  return cases.filter(({ notIn }) => notIn?.includes(profile) !== true);
}

function readRun(file: string): Run {
  const kept = JSON.parse(readFileSync(file, "utf8")) as Partial<Run>;
  if (Array.isArray(kept.results) && kept.at !== undefined) return kept as Run;
  throw new Error(`--from ${file}: give a file that --out wrote`);
}

function writePage(page: string, runs: readonly Run[]): void {
  writeFileSync(page, pageWith(existsSync(page) ? readFileSync(page, "utf8") : "", runs));
}

async function run(wish: Wish): Promise<boolean> {
  const { profile, seed, out, page } = wish;
  say(`faults: profile ${profile}, seed ${seed} (repeat with --seed ${seed})\n`);
  const results: Result[] = [];
  for (const each of casesOf(wish)) {
    const reason = each.cannot?.();
    if (reason !== undefined) {
      say(`skipped ${each.name}: ${reason}\n`);
      continue;
    }
    const both = each.backends === "both" ? backends : [each.backends];
    for (const backend of both.filter((name) => (wish.backend ?? name) === name)) {
      const result = await runCase(each, backend, wish);
      results.push(result);
      say(`${process.stderr.isTTY ? "\r\u001B[K" : ""}${line(result)}\n`);
    }
  }
  const failed = results.filter(({ findings }) => findings.length > 0);
  say(`${results.length - failed.length} cases passed, ${failed.length} failed; seed ${seed}\n`);
  const kept = { profile, seed, at: new Date().toISOString(), cores: cpus().length, results };
  if (out !== undefined) writeFileSync(out, `${JSON.stringify(kept, null, 2)}\n`);
  if (page !== undefined) writePage(page, [kept]);
  return failed.length === 0 && results.length > 0;
}

// Whoever ends the harness ends what it started: leaving runs what stands at exit.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => process.exit(130));

try {
  const wish = readWish(process.argv.slice(2));
  const { from, page } = wish;
  if (from.length > 0 && page !== undefined) writePage(page, from.map(readRun));
  // What a case that stood still left open keeps nobody waiting.
  else process.exit((await run(wish)) ? 0 : 1);
} catch (error) {
  say(`faults: ${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
  process.exitCode = 2;
}
