import { defineAction, type JsonObject } from "raicho/pack";
import type { Config } from "../lib/monitor.ts";
import { problemOf } from "../lib/problem.ts";
import { meant, monitorOf } from "../lib/told.ts";

interface Parameters {
  readonly alert: JsonObject;
  readonly monitor: string | null;
}

/** Answers {there}: whether one of its monitors has it; true when none can say. */
export const action = defineAction<Parameters, Config>(
  async ({ alert, monitor: name }, { config, signal }) => {
    const { source, key: _key, ...problem } = problemOf(alert);
    const answers: boolean[] = [];
    for (const settings of meant(config, { name, source })) {
      const { stands } = monitorOf(settings, signal);
      if (stands !== undefined) answers.push(await stands(problem));
    }
    return { there: answers.length === 0 || answers.includes(true) };
  },
);
