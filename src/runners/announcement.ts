import type { Runner } from "./runner.ts";

/** Tells everybody who listens to the stream: the door makes an event `st2.announcement__<route>` of each of its executions. */
export function announcementRunner(): Runner {
  return {
    name: "announcement",
    aliases: [],
    description: "A runner for emitting an announcement event on the stream.",
    parameters: {
      experimental: {
        type: "boolean",
        description: "Must be true: StackStorm has it so.",
        required: true,
        default: false,
      },
      route: {
        type: "string",
        description: "The routing_key used to route the message to consumers.",
        required: true,
        default: "general",
        minLength: 1,
        pattern: "^[^:]+$",
      },
    },
    outputKey: undefined,
    onWorkerLost: "rerun",
    run: ({ parameters, signal }) => {
      if (signal.aborted)
        return Promise.resolve({
          status: "canceled",
          result: { error: "The action was canceled before it started." },
        });
      if (parameters["experimental"] !== true)
        return Promise.resolve({
          status: "failed",
          result: { error: 'Experimental flag is missing for action "announcement".' },
        });
      const { experimental: _flag, route: _route, ...message } = parameters;
      return Promise.resolve({ status: "succeeded", result: { output: message, ...message } });
    },
  };
}
