import { defineAction, type JsonObject } from "raicho/pack";
import { openJira } from "../lib/client.ts";
import type { Config } from "../lib/settings.ts";
import { takeTransition } from "../lib/transition.ts";

interface Parameters {
  readonly issue_key: string;
  readonly transition: string;
  readonly fields: JsonObject | null;
}

export const action = defineAction<Parameters, Config>(async (parameters, context) => {
  const { issue_key: key, transition, fields } = parameters;
  const jira = await openJira(context.config, context);
  return await takeTransition(jira, key, transition, { fields, repeated: context.attempt > 1 });
});
