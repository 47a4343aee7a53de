/** How an expression ends, compiled and in the original. */
import {
  ExpressionError,
  Unanswered,
  type Ask,
  type Question,
} from "../../src/expressions/context.ts";
import { compileJsonata } from "../../src/expressions/jsonata/compile.ts";
import { evaluateJsonata } from "../../src/expressions/jsonata/evaluate.ts";

const unanswered: Ask = (question) => {
  throw new Unanswered(question);
};

export type Ended = { value: unknown } | { error: string } | { asked: Question };

export function compiled(
  source: string,
  root: Record<string, unknown>,
  ask: Ask = unanswered,
): Ended {
  try {
    return { value: plain(compileJsonata(source).evaluate({ variables: root, ask })) };
  } catch (error) {
    if (error instanceof Unanswered) return { asked: error.question };
    if (error instanceof ExpressionError) return { error: `${error.original} ${error.message}` };
    throw error;
  }
}

export async function original(source: string, root: unknown): Promise<Ended> {
  const answer = await evaluateJsonata(source, { root, calls: [] });
  if ("error" in answer) return { error: `${answer.error.code} ${answer.error.message}` };
  return { value: plain(answer.value) };
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/** Inside `and` and `or` the original's messages name that operator instead of the one at fault; ours name the right one. */
export function faulty(ended: Ended): Ended {
  if (!("error" in ended)) return ended;
  return { error: ended.error.replace(/"[^"]*"/g, '"?"') };
}
