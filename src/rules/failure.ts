/** Rules that cannot be evaluated: the reason is kept, the rule does not match, others are not harmed. */
import { Unanswered } from "../expressions/context.ts";

/** Why a criterion or a condition could not be evaluated, in StackStorm's words. */
export class CriterionFailure extends Error {
  override readonly name = "CriterionFailure";
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  const { message }: { readonly message?: unknown } = Object(error);
  return String(message);
}

/** Runs `evaluate`; errors that are no question become failures. */
export function guarded<T>(evaluate: () => T, say: (reason: string) => string): T {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof Unanswered || error instanceof CriterionFailure) throw error;
    throw new CriterionFailure(say(messageOf(error)));
  }
}

/** What `compile` gives, or why it cannot. */
export function attempt<T>(compile: () => T): T | CriterionFailure {
  try {
    return compile();
  } catch (error) {
    return new CriterionFailure(messageOf(error));
  }
}
