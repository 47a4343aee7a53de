/** Random requests made from the door's own OpenAPI document: whatever comes, no answer is 5xx and the server lives. `npm run fuzz:api` sends 20,000 to
 * each kind of door, and a fifth of that to the real program. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDoor } from "../../src/api/app.ts";
import { Viewers } from "../../src/engine/inventory-viewers.ts";
import type { User } from "../../src/engine/auth.ts";
import { request } from "../../src/engine/request.ts";
import { doorOf, listenAt } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { plainRequest, removeHome, startRaicho } from "../support/raicho.ts";
import { site, testInventory, type TestInventory } from "../store/inventory-site.ts";
import { type Operation, randomFrom, type Sent, sender, type Target } from "./api-requests.ts";

const wish = process.env["FUZZ_API"];
const requests = Number(wish ?? 1_000);
/** The real program does what it is asked: it writes definitions, reads all content again, starts processes. */
const toProgram = Math.ceil(requests / 5);
const seed = Number(process.env["FUZZ_SEED"] ?? 20_261_121);
const atOnce = 8;

interface Described {
  readonly parameters: Operation["parameters"];
  readonly requestBody?: { readonly content: { "application/json": { schema: unknown } } };
}

async function operationsAt(url: string): Promise<readonly Operation[]> {
  const { body } = await plainRequest(`${url}/api/v2/openapi.json`);
  const { paths } = body as { paths: Record<string, Record<string, Described>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters, requestBody }]) => ({
      method,
      path,
      parameters,
      schema: requestBody?.content["application/json"].schema,
    })),
  );
}

interface Told {
  readonly failures: readonly Sent[];
  readonly statuses: ReadonlyMap<number, number>;
}

async function bombard(target: Target, count: number): Promise<Told> {
  const all = await operationsAt(target.url);
  expect(all.length).toBeGreaterThan(120);
  const send = sender(target, all, randomFrom(seed));
  const failures: Sent[] = [];
  const statuses = new Map<number, number>();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const sent = await send();
      statuses.set(sent.status, (statuses.get(sent.status) ?? 0) + 1);
      if (sent.status >= 500) failures.push(sent);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (wish !== undefined)
    process.stdout.write(`${count} requests: ${JSON.stringify(Object.fromEntries(statuses))}\n`);
  return { failures, statuses };
}

async function expectSound({ url }: Target, { statuses }: Told): Promise<void> {
  // Not everything is refused at the door.
  expect(statuses.get(200) ?? 0).toBeGreaterThan(toProgram / 10);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  const polluted: { polluted?: unknown } = {};
  expect(polluted.polluted).toBeUndefined();
}

const patience = Math.max(120_000, requests * 60);

describe("random requests", () => {
  let world: TestInventory;
  let engine: TestEngine;
  let names: readonly string[];

  beforeAll(async () => {
    world = await testInventory();
    await world.upsert(...site);
    const rule = { trigger: { type: "core.st2.webhook", parameters: { url: "in" } } };
    engine = testEngine(world.database.url, { content: { rules: [rule] } });
    const execution = await request(engine.core, {
      action: "core.noop",
      parameters: {},
      context: {},
    });
    names = [execution, "in", "k", "core.noop", "test.rule0"];
  });

  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  const written = { put: () => Promise.resolve(), remove: () => Promise.resolve() };

  test.each([
    ["without authentication", undefined, [{}]],
    [
      "with authentication",
      new Map<string, User>([
        ["t-admin", { name: "admin", roles: ["system_admin", "admin"] }],
        ["t-observer", { name: "mio", roles: ["observer"] }],
        ["t-none", { name: "kenji", roles: [] }],
      ]),
      [
        { "x-auth-token": "t-admin" },
        { "x-auth-token": "t-admin" },
        { "st2-api-key": "t-observer" },
        { authorization: "Bearer t-none" },
        { "x-auth-token": "\u00e9" },
        {},
      ] as readonly Record<string, string>[],
    ],
  ])(
    `${requests} %s`,
    async (_, users, callers) => {
      const door = { ...doorOf(engine.core, users), resources: written };
      const { server, url } = listenAt(makeDoor(door, new Viewers(world.inventory)));
      try {
        const target = { url, names, callers };
        const told = await bombard(target, requests);
        expect(told.failures.slice(0, 20)).toStrictEqual([]);
        await expectSound(target, told);
      } finally {
        server.close().closeAllConnections();
      }
    },
    patience,
  );

  test.skipIf(wish === undefined)(
    `${toProgram} to the real program`,
    async () => {
      const raicho = await startRaicho({ env: { RAICHO_AUTH: "off" } });
      try {
        const door = raicho.pidOf("door");
        expect(door).toBeDefined();
        const there = ["core.noop", "core", "admin", "default"];
        const target = { url: raicho.url, names: there, callers: [{}] };
        const told = await bombard(target, toProgram);
        expect(told.failures.slice(0, 20)).toStrictEqual([]);
        await expectSound(target, told);
        expect(raicho.pidOf("door")).toBe(door);
      } finally {
        await raicho.stop();
        removeHome(raicho.home);
      }
    },
    patience,
  );
});
