import type { Runner } from "./runner.ts";

/** Does nothing, successfully. */
export function noopRunner(): Runner {
  return {
    name: "noop",
    aliases: [],
    description: "A runner that returns a static response regardless of input parameters",
    parameters: {},
    outputKey: undefined,
    onWorkerLost: "rerun",
    run: (call) =>
      Promise.resolve(
        call.signal.aborted
          ? { status: "canceled", result: { error: "The action was canceled." } }
          : { status: "succeeded", result: { failed: false, succeeded: true, return_code: 0 } },
      ),
  };
}
