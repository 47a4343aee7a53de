/** What the pure rooms see when they evaluate, and how they ask for what they cannot know. */

/** A question that a pure function cannot answer: it needs a database, a clock, or a killable child. JSON only, so it can be a map key. */
export type Question =
  /** Datastore lookup, `name` as written after `st2kv.` (`system.x`, `user.x`); `decrypt` as asked. Answer: the value, or undefined when there is none. */
  | { readonly kind: "datastore"; readonly name: string; readonly decrypt: boolean }
  /** A ciphertext of StackStorm's datastore. Answer: its text, or undefined when no key of ours made it. */
  | { readonly kind: "decrypt"; readonly text: string }
  /** The time of this decision, ISO 8601 UTC. */
  | { readonly kind: "now" }
  /** A number in [0, 1), one per `n` of this decision. */
  | { readonly kind: "random"; readonly n: number }
  /** What `task(name)` shows of a task's latest execution on a route (`task_execution_id`, `result`, `start_timestamp` …). Answer: a dict, or undefined. */
  | { readonly kind: "task"; readonly taskId: string; readonly route: number }
  | InventoryQuestion
  /** An expression (or one regular-expression call) that cannot be proved cheap: evaluated in a child with a deadline. Answer: {value} or {error}. */
  | {
      readonly kind: "evaluate";
      readonly language: "jsonata" | "regex";
      readonly source: string;
      readonly input: unknown;
    };

/** Whether an entry fulfils a query of the inventory. Answer: {holds}, or {error} for a query that cannot be asked. */
export interface InventoryQuestion {
  readonly kind: "inventory";
  /** `{id, version}` of a payload, an id, or what an alert calls a machine. */
  readonly entry: unknown;
  /** `{type, where}`. */
  readonly query: unknown;
}

/** Returns the answer, or throws `Unanswered`. The caller of the pure function then gets the answer and calls again: pure functions may be called twice. */
export type Ask = (question: Question) => unknown;

export class Unanswered extends Error {
  override readonly name = "Unanswered";
  readonly question: Question;
  /** All that is known to be missing, `question` first: one round of answers then serves several rules. */
  readonly questions: readonly Question[];
  constructor(question: Question, others: readonly Question[] = []) {
    super(`needs an answer: ${question.kind}`);
    this.question = question;
    this.questions = [question, ...others];
  }
}

/** Task facts that Orquesta's functions (`result()`, `task_status()`, `item()`, `task()` …) read. */
export interface WorkflowFacts {
  /** Result of the task that just completed. */
  readonly result?: unknown;
  /** Its status. */
  readonly status?: string;
  readonly taskId?: string;
  readonly route?: number;
  /** The current `with` item; present only inside one. */
  readonly item?: { readonly value: unknown };
  /** Status of the latest run of that task on a route (by default the current one), or undefined. */
  taskStatus(taskId: string, route?: number): string | undefined;
  /** What `task(name)` answers (by default on the current route), or undefined when there is no such task. */
  task(name: string | undefined, route?: number): Readonly<Record<string, unknown>> | undefined;
}

export interface EvaluationContext {
  /** Orquesta: what `ctx()` holds. StackStorm's Jinja: the top-level names. JSONata: the root. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly workflow?: WorkflowFacts;
  readonly ask: Ask;
}

/** A variable an expression reads, as Orquesta's inspection wants it: first name under `ctx()`, and where it stands. */
export interface VariableReference {
  readonly name: string;
  /** Offset inside the expression's source. */
  readonly offset: number;
}

export type Language = "jinja" | "yaql" | "jsonata";

/** One parsed expression (without delimiters). Immutable; evaluate as often as you like. */
export interface CompiledExpression {
  readonly language: Language;
  readonly source: string;
  readonly variables: readonly VariableReference[];
  /** Throws ExpressionError with the original engine's wording, or Unanswered. */
  evaluate(context: EvaluationContext): unknown;
}

/** A fault in an expression: in its text (`syntax`, with a place) or while it ran. Messages are the original engine's. */
export class ExpressionError extends Error {
  override readonly name: string = "ExpressionError";
  readonly language: Language;
  readonly source: string;
  /** Python's exception class in the original, e.g. `YaqlEvaluationException`, `UndefinedError`. */
  readonly original: string;
  /** Offset of the fault inside the source, when known. */
  readonly offset: number | undefined;
  constructor(
    message: string,
    facts: { language: Language; source: string; original: string; offset?: number | undefined },
  ) {
    super(message);
    this.language = facts.language;
    this.source = facts.source;
    this.original = facts.original;
    this.offset = facts.offset;
  }
}

/** Bounds of one evaluation; the interpreters count against them and throw ExpressionError. */
export const bounds = {
  steps: 100_000,
  /** Characters of text, or elements of collections, that one evaluation may produce. */
  output: 1_000_000,
  range: 10_000,
} as const;
