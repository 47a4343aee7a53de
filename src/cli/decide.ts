/** Pure decisions on this machine: what they ask for is answered here, without a server. */
import { Unanswered, type Ask, type Question } from "../expressions/context.ts";
import { evaluateJsonata, isRegexCall } from "../expressions/jsonata/evaluate.ts";
import { runRegexHere } from "../expressions/python/regex.ts";
import { isObject } from "../model/json.ts";
import { CliError, exitCodes } from "./cli.ts";

const mostRounds = 100;

/** The decision; `keys` are those of the datastore. Throws CliError when it never stops asking. */
export async function decideHere<Value>(
  decision: (ask: Ask) => Value,
  keys: ReadonlyMap<string, string> = new Map(),
): Promise<Value> {
  const known = new Map<string, unknown>();
  const ask: Ask = (question) => {
    const key = JSON.stringify(question);
    if (!known.has(key)) throw new Unanswered(question);
    return known.get(key);
  };
  for (let round = 0; round < mostRounds; round += 1) {
    try {
      return decision(ask);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      for (const question of error.questions)
        known.set(JSON.stringify(question), await answer(question, keys));
    }
  }
  throw new CliError(exitCodes.failed, "the decision never stops asking");
}

async function answer(question: Question, keys: ReadonlyMap<string, string>): Promise<unknown> {
  switch (question.kind) {
    case "now":
      return new Date().toISOString();
    case "random":
      return Math.random();
    case "datastore":
      return keys.get(question.name);
    case "decrypt":
    case "task":
      return undefined;
    case "inventory":
      return { error: "the inventory is out of reach here; raicho rule test asks a server" };
    case "evaluate":
      return evaluated(question);
  }
}

async function evaluated({
  language,
  source,
  input,
}: Question & { kind: "evaluate" }): Promise<unknown> {
  try {
    if (language === "regex" && isRegexCall(input)) return { value: runRegexHere(source, input) };
    const calls = isObject(input) && Array.isArray(input["calls"]) ? input["calls"] : [];
    return await evaluateJsonata(source, { ...Object(input), calls });
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
