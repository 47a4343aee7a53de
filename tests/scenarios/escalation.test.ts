/** Call chains between real SIP phones: order, keys, loops, and a worker that dies while it rings. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCallee, startCaller, type Callee, type SipPhone } from "../support/baresip.ts";
import { eventually } from "../support/eventually.ts";
import { needs } from "../support/needs.ts";
import { startRaicho, type Raicho } from "../support/raicho.ts";

interface Ended {
  readonly status: string;
  readonly result: {
    readonly output: {
      readonly who: string | null;
      readonly key: string | null;
      readonly log: readonly object[];
    };
  };
}

describe.skipIf(!needs("baresip") || !needs("espeak-ng"))("E5: call chains", () => {
  let raicho: Raicho;
  let caller: SipPhone;
  const callees: Callee[] = [];
  beforeAll(async () => {
    caller = await startCaller();
    raicho = await startRaicho({
      configs: { phone: { host: "127.0.0.1", port: caller.port } },
      args: ["--workers", "2"],
    });
  }, 240_000);
  afterAll(async () => {
    await raicho.stop();
    await Promise.all([caller, ...callees].map((phone) => phone.stop()));
  });

  const callee = async (...given: Parameters<typeof startCallee>) => {
    const phone = await startCallee(...given);
    callees.push(phone);
    return phone;
  };
  const begin = async (order: readonly object[], more = {}): Promise<string> => {
    const parameters = { order, text: "障害です", ring_s: 60, answer_s: 20, retry_s: 1, ...more };
    const { status, body } = await raicho.ask("/v1/executions", {
      method: "POST",
      body: { action: "phone.call_chain", parameters },
    });
    expect(status, JSON.stringify(body)).toBe(201);
    return (body as { id: string }).id;
  };
  const end = (id: string): Promise<Ended> =>
    eventually(
      "the end of the chain",
      async () => {
        const seen = await raicho.get<Ended>(`/v1/executions/${id}`);
        return ["succeeded", "failed", "abandoned", "timeout"].includes(seen.status)
          ? seen
          : undefined;
      },
      { seconds: 240, everyMs: 500 },
    );

  test("one declines, one passes it on, the third takes it", async () => {
    const [busy, next, takes] = [
      await callee("sato", "busy"),
      await callee("suzuki", "2"),
      await callee("yamada", "1"),
    ];
    const order = [
      { name: "佐藤", to: busy.address },
      { name: "鈴木", to: next.address },
      { name: "山田", to: takes.address },
    ];
    const { status, result } = await end(await begin(order));
    expect(status).toBe("succeeded");
    expect(result.output).toMatchObject({
      who: "山田",
      key: "take",
      log: [
        { name: "佐藤", round: 1, outcome: "declined" },
        { name: "鈴木", round: 1, outcome: "key", key: "2" },
        { name: "山田", round: 1, outcome: "key", key: "1" },
      ],
    });
  }, 300_000);

  test("nobody takes it: as many rounds as said; a key ends it for all", async () => {
    const passes = await callee("tanaka", "2");
    const nobody = await end(await begin([{ name: "田中", to: passes.address }], { max_loops: 2 }));
    expect(nobody.result.output).toMatchObject({
      who: null,
      key: null,
      log: [{ round: 1 }, { round: 2 }],
    });
    const leaves = await callee("ito", "3");
    const left = await end(
      await begin([
        { name: "伊藤", to: leaves.address },
        { name: "田中", to: passes.address },
      ]),
    );
    expect(left.result.output).toMatchObject({
      who: "伊藤",
      key: "leave",
      log: [{ name: "伊藤" }],
    });
  }, 300_000);

  test("a worker that dies while it rings: nobody is called twice, the next one is called", async () => {
    const [away, takes] = [await callee("kato", "away"), await callee("mori", "1")];
    const id = await begin(
      [
        { name: "加藤", to: away.address },
        { name: "森", to: takes.address },
      ],
      { max_loops: 1 },
    );
    await eventually("it to ring", () => away.rings() > 0, { seconds: 120 });
    const running = await raicho.get<readonly { id: string; action: { ref: string } }[]>(
      "/v1/executions?status=running&limit=50",
    );
    expect(running.map(({ action }) => action.ref)).toContain("phone.call");
    for (const pid of raicho.family()) {
      const role = raicho.pidOf("worker");
      if (pid === role) process.kill(pid, "SIGKILL");
    }
    const { result } = await end(id);
    expect(away.rings()).toBe(1);
    expect(result.output.log.length).toBeGreaterThan(0);
    expect(result.output).toMatchObject({ who: "森", key: "take" });
  }, 400_000);
});
