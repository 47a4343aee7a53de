import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { RunCall, Runner } from "../../src/runners/runner.ts";
import { alive, pidsIn } from "../support/families.ts";
import { maskerOf, secretsIn } from "../../src/model/secrets.ts";
import { maskedCall } from "../../src/runners/masked-call.ts";
import { runCall } from "../support/run-call.ts";
import { busyMs, busySeconds } from "../support/eventually.ts";

/** The secret that a case `secret` gives away. */
export const secretValue = 'tr0ub4dor&3 "x"';

/** A shell command that says it. */
export const givesAway = (cmd: string): Case => ({
  parameters: { word: secretValue, cmd },
  action: { parameters: { word: { type: "string", secret: true } } },
});

type Case = Pick<RunCall, "parameters"> & { readonly action?: Partial<RunCall["action"]> };

/** Calls of one runner with a known end. Leave out what it cannot do, with the reason in `skip`. */
export interface RunnerCases {
  readonly succeeds: Case;
  readonly fails?: Case;
  /** Says "started", then takes far longer than the test. */
  readonly hangs?: Case;
  /** Produces more than the runner's bound, which has to be set below 100,000 characters. */
  readonly floods?: Case;
  /** Says "started" and the ids of processes outside its process group (see families.ts), then stays. */
  readonly family?: Case;
  /** Prints 1 GB. */
  readonly gigabyte?: Case;
  /** Prints bytes that are no UTF-8 between `[` and `]`. */
  readonly bytes?: Case;
  /** Says the secret `secretOf` (its parameter of that name is declared secret) in its output and its result. */
  readonly secret?: Case;
  /** The name under which `support/runner-worker.ts` knows the runner, to be killed with it. */
  readonly worker?: string;
  readonly skip?: Partial<Record<(typeof optional)[number], string>>;
  /** Whether a hanging case says "started" (a request to a silent server cannot). */
  readonly silent?: boolean;
}

const optional = [
  "fails",
  "hangs",
  "floods",
  "family",
  "gigabyte",
  "bytes",
  "secret",
  "worker",
] as const;

const call = (case_: Case, more: Parameters<typeof runCall>[1] = {}) =>
  runCall(case_.parameters, { ...more, action: { ...case_.action, ...more.action } });

