import { defineAction } from "raicho/pack";
import type { Contact } from "../lib/people.ts";
import { words, type Call, type Words } from "../lib/words.ts";

interface Parameters {
  readonly plan: {
    readonly language: "ja" | "en";
    readonly order: readonly Contact[];
    readonly unreachable: readonly string[];
  };
  readonly outcome: {
    readonly who: string | null;
    readonly key: "take" | "leave" | null;
    readonly ended: string | null;
    readonly log: readonly Call[];
  };
}

/** Answers {text, short, who, assignees}: for the ticket, for the rooms, and whoever took it. */
export const action = defineAction<Parameters>(({ plan, outcome }) => {
  const said = words[plan.language];
  const { who, key, log } = outcome;
  const short = shortly(said, outcome);
  const unreachable = plan.unreachable.length > 0 ? [said.noNumbers(plan.unreachable)] : [];
  const took = key === "take" ? plan.order.find(({ name }) => name === who) : undefined;
  return {
    short,
    text: [short, ...log.map((call) => `- ${said.call(call)}`), ...unreachable].join("\n"),
    who: key === "take" ? who : null,
    assignees: [took?.account, took?.login, took?.mail, took?.name].filter(Boolean),
  };
});

function shortly(said: Words, { who, key, ended }: Parameters["outcome"]): string {
  if (who !== null && key === "take") return said.took(who);
  if (who !== null && key === "leave") return said.left(who);
  return ended === null || ended === undefined ? said.nobody : said.over(ended);
}
