/** Server-sent events of a real engine, over HTTP. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asService } from "../../src/api/ports.ts";
import { openStreams } from "../../src/api/streams.ts";
import type { User } from "../../src/engine/auth.ts";
import { request } from "../../src/engine/request.ts";
import { announcementRunner } from "../../src/runners/announcement.ts";
import { busyMs, eventually } from "../support/eventually.ts";
import { follow } from "../support/follow.ts";
import { listenAt, testDoor, type TestDoor } from "../support/door.ts";
import { testEngine, testRunner, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

describe("streams", () => {
  let database: TestDatabase;
  let engine: TestEngine;
  let door: TestDoor;
  let stream: ReturnType<typeof listenAt>;
  let url: string;
  let streamUrl: string;
  const users = new Map<string, User>();
  let gate = Promise.withResolvers<void>();

  beforeAll(async () => {
    database = await testDatabase();
    const held = testRunner(async (call) => {
      const { who } = call.parameters;
      call.emit("stdout", `hello ${String(who)}\n`);
      call.emit("stderr", "careful\n");
      if (who === "waiter") await gate.promise;
      return { status: "succeeded", result: { said: true } };
    });
    const secret = { type: "string", secret: true } as const;
    engine = testEngine(database.url, {
      runners: [held, announcementRunner()],
      content: {
        actions: {
          "test.announce": { runner: "announcement", parameters: { text: {} } },
          "test.say": { runner: "test", parameters: { who: { type: "string" }, pin: secret } },
        },
      },
    });
    users.set("good", { name: "admin", roles: ["admin"] });
    door = testDoor(engine.core, users);
    stream = listenAt(asService(door.handler, "stream"));
    ({ url } = door);
    streamUrl = stream.url;
  });

  afterAll(async () => {
    door.close();
    stream.server.closeAllConnections();
    stream.server.close();
    await engine[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const say = (who: string): Promise<string> =>
    request(engine.core, {
      action: "test.say",
      parameters: { who, pin: "1234" },
      context: { user: "admin" },
    });
  const token = { "x-auth-token": "good" };

  test("an announcement is an event of its route, with its trace", async () => {
    const following = await follow(`${url}/v1/stream?events=st2.announcement__*`, token);
    const trace_context = { trace_tag: "t" };
    await request(engine.core, {
      action: "test.announce",
      parameters: { text: "tea", route: "kitchen", experimental: true },
      context: { user: "admin", trace_context },
    });
    const event = await following.until(({ name }) => name === "st2.announcement__kitchen");
    expect(event.data).toEqual({ payload: { text: "tea" }, trace_context });
    following.stop();
  });

  test.each([
    ["/v1/stream", ""],
    ["/stream/stream", ""],
    ["/stream/v1/stream", "?x-auth-token=good"],
  ])("%s tells what is run, and masks secrets", async (path, query) => {
    const following = await follow(`${url}${path}${query}`, query === "" ? token : {});
    expect(following).toMatchObject({ status: 200, type: "text/event-stream; charset=UTF-8" });
    const id = await say("you");
    const created = await following.until(
      ({ name, data }) => name === "st2.execution__create" && data["id"] === id,
    );
    expect(created.data).toMatchObject({
      status: "requested",
      parameters: { who: "you", pin: "********" },
    });
    expect(created.data).not.toHaveProperty("result");
    expect(created.data).not.toHaveProperty("end_timestamp");
    await following.until(({ data }) => data["id"] === id && data["status"] === "succeeded");
    following.stop();
    const updates = following.events.filter(({ name }) => name === "st2.execution__update");
    expect(updates.map(({ data }) => data["status"])).toStrictEqual([
      "scheduled",
      "running",
      "succeeded",
    ]);
    expect(updates[1]?.data).not.toHaveProperty("result");
  });

  test("on a port of its own, only what was asked for, until the end that was asked for", async () => {
    gate = Promise.withResolvers<void>();
    const id = await say("waiter");
    const query = `events=st2.execution__update,st2.execution.output__create&end_event=st2.execution__update&end_execution_id=${id}`;
    const following = await follow(`${streamUrl}/v1/stream?${query}`, token);
    gate.resolve();
    const events = await following.ended;
    expect(new Set(events.map(({ name }) => name))).toStrictEqual(
      new Set(["st2.execution__update", "st2.execution.output__create"]),
    );
    expect(events.at(-1)).toMatchObject({
      name: "st2.execution__update",
      data: { id, status: "succeeded" },
    });
  });

  test("an end that was before anybody listened is told at once", async () => {
    const id = await say("early");
    await engine.ended(id);
    const query = `end_event=st2.execution__update&end_execution_id=${id}`;
    const following = await follow(`${url}/v1/stream?${query}`, token);
    expect((await following.ended).at(-1)).toMatchObject({ data: { id, status: "succeeded" } });
  });

  test("goes on after what was heard last", async () => {
    const first = await follow(`${url}/v1/stream?events=st2.execution__*`, token);
    const heard = await say("one");
    const last = await first.until(
      ({ data }) => data["id"] === heard && data["status"] === "succeeded",
    );
    const missed = await say("two");
    await first.until(({ data }) => data["id"] === missed && data["status"] === "succeeded");
    first.stop();
    const again = await follow(`${url}/v1/stream?events=st2.execution__*`, {
      ...token,
      "last-event-id": last.id ?? "",
    });
    await again.until(({ data }) => data["id"] === missed);
    again.stop();
    await expect(again.until(({ data }) => data["id"] === heard)).rejects.toThrow(/abort|ended/);
  });

  test("output follows an execution to its EOF", async () => {
    gate = Promise.withResolvers<void>();
    const id = await say("waiter");
    const following = await follow(
      `${streamUrl}/v1/executions/${id}/output?output_type=stdout`,
      token,
    );
    const line = await following.until(({ name }) => name === "st2.execution.output__create");
    expect(line.data).toMatchObject({
      execution_id: id,
      output_type: "stdout",
      data: "hello waiter\n",
    });
    gate.resolve();
    const events = await following.ended;
    expect(events.map(({ name }) => name)).toStrictEqual(["st2.execution.output__create", "EOF"]);
  });

  test("nobody listens without a token, and a revoked one is cut off within 5 s", async () => {
    expect((await follow(`${url}/v1/stream`)).status).toBe(401);
    users.set("short", { name: "guest", roles: ["observer"] });
    const following = await follow(`${url}/v1/stream`, { "x-auth-token": "short" });
    expect(following.status).toBe(200);
    users.delete("short");
    const since = performance.now();
    await following.ended;
    expect(performance.now() - since).toBeLessThan(busyMs(5_000));
  });

  test.each<[string, () => void]>([
    ["lost the right to listen", () => users.set("less", { name: "guest", roles: [] })],
    [
      "shows a token that has expired",
      () =>
        users.set("less", {
          name: "guest",
          roles: ["observer"],
          shown: { kind: "token", expires: new Date(0) },
        }),
    ],
  ])("who %s is cut off within 5 s", async (_why, happens) => {
    users.set("less", { name: "guest", roles: ["observer"] });
    const following = await follow(`${url}/v1/stream`, { "x-auth-token": "less" });
    expect(following.status).toBe(200);
    happens();
    const since = performance.now();
    await following.ended;
    expect(performance.now() - since).toBeLessThan(busyMs(5_000));
  });

  test("who leaves before a stream is open is not told on", async () => {
    const before = openStreams();
    const { hostname, port } = new URL(url);
    const left = Array.from({ length: 40 }, async (_each, index) => {
      const socket = connect(Number(port), hostname);
      await once(socket, "connect");
      socket.write("GET /v1/stream HTTP/1.1\r\nHost: door\r\nX-Auth-Token: good\r\n\r\n");
      // Some are gone before the request is read, some while it is looked at who asks.
      await new Promise((resolve) => setTimeout(resolve, index % 4));
      socket.destroy();
      await once(socket, "close");
    });
    await Promise.all(left);
    const still = await follow(`${url}/v1/stream`, token);
    await eventually("only the last stream is open", () => openStreams() === before + 1);
    still.stop();
    await still.ended.catch(() => undefined);
    await eventually("no stream is open", () => openStreams() === before);
    expect(openStreams()).toBe(before);
  });
});
