/** Who answers what expressions ask. */
import type { Datastore } from "../engine/datastore.ts";
import { type Question, Unanswered } from "../expressions/context.ts";
import { answerQuestion, type EvaluatorRequest } from "../processes/ask.ts";
import type { ChildPool } from "../processes/pool.ts";

/** What a process answers by itself, at once; throws Unanswered for the rest. */
export function askHere(question: Question): unknown {
  if (question.kind === "now") return new Date().toISOString();
  if (question.kind === "random") return Math.random();
  throw new Unanswered(question);
}

/** Answers from the datastore and from evaluator children. `user.x` are the keys of `user`: rules and workflows act in its name. */
export function answerer(
  pool: ChildPool<EvaluatorRequest, unknown>,
  store: Datastore,
  user: string,
): (question: Question) => Promise<unknown> {
  return (question) =>
    answerQuestion(question, {
      pool,
      now: () => new Date().toISOString(),
      random: () => Math.random(),
      datastore: lookup(store, user),
      task: () => Promise.resolve(undefined),
    });
}

/** `system.x`, `user.x`: as written after `st2kv.`. */
function lookup(
  store: Datastore,
  user: string,
): (name: string, decrypt: boolean) => Promise<unknown> {
  return async (name, decrypt) => {
    const dot = name.indexOf(".");
    const scope = name.slice(0, dot) === "user" ? `user:${user}` : "system";
    return (await store.get(scope, name.slice(dot + 1), decrypt))?.value;
  };
}
