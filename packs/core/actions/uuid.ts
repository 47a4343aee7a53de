import { randomBytes, randomUUID } from "node:crypto";
import { defineAction } from "raicho/pack";

/** Answers in the shape of StackStorm's Python action, so that `result().result` is the UUID. */
export const action = defineAction<{ readonly uuid_type: "uuid1" | "uuid4" }>(
  ({ uuid_type: kind }) => {
    const result = kind === "uuid1" ? timeUuid(Date.now()) : randomUUID();
    return { result, exit_code: 0, stdout: "", stderr: "" };
  },
);

/** RFC 9562 version 1, with a random node instead of a network card's address. */
function timeUuid(now: number): string {
  const greatCalendarReform = 12_219_292_800_000n;
  const ticks =
    (BigInt(now) + greatCalendarReform) * 10_000n + BigInt(randomBytes(2).readUInt16BE() % 10_000);
  const time = ticks.toString(16).padStart(15, "0");
  const sequence = (0x8000 | (randomBytes(2).readUInt16BE() & 0x3fff)).toString(16);
  const node = randomBytes(6);
  node[0] = (node[0] ?? 0) | 1;
  return [
    time.slice(7),
    time.slice(3, 7),
    `1${time.slice(0, 3)}`,
    sequence,
    node.toString("hex"),
  ].join("-");
}
