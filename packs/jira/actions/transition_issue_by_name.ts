import { defineAction } from "raicho/pack";
import { openJira } from "../lib/client.ts";
import type { Config } from "../lib/settings.ts";
import { takeTransition } from "../lib/transition.ts";

interface Parameters {
  readonly issue: string;
  readonly transition_name: string;
}

export const action = defineAction<Parameters, Config>(async (parameters, context) => {
  const { issue, transition_name: name } = parameters;
  const jira = await openJira(context.config, context);
  return await takeTransition(jira, issue, name, { fields: null, repeated: context.attempt > 1 });
});
