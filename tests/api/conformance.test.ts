/** The recorded requests of StackStorm's API against the real program. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { replayHttp, type RecordedFile, type ReplayOptions } from "../conformance/http.ts";
import { writeRecordedContent } from "../conformance/http-content.ts";
import type { Report } from "../conformance/workflow-cases.ts";
import { adminPassword, type Raicho, removeHome, startRaicho } from "../support/raicho.ts";

const data = "../shared/conformance";
const present = existsSync(data);

function read(path: string): never {
  return JSON.parse(present ? readFileSync(join(data, path), "utf8") : "{}") as never;
}

const live: RecordedFile = read("http/live.json");
const guarded: RecordedFile = read("http/live-auth.json");

async function started(packs: string, auth: "on" | "off"): Promise<Raicho> {
  const { definitions } = read("workflows/examples.json") as {
    definitions: Readonly<Record<string, string>>;
  };
  writeRecordedContent(packs, live, definitions);
  return startRaicho({ env: { RAICHO_AUTH: auth, RAICHO_PACKS: packs } });
}

function at(url: string): Pick<ReplayOptions, "url" | "authUrl"> {
  return { url: `${url}/v1`, authUrl: `${url}/auth` };
}

/** What differs without being listed; SHOW=1 prints everything that differs. */
function unlisted({ cases, differences }: Report): readonly unknown[] {
  if (process.env["SHOW"] !== undefined)
    for (const { case: name, what, actual, reason } of differences)
      process.stdout.write(
        `${reason === undefined ? "!" : " "} ${name} ${what} ${JSON.stringify(actual)}\n`,
      );
  process.stdout.write(
    `${cases} recorded requests, ${differences.length} differ, ${((100 * (cases - differences.length)) / cases).toFixed(1)} % equal\n`,
  );
  return differences.filter(({ reason }) => reason === undefined);
}

describe.skipIf(!present)("StackStorm's recorded answers", () => {
  const packs = mkdtempSync(join(tmpdir(), "raicho-packs-"));
  const pausefile = join(packs, "pausefile");
  let raicho: Raicho;
  let closed: Raicho;

  beforeAll(async () => {
    raicho = await started(packs, "off");
    closed = await started(packs, "on");
  }, 120_000);

  afterAll(async () => {
    await Promise.all([raicho.stop(), closed.stop()]);
    removeHome(raicho.home);
    removeHome(closed.home);
    rmSync(packs, { recursive: true });
  }, 60_000);

  test("without authentication: every difference is listed with its reason", async () => {
    const areas = Object.keys(live).filter((area) => area !== "auth" && area !== "stream");
    writeFileSync(pausefile, "");
    const report = await replayHttp(live, {
      ...at(raicho.url),
      secrets: { "/opt/stackstorm/pausefile": pausefile, "<pausefile>": pausefile },
      places: {
        [`${packs},${join(process.cwd(), "packs")}`]: "/opt/stackstorm/packs",
        [join(raicho.home, "configs")]: "/opt/stackstorm/configs",
      },
      areas,
    });
    expect(report.cases).toBeGreaterThan(200);
    expect(unlisted(report)).toStrictEqual([]);
  }, 240_000);

  test("with authentication", async () => {
    const login = await fetch(`${closed.url}/auth/v1/tokens`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`admin:${adminPassword}`)}` },
    });
    const { token } = (await login.json()) as { token: string };
    const headers = { "x-auth-token": token };
    const secrets = { "<hex32>": token, st2admin: "admin" };
    const areas = ["apikeys", "keys", "aliases", "misc", "meta"];
    const report = await replayHttp(guarded, { ...at(closed.url), headers, secrets, areas });
    expect(report.cases).toBeGreaterThan(70);
    expect(unlisted(report)).toStrictEqual([]);
  }, 120_000);
});
