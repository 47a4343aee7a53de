import { defineAction } from "raicho/pack";
import { send } from "../lib/send.ts";
import type { Config } from "../lib/targets.ts";

interface Parameters {
  readonly target: string;
  readonly user: string;
  readonly text: string;
}

/** Answers {target, kind, posted: true}. */
export const action = defineAction<Parameters, Config>(({ target, user, text }, context) =>
  send(target, { text, user }, context),
);
