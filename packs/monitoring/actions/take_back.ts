import { defineAction, type JsonObject } from "raicho/pack";
import type { Config } from "../lib/monitor.ts";
import { problemOf } from "../lib/problem.ts";
import { meant, tellAll } from "../lib/told.ts";

interface Parameters {
  readonly alert: JsonObject;
  readonly monitor: string | null;
}

/** Answers {told: [{monitor, kind, done, missing}]}. */
export const action = defineAction<Parameters, Config>(
  async ({ alert, monitor: name }, context) => {
    const { source, key, ...problem } = problemOf(alert);
    const monitors = meant(context.config, { name, source });
    return { told: await tellAll(monitors, context, (monitor) => monitor.takeBack(problem, key)) };
  },
);
