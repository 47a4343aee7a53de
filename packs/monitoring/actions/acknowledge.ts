import { defineAction, type JsonObject } from "raicho/pack";
import type { Config } from "../lib/monitor.ts";
import { problemOf } from "../lib/problem.ts";
import { meant, monitorOf, tellAll } from "../lib/told.ts";

interface Parameters {
  readonly alert: JsonObject;
  readonly by: string;
  readonly comment: string;
  readonly monitor: string | null;
}

/** Answers {told: [{monitor, kind, done, missing}], watch}; `watch`: of the end of the problem the monitor will say nothing, it has to be asked. */
export const action = defineAction<Parameters, Config>(
  async ({ alert, by, comment, monitor: name }, context) => {
    const { source, key, ...problem } = problemOf(alert);
    const monitors = meant(context.config, { name, source });
    const told = await tellAll(monitors, context, (monitor) =>
      monitor.acknowledge(problem, { by, comment, key }),
    );
    const watch = monitors.some((one) => monitorOf(one, context.signal).stands !== undefined);
    return { told, watch: watch && told.some(({ done }) => done.length > 0) };
  },
);
