/** Starts Raicho with the content that a recording expects and asks it everything that was recorded. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  adminPassword,
  basic,
  plainRequest,
  type Raicho,
  removeHome,
  repository,
  startRaicho,
} from "../support/raicho.ts";
import { isObject } from "../../src/model/json.ts";
import { packsOf, replayUnit, type UnitFile } from "./http-unit.ts";
import { replayHttp, type RecordedFile, type ReplayOptions } from "./http.ts";
import { pack, writeRecordedContent } from "./http-content.ts";
import type { Report } from "./workflow-cases.ts";

interface Replayed {
  /** Below the directory of recordings. */
  readonly file: string;
  readonly what: string;
  report(): Promise<Report>;
}

function read(path: string): never {
  return JSON.parse(readFileSync(path, "utf8")) as never;
}

/** The workflows that recorded executions run, by name. */
function definitionsIn(directory: string): Readonly<Record<string, string>> {
  const files = ["inspection/fixtures.json", "workflows/examples.json"].map((file) =>
    join(directory, file),
  );
  return Object.assign(
    {},
    ...files
      .filter((file) => existsSync(file))
      .map((file) => (read(file) as { definitions: object }).definitions),
  ) as Readonly<Record<string, string>>;
}

/** Does the work with a Raicho of its own, in directories that are removed afterwards. */
async function withRaicho(
  access: Readonly<Record<string, string>>,
  packs: string,
  work: (raicho: Raicho) => Promise<Report>,
): Promise<Report> {
  const raicho = await startRaicho({ env: { ...access, RAICHO_PACKS: packs } });
  try {
    return await work(raicho);
  } finally {
    await raicho.stop();
    removeHome(raicho.home);
  }
}

/** Those that can be asked again; the streams of events are held open by tests of their own. */
function areasOf(file: RecordedFile): readonly string[] {
  return Object.keys(file).filter((area) => area !== "stream");
}

type Way = Pick<ReplayOptions, "headers" | "secrets">;

async function signedIn({ url }: Raicho): Promise<Way> {
  const { body } = await plainRequest(`${url}/auth/v1/tokens`, {
    method: "POST",
    body: {},
    headers: basic("admin", adminPassword),
  });
  const token = isObject(body) ? String(body["token"]) : "";
  const secrets = { "<hex32>": token, st2admin: "admin", testu: "admin" };
  return { headers: { "x-auth-token": token }, secrets };
}

async function replay(directory: string, name: string, auth: "on" | "off"): Promise<Report> {
  const file: RecordedFile = read(join(directory, name));
  const packs = mkdtempSync(join(tmpdir(), "raicho-packs-"));
  const pausefile = join(packs, "pausefile");
  try {
    writeRecordedContent(packs, file, definitionsIn(directory));
    writeFileSync(pausefile, "");
    return await withRaicho({ RAICHO_AUTH: auth, RAICHO_RBAC: "off" }, packs, async (raicho) => {
      const { headers, secrets }: Way = auth === "on" ? await signedIn(raicho) : {};
      return await replayHttp(file, {
        url: `${raicho.url}/v1`,
        authUrl: `${raicho.url}/auth`,
        credentials: basic("admin", adminPassword),
        headers: headers ?? {},
        secrets: {
          "/opt/stackstorm/pausefile": pausefile,
          "<pausefile>": pausefile,
          ...secrets,
        },
        places: {
          [join(raicho.home, "packs")]: "/opt/stackstorm/packs",
          [`${packs},${join(repository, "packs")}`]: "/opt/stackstorm/packs",
          [join(raicho.home, "configs")]: "/opt/stackstorm/configs",
        },
        areas: areasOf(file),
      });
    });
  } finally {
    rmSync(packs, { recursive: true, force: true });
  }
}

/** The recordings of `http/`, each with a server of its own. */
export function httpChecks(directory: string): readonly Replayed[] {
  return [
    { file: "http/live.json", what: "REST", auth: "off" as const },
    { file: "http/live-auth.json", what: "REST, signed in", auth: "on" as const },
  ].map(({ file, what, auth }) => ({
    file,
    what,
    report: () => replay(directory, file, auth),
  }));
}

/** The traffic of StackStorm's own tests of its API. */
export function unitChecks(directory: string): readonly Replayed[] {
  const file = "http/api-unit.json";
  const report = (): Promise<Report> => {
    const recorded: UnitFile = read(join(directory, file));
    const packs = mkdtempSync(join(tmpdir(), "raicho-packs-"));
    for (const ref of packsOf(recorded)) {
      pack(packs, ref);
      mkdirSync(join(packs, ref, "actions"));
    }
    const access = { RAICHO_AUTH: "off", RAICHO_RBAC: "off" };
    return withRaicho(access, packs, ({ url }) => replayUnit(recorded, { url })).finally(() =>
      rmSync(packs, { recursive: true, force: true }),
    );
  };
  return [{ file, what: "REST, StackStorm's tests", report }];
}
