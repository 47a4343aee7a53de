/** Who answers what expressions ask. */
import type { Datastore } from "../engine/datastore.ts";
import { judgeEntry } from "../engine/inventory-judge.ts";
import type { Inventory } from "../engine/inventory.ts";
import { type Question, Unanswered } from "../expressions/context.ts";
import { answerQuestion, type EvaluatorRequest } from "../processes/ask.ts";
import type { ChildPool } from "../processes/pool.ts";

/** What a process answers by itself, at once; throws Unanswered for the rest. */
export function askHere(question: Question): unknown {
  if (question.kind === "now") return new Date().toISOString();
  if (question.kind === "random") return Math.random();
  throw new Unanswered(question);
}

export interface AnswererOptions {
  readonly systemUser: string;
  /** Asked when a rule wants to know; it is opened later than this. */
  readonly inventory: () => Inventory;
}

/** Answers from the datastore and from evaluator children. `user.x` are the keys of the user in whose name it is asked: without one, of
 * `systemUser`, in whose name rules act. */
export function answerer(
  pool: ChildPool<EvaluatorRequest, unknown>,
  store: Datastore,
  { systemUser, inventory }: AnswererOptions,
): (question: Question, user?: string) => Promise<unknown> {
  return (question, user = systemUser) =>
    answerQuestion(question, {
      pool,
      now: () => new Date().toISOString(),
      random: () => Math.random(),
      datastore: lookup(store, user),
      decrypt: (text) => store.decrypt(text),
      task: () => Promise.resolve(undefined),
      inventory: (asked) => judgeEntry(inventory(), asked),
    });
}

/** `system.x`, `user.x` as written after `st2kv.`; a name without a scope is one of the user's, as in StackStorm. */
function lookup(
  store: Datastore,
  user: string,
): (name: string, decrypt: boolean) => Promise<unknown> {
  return async (name, decrypt) => {
    const [, scope, key] = /^(system|user)\.(.*)$/s.exec(name) ?? [undefined, "user", name];
    const place = scope === "system" ? "system" : `user:${user}`;
    return (await store.get(place, key ?? name, decrypt))?.value;
  };
}
