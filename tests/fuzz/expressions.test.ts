import { setFlagsFromString } from "node:v8";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { ExpressionError, type Question } from "../../src/expressions/context.ts";
import { parseExpression } from "../../src/expressions/jinja/parse-template.ts";
import { JinjaSyntaxError } from "../../src/expressions/jinja/syntax-error.ts";
import { parse as parseJsonata } from "../../src/expressions/jsonata/parse.ts";
import { checkTemplate, compileTemplate } from "../../src/expressions/template.ts";
import { parseYaqlSource } from "../../src/expressions/yaql/compile.ts";
import { printYaql } from "../../src/expressions/yaql/printer.ts";
import { answerQuestion, decide } from "../../src/processes/ask.ts";
import { evaluatorPool } from "../../src/processes/evaluator-pool.ts";
import { foreignPart, sharedNames } from "../expressions/containment.ts";
import { victim } from "../expressions/payloads.ts";
import { patience, runs } from "./effort.ts";
import { expressionOf, mutatedText } from "./expressions.ts";
import { printJinja } from "./print-jinja.ts";
import { printJsonata } from "./print-jsonata.ts";

// As all of Raicho's processes run: a regular expression that backtracks too much goes on in V8's linear engine.
setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");

/** Milliseconds of processor for one decision. */
const blocked = 2_000;

const languages = ["yaql", "jinja", "jsonata"] as const;
const pool = evaluatorPool({ size: 2 });
afterAll(() => pool.close());

async function answer(question: Question): Promise<unknown> {
  return answerQuestion(question, {
    pool,
    datastore: () => Promise.resolve("value"),
    decrypt: () => Promise.resolve(undefined),
    task: () => Promise.resolve({ result: 1 }),
    now: () => "2026-11-21T00:00:00+00:00",
    random: () => 0.5,
  });
}

/** The tree without the places of its nodes, and the text it prints. */
const printers = {
  yaql(source: string) {
    const tree = parseYaqlSource(source);
    return { tree: bare(tree), printed: printYaql(tree) };
  },
  jinja(source: string) {
    const tree = parseExpression(source);
    return { tree: bare(tree), printed: printJinja(tree) };
  },
  jsonata(source: string) {
    const tree = parseJsonata(source);
    return { tree: bare(tree), printed: printJsonata(tree) };
  },
};

const places = new Set(["at", "line", "position"]);

function bare(tree: unknown): string {
  return JSON.stringify(tree, (key, value: unknown) => {
    if (places.has(key)) return undefined;
    return typeof value === "bigint" ? `${value}n` : value;
  });
}

function parsed(language: (typeof languages)[number], source: string) {
  try {
    return printers[language](source);
  } catch (error) {
    if (error instanceof ExpressionError || error instanceof JinjaSyntaxError) return undefined;
    throw error;
  }
}

describe.each(languages)("%s", (language) => {
  it(
    "prints what parses to the same tree",
    () => {
      let printed = 0;
      fc.assert(
        fc.property(expressionOf(language), (source) => {
          const once = parsed(language, source);
          // As in Jinja2 `a is defined not in b` has an argument called `not`, which cannot be written in any other way.
          if (once === undefined || once.tree.includes('"name":"not"')) return;
          printed += 1;
          expect([source, once.printed, parsed(language, once.printed)?.tree]).toEqual([
            source,
            once.printed,
            once.tree,
          ]);
        }),
        { numRuns: runs(1_000) },
      );
      expect(printed).toBeGreaterThan(runs(1_000) / 3);
    },
    patience,
  );

  it(
    "ends changed expressions soon, with data or an ExpressionError",
    async () => {
      const names = sharedNames();
      let evaluated = 0;
      await fc.assert(
        fc.asyncProperty(mutatedText(language), async (text) => {
          checkTemplate(text);
          const variables = victim();
          const template = compileTemplate(text);
          const before = JSON.stringify(variables);
          const facts = { taskStatus: () => "succeeded", task: () => undefined };
          try {
            const result = await decide((ask) => {
              const { user } = process.threadCpuUsage();
              const value = template.evaluate({ variables, workflow: facts, ask });
              expect((process.threadCpuUsage().user - user) / 1_000).toBeLessThan(blocked);
              return value;
            }, answer);
            expect(foreignPart(result)).toBeUndefined();
            evaluated += 1;
          } catch (error) {
            if (!(error instanceof ExpressionError)) throw error;
          }
          expect(JSON.stringify(variables)).toBe(before);
          expect(Reflect.get({}, "polluted")).toBeUndefined();
          await nextTurn();
        }),
        { numRuns: runs(1_000) },
      );
      expect(sharedNames()).toBe(names);
      expect(evaluated).toBeGreaterThan(runs(1_000) / 20);
    },
    patience,
  );
});
