/** Traces, at a collector of the test. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { ingest } from "../../src/engine/ingest.ts";
import { Telemetry } from "../../src/engine/telemetry.ts";
import { testEngine } from "../support/engine.ts";
import { testDatabase } from "../support/postgres.ts";

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

const workflow = `
version: 1.0
tasks:
  one:
    action: core.noop
`;

test("one trace leads from the event over the workflow to its action; what could not be sent comes later", async () => {
  await using database = await testDatabase();
  await using engine = testEngine(database.url, {
    content: {
      workflows: { "test.flow": workflow },
      rules: [{ action: { ref: "test.flow", parameters: {} } }],
    },
  });
  const spans: Span[] = [];
  let status = 503;
  const collector = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => void (text += chunk.toString()));
    request.on("end", () => {
      const body = JSON.parse(text) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
      if (status === 200)
        for (const { scopeSpans } of body.resourceSpans)
          for (const scope of scopeSpans) spans.push(...scope.spans);
      response.writeHead(status).end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(collector, "listening");
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const telemetry = new Telemetry(database.db, { endpoint, headers: {} }, "");
  await ingest(engine.core, [{ trigger: "test.event", payload: {}, source: "test" }]);
  const root = await expect
    .poll(async () =>
      database.db
        .selectFrom("execution")
        .select("id")
        .where("action", "=", "test.flow")
        .executeTakeFirst(),
    )
    .toBeDefined()
    .then(() =>
      database.db
        .selectFrom("execution")
        .select("id")
        .where("action", "=", "test.flow")
        .executeTakeFirstOrThrow(),
    );
  await engine.ended(root.id);
  await expect(telemetry.look()).rejects.toThrow("answered 503");
  status = 200;
  await telemetry.look();
  await telemetry.look();
  collector.close();
  const named = new Map(spans.map((span) => [span.name, span]));
  expect([...named.keys()].toSorted()).toStrictEqual([
    "core.noop",
    "event test.event",
    "test.flow",
  ]);
  expect(spans).toHaveLength(3);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(named.get("core.noop")?.parentSpanId).toBe(named.get("test.flow")?.spanId);
  expect(named.get("test.flow")?.parentSpanId).toBe(named.get("event test.event")?.spanId);
  expect(named.get("event test.event")?.parentSpanId).toBeUndefined();
});
