/** Runs pure decisions: hands them what they ask for and runs them again. */
import {
  Unanswered,
  type Ask,
  type InventoryQuestion,
  type Question,
} from "../expressions/context.ts";
import { isObject } from "../model/json.ts";
import { assertNever } from "../model/outcome.ts";

/** Rounds of questions that one decision may take; each brings at least one new answer. */
const mostRounds = 1000;

const nothingKnown: Ask = (question) => {
  throw new Unanswered(question);
};

/** The decision, or what it has to know first. Synchronous; `ask` answers what is known already. */
export function decideNow<T>(
  decision: (ask: Ask) => T,
  ask: Ask = nothingKnown,
): { readonly value: T } | { readonly questions: readonly Question[] } {
  try {
    return { value: decision(ask) };
  } catch (error) {
    if (error instanceof Unanswered) return { questions: error.questions };
    throw error;
  }
}

/** Runs the decision until nothing is left to ask; every question is answered once. Rejects with what the decision throws,
 * with what `answer` rejects with, or when the decision never stops asking. */
export async function decide<T>(
  decision: (ask: Ask) => T,
  answer: (question: Question) => Promise<unknown>,
): Promise<T> {
  const first = decideNow(decision);
  return "value" in first ? first.value : await decideWith(first.questions, decision, answer);
}

async function decideWith<T>(
  questions: readonly Question[],
  decision: (ask: Ask) => T,
  answer: (question: Question) => Promise<unknown>,
): Promise<T> {
  const known = new Map<string, unknown>();
  const ask: Ask = (question) => {
    const key = keyOf(question);
    if (!known.has(key)) throw new Unanswered(question);
    return known.get(key);
  };
  let missing = questions;
  for (let round = 0; round < mostRounds; round += 1) {
    const fresh = new Map(missing.map((question) => [keyOf(question), question]));
    const answers = await Promise.all(
      [...fresh].map(async ([key, question]) => [key, await answer(question)] as const),
    );
    for (const [key, value] of answers) known.set(key, value);
    const next = decideNow(decision, ask);
    if ("value" in next) return next.value;
    missing = next.questions;
  }
  throw new Error(`A decision asked more than ${mostRounds} rounds of questions`);
}

function keyOf(question: Question): string {
  return JSON.stringify(question, jsonNumber);
}

/** Python's large integers are JavaScript's `bigint`, which JSON does not know. */
export function jsonNumber(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

/** Where answers come from. */
export interface Answers {
  /** Evaluates in a killable child; rejects when the child was stopped. */
  readonly pool: { call(request: EvaluatorRequest): Promise<unknown> };
  /** The value of a datastore key as written after `st2kv.`, or undefined. */
  datastore(name: string, decrypt: boolean): Promise<unknown>;
  /** The text of a ciphertext of StackStorm, or undefined. */
  decrypt(text: string): Promise<string | undefined>;
  /** What `task(name)` shows of a task's latest execution on a route, or undefined. */
  task(taskId: string, route: number): Promise<unknown>;
  /** Whether an entry fulfils a query: {holds} or {error}. Missing where the inventory is out of reach. */
  readonly inventory?: (question: InventoryQuestion) => Promise<unknown>;
  /** Time of the decision, ISO 8601 UTC. */
  now(): string;
  /** A number in [0, 1). */
  random(n: number): number;
}

export interface EvaluatorRequest {
  readonly language: "jsonata" | "regex";
  readonly source: string;
  readonly input: unknown;
}

/** Answers one question. A child that was stopped is an answer, too: {error} with the reason. */
export async function answerQuestion(question: Question, answers: Answers): Promise<unknown> {
  switch (question.kind) {
    case "datastore":
      return await answers.datastore(question.name, question.decrypt);
    case "decrypt":
      return await answers.decrypt(question.text);
    case "task":
      return await answers.task(question.taskId, question.route);
    case "inventory":
      return (
        (await answers.inventory?.(question)) ?? { error: "the inventory is out of reach here" }
      );
    case "now":
      return answers.now();
    case "random":
      return answers.random(question.n);
    case "evaluate":
      return await evaluated(question, answers);
    default:
      return assertNever(question);
  }
}

async function evaluated(
  { language, source, input }: EvaluatorRequest,
  { pool }: Answers,
): Promise<unknown> {
  try {
    const answer = await pool.call({ language, source, input });
    return isObject(answer) ? answer : { error: "the evaluator gave no answer" };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { error: language === "jsonata" ? { code: name, message } : `${name}: ${message}` };
  }
}
