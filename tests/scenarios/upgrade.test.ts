/** Data of an earlier release: brought up to date, whole, and its work goes on. The backup was taken from release 0.1.0 as of 2026-11-21, at 22 of today's migrations. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import {
  plainRequest,
  type Raicho,
  removeHome,
  runRaicho,
  startRaicho,
  temporaryHome,
} from "../support/raicho.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const file = resolve(import.meta.dirname, "../fixtures/upgrade/raicho-0.1.0.backup");
/** What was there: executions, an entry that was changed once, a workflow that waits for an answer, an API key. */
const known = {
  executions: 12,
  entry: "01a1fe18-8f81-7071-88c7-eea48458e243",
  waiting: "6b018fb7f77af7ac4c4cfa07",
  inquiry: "6b018fb7b380bb18c1619b39",
  apiKey: "29ad780a26663c4cdda694450998056254f02c2ed8b7ac12",
} as const;

/** Nothing of the old data is old enough to be forgotten, whenever this runs. */
const forever = {
  RAICHO_KEEP_EXECUTIONS_DAYS: "0",
  RAICHO_KEEP_OUTPUT_DAYS: "0",
  RAICHO_KEEP_EVENTS_DAYS: "0",
  RAICHO_KEEP_FEED_DAYS: "0",
};

let raicho: Raicho;
const home = temporaryHome();

beforeAll(async () => {
  const { ended, printed } = runRaicho(["restore", file], { home });
  const { code } = await ended;
  if (code !== 0) throw new Error(printed.err);
  raicho = await startRaicho({ home, env: forever });
});
afterAll(async () => {
  await raicho.stop();
  removeHome(home);
});

test("the backup is older than this release, or this test shows nothing", () => {
  const [head = ""] = gunzipSync(readFileSync(file)).toString("utf8").split("\n", 1);
  const { migrations } = JSON.parse(head) as { migrations: readonly string[] };
  expect(migrations).toHaveLength(22);
});

test("executions and what they gave are there, and are counted", async () => {
  const { body, headers } = await raicho.ask(
    "/v1/executions?limit=100&include_attributes=status,result,action.ref",
  );
  const found = body as { status: string; action: { ref: string }; result?: { stdout?: string } }[];
  expect(found).toHaveLength(known.executions);
  expect(headers.get("x-total-count")).toBe(String(known.executions));
  expect(found.filter(({ status }) => status === "succeeded")).toHaveLength(10);
  expect(found.find(({ action }) => action.ref === "core.local")?.result?.stdout).toBe(
    "from 0.1.0",
  );
});

test("secrets are read with the key that came along", async () => {
  const { value } = await raicho.get<{ value: string }>("/v1/keys/dns_key?decrypt=true");
  expect(value).toBe("s3cret ラ");
});

test("people and programs are still let in", async () => {
  const { status } = await plainRequest(`${raicho.url}/v1/actions?limit=1`, {
    headers: { "st2-api-key": known.apiKey },
  });
  expect(status).toBe(200);
});

test("entries keep their history, and can be changed and taken back", async () => {
  const path = `/api/v2/inventory/entries/${known.entry}`;
  const changed = await raicho.ask(path, {
    method: "PATCH",
    body: { note: "after the upgrade" },
    headers: { "content-type": "application/merge-patch+json" },
  });
  expect(changed.status, JSON.stringify(changed.body)).toBe(200);
  const { body } = await raicho.ask(`${path}/diff?from=1&to=3`);
  expect(JSON.stringify(body)).toContain("ネットワーク運用");
  expect(JSON.stringify(body)).toContain("after the upgrade");
});

test("a workflow that waited goes on, on the definition it began with, though no file has it any more", async () => {
  const answered = await raicho.ask(`/v1/inquiries/${known.inquiry}`, {
    method: "PUT",
    body: { id: known.inquiry, response: { approved: true } },
  });
  expect(answered.status, JSON.stringify(answered.body)).toBe(200);
  const done = await eventually("the workflow", async () => {
    const execution = await raicho.get<{ status: string; result?: { output?: unknown } }>(
      `/v1/executions/${known.waiting}`,
    );
    return execution.status === "succeeded" ? execution : undefined;
  });
  expect(done.result?.output).toEqual({ host: "web12.auction", approved: true });
});
