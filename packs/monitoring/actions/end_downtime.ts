import { defineAction } from "raicho/pack";
import { checkedKey, type Config } from "../lib/monitor.ts";
import { meant, tellAll } from "../lib/told.ts";

interface Parameters {
  readonly key: string;
  readonly monitor: string | null;
}

/** Answers {told: [{monitor, kind, done, missing}]}. */
export const action = defineAction<Parameters, Config>(async ({ key, monitor: name }, context) => {
  const wanted = checkedKey(key);
  const monitors = meant(context.config, { name });
  return { told: await tellAll(monitors, context, (monitor) => monitor.cancel(wanted)) };
});
