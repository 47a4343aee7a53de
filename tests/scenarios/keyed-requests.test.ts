/** P2: a request with an idempotency key whose door dies between commit and answer is not done again, and one whose door died before is. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EnginePoint } from "../../src/model/crash-points.ts";
import { ask, type Reply } from "../faults/ask.ts";
import { openSite, type Site } from "../faults/site.ts";
import { eventually } from "../support/eventually.ts";

let site: Site;
beforeAll(async () => {
  site = await openSite({ counts: { api: 1, worker: 0, sensors: 0, scheduler: 0 } });
}, 120_000);
afterAll(() => site.close(), 60_000);

interface Wish {
  readonly path: string;
  readonly body: object;
  readonly key: string;
}

function send({ path, body, key }: Wish): Promise<Reply> {
  return ask(`${site.doors[0]}${path}`, {
    method: "POST",
    body,
    token: site.token,
    headers: { "idempotency-key": key },
  });
}

/** Lets the door die at that point of the request; resolves when it is back. */
async function dieAt(point: EnginePoint, wish: Wish): Promise<void> {
  const [door] = site.of("api");
  if (door === undefined) throw new Error("there is no door");
  await site.kill(door, "SIGKILL", { RAICHO_CRASH_AT: point });
  await site.ready(door);
  const { starts } = door;
  expect((await send(wish)).status).toBe(0);
  await eventually("another door", () => door.starts > starts, { seconds: 60 });
  await site.ready(door);
}

/** As a sender does: again until somebody knows how the first time ended. */
function insist(wish: Wish): Promise<Reply> {
  return eventually(
    `an answer to ${wish.key}`,
    async () => {
      const reply = await send(wish);
      return reply.text.includes("is still worked on") ? undefined : reply;
    },
    { seconds: 60 },
  );
}

async function count(path: string, isIt: (each: Record<string, unknown>) => boolean) {
  const { text } = await ask(`${site.doors[0]}${path}`, { token: site.token });
  const all: unknown = JSON.parse(text);
  const list = Array.isArray(all) ? all : (all as { items: unknown[] }).items;
  return (list as Record<string, unknown>[]).filter((each) => isIt(each)).length;
}

function user(name: string): Wish {
  return {
    path: "/api/v2/users",
    body: { name, password: "umbrella-and-sandals" },
    key: name,
  };
}

test("a request is done once, whenever its door dies", async () => {
  const [done, undone] = [user("done"), user("undone")];
  const execution = {
    path: "/v1/executions",
    body: { action: "core.local", parameters: { cmd: "true" } },
    key: "execution",
  };
  const noop = { ...execution, body: { action: "core.noop", parameters: {} }, key: "noop" };
  const hook = { path: "/v1/webhooks/faults", body: { n: "k" }, key: "hook" };
  await dieAt("key.after-commit", done);
  await dieAt("key.before-commit", undone);
  await dieAt("request.after-commit", execution);
  await dieAt("pump.after-flight", noop);
  await dieAt("ingest.after-commit", hook);

  const told = await insist(done);
  expect([told.status, JSON.parse(told.text).code]).toEqual([409, "IDEMPOTENCY_UNANSWERED"]);
  expect((await insist(done)).status).toBe(409);
  expect((await insist(undone)).status).toBe(201);
  expect((await insist(undone)).status).toBe(201);
  for (const wish of [done, undone])
    expect(await count("/api/v2/users", ({ name }) => name === wish.key)).toBe(1);

  for (const wish of [execution, noop]) {
    const [first, second] = [await insist(wish), await insist(wish)];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(JSON.parse(first.text).id).toBe(JSON.parse(second.text).id);
    expect(await count(`/v1/executions?action=${wish.body.action}`, () => true)).toBe(1);
  }

  expect((await insist(hook)).status).toBe(202);
  const type = "core.st2.webhook";
  expect(await count(`/v1/triggerinstances?trigger_type=${type}`, () => true)).toBe(1);
}, 180_000);
