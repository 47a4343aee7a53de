/** Every place where an expression of a user is evaluated. */
import { ExpressionError, type Ask } from "../../src/expressions/context.ts";
import { renderParameters } from "../../src/expressions/parameters.ts";
import { compileTemplate } from "../../src/expressions/template.ts";
import { compileRules } from "../../src/rules/index.ts";
import { match } from "../../src/rules/match.ts";
import { advance, initialState, type Effect } from "../../src/workflows/conductor.ts";
import { compileWorkflow } from "../../src/workflows/spec.ts";
import { rule } from "../rules/rules.ts";
import type { Payload } from "./payloads.ts";

type Variables = Record<string, unknown>;

export interface Place {
  readonly name: string;
  takes(payload: Payload): boolean;
  /** Compiles it; the function evaluates it. Neither may change the variables. */
  prepare(payload: Payload, variables: Variables): (ask: Ask) => unknown;
  /** Errors that are an expression's right. */
  allows(error: unknown): boolean;
}

const facts = {
  taskId: "t",
  route: 0,
  status: "succeeded",
  result: { n: 1 },
  item: { value: { a: 1 } },
  taskStatus: () => "succeeded",
  task: () => ({ result: 1 }),
};

const facade: Place = {
  name: "a template",
  takes: () => true,
  prepare({ text }, variables) {
    const template = compileTemplate({ [text.length > 200 ? "key" : text]: text });
    return (ask) => template.evaluate({ variables, workflow: facts, ask });
  },
  allows: (error) => error instanceof ExpressionError,
};

const never = (): boolean => false;

const inRule: Place = {
  name: "a rule",
  takes: ({ language }) => language !== "yaql",
  prepare({ language, source, text }, trigger) {
    const faulty =
      language === "jsonata"
        ? rule({ when: source })
        : rule({
            criteria: {
              "trigger.s": { type: "equals", pattern: text.replaceAll("ctx().", "trigger.") },
            },
          });
    const other = rule({ when: 'trigger.s = "text"' });
    const index = compileRules([faulty, other]);
    return (ask) => {
      const { matches, failures } = match(index, { trigger: "p.happened", payload: trigger }, ask);
      const matched = matches.map((each) => each.rule.ref);
      if (!matched.includes(other.ref)) throw new Error("another rule did not match");
      return { matched, failures: failures.map(({ reason }) => reason) };
    };
  },
  allows: never,
};

const inParameter: Place = {
  name: "a parameter",
  takes: ({ language }) => language === "jinja",
  prepare({ text }, variables) {
    const written = text.replaceAll("ctx().", "").replaceAll("ctx()", "x");
    const request = {
      runnerParameters: {},
      actionParameters: { q: { type: "string" as const, default: written } },
      given: { p: written, list: [written] },
      actionContext: { user: "stanley" },
      config: {},
      additional: variables,
    };
    return (ask) => renderParameters({ ...request, ask });
  },
  allows: never,
};

const inWorkflow: Place = {
  name: "a workflow",
  takes: () => true,
  prepare({ text }, variables) {
    const { workflow, errors } = compileWorkflow({
      version: 1,
      vars: Object.entries(variables).map(([name, value]) => ({ [name]: value })),
      tasks: {
        t: {
          action: "core.noop",
          input: { p: text },
          retry: { count: 1, when: text },
          next: [{ when: text, publish: [{ q: text }], do: "u" }],
        },
        u: { action: "core.noop" },
      },
      output: [{ o: text }],
    });
    if (workflow === undefined) throw new Error(JSON.stringify(errors));
    return (ask) => {
      const all: Effect[] = [];
      const start = { kind: "start", input: {}, context: {} } as const;
      let step = advance(workflow, initialState(), start, ask);
      all.push(...step.effects);
      // A payload may fail the workflow; then its task was never offered and cannot end.
      for (const effect of all) {
        if (effect.kind !== "run" || all.length > 20) continue;
        const { taskId, route } = effect;
        const end = { kind: "task", taskId, route, status: "succeeded", result: 1 } as const;
        step = advance(workflow, step.state, end, ask);
        all.push(...step.effects);
      }
      return all;
    };
  },
  allows: never,
};

export const places: readonly [Place, ...Place[]] = [facade, inRule, inParameter, inWorkflow];
