import { defineAction } from "raicho/pack";
import { phoneOf } from "../lib/drivers.ts";
import type { Config } from "../lib/phone.ts";
import { spoken } from "../lib/speech.ts";

interface Parameters {
  readonly to: string;
  readonly text: string;
  readonly ring_s: number;
  readonly answer_s: number;
}

/** Answers {to, outcome: key | no-key | no-answer | declined | failed, key, answered, reason}. Fails only when the phone itself cannot be used. */
export const action = defineAction<Parameters, Config>(
  async ({ to, text, ring_s, answer_s }, context) => {
    const { config, signal, log } = context;
    const phone = phoneOf(context);
    const address = phone.addressOf(to);
    const { file, remove } = phone.speaks
      ? { file: "", remove: () => undefined }
      : await spoken(text, config.speech ?? [], signal);
    try {
      const ended = await phone.call(
        { address, text, file, ringMs: ring_s * 1_000, answerMs: answer_s * 1_000 },
        signal,
      );
      log.info("call ended", { to, outcome: ended.outcome, reason: ended.reason });
      return { to, ...ended };
    } finally {
      remove();
    }
  },
);
