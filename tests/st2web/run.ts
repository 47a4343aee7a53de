/**
 * `npm run conformance:st2web -- --console DIR [--chromium PROGRAM] [--apart] [--only WORDS] [--pictures DIR]`: a built console of StackStorm in a
 * real Chromium against a Raicho that is started for it. Nothing of the console is changed.
 *
 * Exits with 1 when a step fails, the page throws, or a call is refused or stays without an answer.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { chromium, type BrowserContext } from "playwright-core";
import { removeHome, startRaicho, temporaryHome, type Raicho } from "../support/raicho.ts";
import { serveConsole } from "./serve.ts";
import { writeIndex, writeSite } from "./site.ts";
import type { Visit } from "./visit.ts";
import { visits } from "./visits.ts";
import { Watch } from "./watch.ts";

interface Wish {
  readonly directory: string;
  readonly chromium: string;
  /** The console at another origin than the door. */
  readonly apart: boolean;
  /** Only the steps whose name has one of these words. */
  readonly only: readonly string[];
  /** Milliseconds that something may take to be seen. */
  readonly patience: number;
  readonly pictures: string | undefined;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function goThrough(
  wish: Wish,
  visit: Omit<Visit, "page">,
  context: BrowserContext,
): Promise<number> {
  const page = await context.newPage();
  const wanted = visits.filter(
    ([name], index) =>
      index === 0 || wish.only.length === 0 || wish.only.some((word) => name.includes(word)),
  );
  let failed = 0;
  for (const [name, act] of wanted) {
    try {
      print(`  ok    ${name}: ${await act({ ...visit, page })}`);
    } catch (error) {
      failed += 1;
      print(`  FAIL  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (wish.pictures !== undefined)
      await page.screenshot({ path: join(wish.pictures, `${name.replaceAll(/\W+/g, "-")}.png`) });
  }
  return failed;
}

async function look(wish: Wish, raicho: Raicho, url: string): Promise<number> {
  const browser = await chromium.launch({
    executablePath: wish.chromium,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  try {
    const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
    context.setDefaultTimeout(wish.patience);
    const watch = new Watch(wish);
    context.on("page", (page) => watch.add(page));
    const failed = await goThrough(wish, { raicho, url }, context);
    for (const line of watch.said) print(`  said  ${line}`);
    for (const line of watch.errors) print(`  ERROR ${line}`);
    for (const line of watch.unanswered) print(`  NO    ${line}`);
    print(watch.kinds.join("\n"));
    print(
      `${failed} steps failed, ${watch.errors.length} page errors, ${watch.unanswered.length} of ${watch.count} calls unanswered`,
    );
    return failed + watch.errors.length + watch.unanswered.length === 0 ? 0 : 1;
  } finally {
    await browser.close();
  }
}

async function run(wish: Wish): Promise<number> {
  const packs = writeSite();
  const home = temporaryHome();
  const offers = mkdtempSync(join(tmpdir(), "raicho-st2web-offers-"));
  mkdirSync(join(home, "configs"));
  const door = { url: "" };
  const served = await serveConsole(wish.directory, { door: () => door.url, apart: wish.apart });
  const raicho = await startRaicho({
    home,
    env: {
      RAICHO_PACKS: packs,
      RAICHO_PACK_INDEX: writeIndex(offers),
      ...(wish.apart ? { RAICHO_ALLOW_ORIGIN: served.url } : {}),
    },
  });
  door.url = raicho.url;
  try {
    return await look(wish, raicho, served.url);
  } finally {
    await served.close();
    await raicho.stop();
    removeHome(home);
    for (const each of [packs, offers]) rmSync(each, { recursive: true });
  }
}

const { values } = parseArgs({
  options: {
    console: { type: "string" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
    apart: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    patience: { type: "string", default: "30" },
    pictures: { type: "string" },
  },
});
const directory = values.console === undefined ? undefined : resolve(values.console);
if (directory === undefined || !existsSync(join(directory, "index.html"))) {
  process.stderr.write(
    `st2web: give --console DIR, a built console of StackStorm (there is no index.html in ${values.console ?? "nothing"})\n`,
  );
  process.exitCode = 2;
} else {
  if (values.pictures !== undefined) mkdirSync(values.pictures, { recursive: true });
  process.exitCode = await run({
    directory,
    chromium: values.chromium,
    apart: values.apart,
    patience: Number(values.patience) * 1_000,
    only: values.only.split(",").filter((word) => word !== ""),
    pictures: values.pictures,
  });
}
