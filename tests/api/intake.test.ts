import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { Intake } from "../../src/api/intake.ts";

const small = { headers: { "content-length": "10" } } as unknown as IncomingMessage;

function response(): ServerResponse & { close(): void } {
  const emitter = new EventEmitter();
  const close = (): boolean => emitter.emit("close");
  return Object.assign(emitter, { close }) as unknown as ServerResponse & { close(): void };
}

test("so many deliveries at a time, and the next when one is answered", () => {
  const intake = new Intake({ most: 2 });
  const first = response();
  intake.enter("a", small, first);
  intake.enter("b", small, response());
  expect(() => intake.enter("c", small, response())).toThrow("2 deliveries are under way");
  first.close();
  intake.enter("c", small, response());
});

test("so many bytes at a time; a length that is not said counts as the longest", () => {
  const intake = new Intake({ mostBytes: 1_048_586 });
  intake.enter("a", small, response());
  const unsaid = { headers: {} } as unknown as IncomingMessage;
  const chunked = response();
  intake.enter("a", unsaid, chunked);
  expect(() => intake.enter("a", small, response())).toThrow("too many bytes");
  chunked.close();
  intake.enter("a", small, response());
});

test("a webhook beyond its rate is refused, others are not, and it is let in again with time", () => {
  let at = 0;
  const intake = new Intake({ rate: 2, now: () => at });
  intake.enter("a", small, response());
  intake.enter("a", small, response());
  expect(() => intake.enter("a", small, response())).toThrow(
    expect.objectContaining({ code: "WEBHOOK_RATE", status: 429 }),
  );
  intake.enter("b", small, response());
  at = 500;
  intake.enter("a", small, response());
  expect(() => intake.enter("a", small, response())).toThrow("2 deliveries a second");
});
