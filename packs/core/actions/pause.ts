import { ActionFailed, defineAction } from "raicho/pack";

interface Parameters {
  readonly max_pause: number;
  readonly random: boolean | null;
}

/** Answers the seconds it waited, in the shape of StackStorm's Python action. */
export const action = defineAction<Parameters>(
  async ({ max_pause: longest, random }, { sleep }) => {
    if (longest < 0) throw new ActionFailed("max_pause must not be negative");
    const seconds = random === true ? 1 + Math.floor(Math.random() * longest) : longest;
    await sleep(seconds * 1_000);
    return { result: seconds, exit_code: 0, stdout: "", stderr: "" };
  },
);
