import { describe, expect, test } from "vitest";
import type { RunCall, Runner } from "../../src/runners/runner.ts";
import { runCall } from "../support/run-call.ts";

type Case = Pick<RunCall, "parameters"> & { readonly action?: Partial<RunCall["action"]> };

/** Calls of one runner with a known end. Leave out what it cannot do, with the reason in `skip`. */
export interface RunnerCases {
  readonly succeeds: Case;
  readonly fails?: Case;
  /** Says "started", then takes far longer than the test. */
  readonly hangs?: Case;
  /** Produces more than the runner's bound, which has to be set below 100,000 characters. */
  readonly floods?: Case;
  readonly skip?: Partial<Record<"fails" | "hangs" | "floods", string>>;
  /** Whether a hanging case says "started" (a request to a silent server cannot). */
  readonly silent?: boolean;
}

const call = (case_: Case, more: Parameters<typeof runCall>[1] = {}) =>
  runCall(case_.parameters, { ...more, action: { ...case_.action, ...more.action } });

/** What every runner must do. Call it from the runner's own test file. */
export function describeRunner(make: () => Runner, cases: RunnerCases): void {
  const { succeeds, skip = {} } = cases;
  const { fails = succeeds, hangs = succeeds, floods = succeeds } = cases;
  for (const name of ["fails", "hangs", "floods"] as const)
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
        expect(performance.now() - from).toBeLessThan(5_000);
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
  });
}
