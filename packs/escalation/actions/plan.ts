import { defineAction, type JsonObject } from "raicho/pack";
import { peopleOf, textIn, type Contact } from "../lib/people.ts";
import { words } from "../lib/words.ts";

interface Parameters {
  readonly alert: JsonObject;
  readonly oncall: JsonObject | null;
}

interface Config {
  readonly language: "ja" | "en";
  readonly rooms: readonly string[];
  readonly direct: { readonly target?: string; readonly user?: string };
  readonly order: readonly unknown[];
  readonly phone: boolean;
  readonly max_loops: number;
  readonly retry_s: number;
  readonly ring_s: number;
  readonly answer_s: number;
}

/** Answers {language, rooms, direct: [{target, user}], order: [{name, to, …}], unreachable, text, spoken, chain: {max_loops, retry_s, ring_s, answer_s}}. */
export const action = defineAction<Parameters, Config>(({ alert, oncall }, { config }) => {
  const { language = "ja", rooms = [], phone = false } = config;
  const { order: places = ["owner", "oncall", "leader"] } = config;
  const found = peopleOf(places, { owner: alert["owner"], oncall });
  const order = phone ? found.order : [];
  const said = words[language];
  const facts = {
    host: textIn(alert, "host_raw"),
    service: textIn(alert, "service"),
    severity: textIn(alert, "severity"),
    summary: textIn(alert, "summary"),
    detail: textIn(alert, "detail"),
    source: textIn(alert, "source"),
    occurredAt: textIn(alert, "occurred_at"),
    id: textIn(alert, "id"),
  };
  const { max_loops = 3, retry_s = 60, ring_s = 30, answer_s = 45 } = config;
  return {
    language,
    rooms,
    direct: directTo(config.direct ?? {}, found.order),
    order,
    unreachable: phone ? found.unreachable : [],
    text: said.posted(
      facts,
      order.map(({ name }) => name),
    ),
    spoken: said.spoken(facts),
    chain: { max_loops, retry_s, ring_s, answer_s },
  };
});

function directTo(
  { target, user = "{login}" }: NonNullable<Partial<Config>["direct"]>,
  people: readonly Contact[],
): readonly { readonly target: string; readonly user: string }[] {
  if (target === undefined || target === "") return [];
  return people.flatMap(({ login, mail }) => {
    const name = user.replace("{login}", login).replace("{mail}", mail);
    const known =
      (!user.includes("{login}") || login !== "") && (!user.includes("{mail}") || mail !== "");
    return known ? [{ target, user: name }] : [];
  });
}