/** What every runner must do. Call it from the runner's own test file. */
export function describeRunner(make: () => Runner, cases: RunnerCases): void {
  const { succeeds, skip = {} } = cases;
  const { fails = succeeds, hangs = succeeds, floods = succeeds } = cases;
  const {
    family = succeeds,
    gigabyte = succeeds,
    bytes = succeeds,
    secret = succeeds,
    worker = "",
  } = cases;
  for (const name of optional)
    if ((cases[name] === undefined) !== (skip[name] !== undefined))
      throw new Error(`The runner contract needs a case "${name}" or the reason to skip it`);

  const running = async (use: (runner: Runner) => Promise<void>): Promise<void> => {
    const runner = make();
    try {
      await use(runner);
    } finally {
      await runner.close?.();
    }
  };

  describe("keeps the runner contract", () => {
    test("reports success as an outcome with a JSON result", async () => {
      await running(async (runner) => {
        const outcome = await runner.run(call(succeeds));
        expect(outcome.status).toBe("succeeded");
        expect(structuredClone(outcome.result)).toEqual(JSON.parse(JSON.stringify(outcome.result)));
      });
    });

    test("runs many calls at once without mixing them", async () => {
      await running(async (runner) => {
        const alone = await runner.run(call(succeeds));
        const together = await Promise.all(
          Array.from({ length: 5 }, () => runner.run(call(succeeds))),
        );
        expect(together.map(({ status }) => status)).toEqual(Array(5).fill(alone.status));
      });
    });

    test.skipIf(skip.fails)("reports failure as an outcome", async () => {
      await running(async (runner) => {
        expect((await runner.run(call(fails))).status).toBe("failed");
      });
    });

    test("does not start when it is canceled already", async () => {
      await running(async (runner) => {
        const signal = AbortSignal.abort(new Error("too late"));
        const outcome = await runner.run(call(hangs, { signal }));
        expect(outcome.status).toBe("canceled");
      });
    });

    test.skipIf(skip.hangs)("ends within 5 s when it is canceled", async () => {
      await running(async (runner) => {
        const controller = new AbortController();
        const recorded = call(hangs, { signal: controller.signal });
        const outcome = runner.run(recorded);
        if (!cases.silent) await recorded.saying("started");
        const from = performance.now();
        controller.abort(new Error("not wanted any more"));
        expect((await outcome).status).toBe("canceled");
        expect(JSON.stringify((await outcome).result)).toContain("not wanted any more");
        expect(performance.now() - from).toBeLessThan(busyMs(5_000));
      });
    });

    test.skipIf(skip.hangs)("ends with status timeout after its time", async () => {
      await running(async (runner) => {
        const outcome = await runner.run(call(hangs, { timeoutSeconds: 1 }));
        expect(outcome.status).toBe("timeout");
        expect(outcome.result).toMatchObject({
          error: expect.stringContaining("1 seconds") as string,
        });
      });
    });

    test.skipIf(skip.floods)("keeps its output bounded", async () => {
      await running(async (runner) => {
        const recorded = call(floods);
        const outcome = await runner.run(recorded);
        expect(JSON.stringify(outcome.result).length).toBeLessThan(300_000);
        expect(recorded.said.stdout.length).toBeLessThan(300_000);
      });
    });

    test.skipIf(skip.gigabyte)(
      "a gigabyte of output costs little memory, and the result says that it was cut",
      { timeout: 120_000 },
      async () => {
        await running(async (runner) => {
          const recorded = call(gigabyte, { timeoutSeconds: 110 });
          const before = process.memoryUsage().rss;
          let most = before;
          const watch = setInterval(() => {
            most = Math.max(most, process.memoryUsage().rss);
          }, 20);
          const outcome = await runner.run(recorded);
          clearInterval(watch);
          expect(most - before).toBeLessThan(250_000_000);
          const result = JSON.stringify(outcome.result);
          expect(result.length).toBeLessThan(300_000);
          expect(recorded.said.stdout.length).toBeLessThan(300_000);
          expect(result + recorded.said.stdout).toMatch(/"truncated":true|\[output cut/);
        });
      },
    );

    test.skipIf(skip.bytes)("output that is no UTF-8 is shown with replacements", async () => {
      await running(async (runner) => {
        const recorded = call(bytes);
        const outcome = await runner.run(recorded);
        expect(outcome.status).toBe("succeeded");
        const shown = JSON.stringify(outcome.result) + recorded.said.stdout;
        expect(shown).toMatch(/\[\uFFFD+\]/);
      });
    });

    test.skipIf(skip.secret)("secrets are masked wherever the action says them", async () => {
      await running(async (runner) => {
        const recorded = call(secret);
        const schemas = { ...runner.parameters, ...recorded.action.parameters };
        const masker = maskerOf(secretsIn(schemas, recorded.parameters));
        const { call: masked, end } = maskedCall(recorded, masker);
        const outcome = await runner.run(masked);
        end();
        expect(masker?.text(JSON.stringify(outcome.result))).toContain("********");
        const said = JSON.stringify([masker?.value(outcome.result), recorded.said]);
        expect(said).toContain("********");
        expect(said).not.toContain("tr0ub4dor");
      });
    });

    for (const ends of ["canceled", "timeout"] as const)
      test.skipIf(skip.family)(
        `nothing of the process tree is left when it is ended: ${ends}`,
        { timeout: 60_000 },
        async () => {
          await running(async (runner) => {
            const controller = new AbortController();
            const recorded = call(family, {
              signal: controller.signal,
              ...(ends === "timeout" ? { timeoutSeconds: busySeconds(3) } : {}),
            });
            const outcome = runner.run(recorded);
            await recorded.saying("\n");
            const pids = pidsIn(recorded.said.stdout);
            expect(alive(pids)).toEqual(pids);
            if (ends === "canceled") controller.abort(new Error("enough"));
            expect((await outcome).status).toBe(ends);
            await expect.poll(() => alive(pids)).toEqual([]);
          });
        },
      );

    test.skipIf(skip.worker)(
      "nothing of the process tree is left when the worker is killed",
      { timeout: 60_000 },
      async () => {
        const program = fileURLToPath(new URL("../support/runner-worker.ts", import.meta.url));
        const child = fork(program, [worker, JSON.stringify(family)], { stdio: "inherit" });
        let pids: readonly number[];
        try {
          const said = await new Promise((resolve) => child.once("message", resolve));
          pids = pidsIn(String(said));
          expect(alive(pids)).toEqual(pids);
        } finally {
          child.kill("SIGKILL");
        }
        await expect.poll(() => alive(pids)).toEqual([]);
      },
    );
  });
}
