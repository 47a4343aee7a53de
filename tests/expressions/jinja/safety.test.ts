import { setFlagsFromString } from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bounds,
  type EvaluationContext,
  ExpressionError,
  Unanswered,
} from "../../../src/expressions/context.ts";
import {
  checkJinja,
  compileJinjaExpression,
  compileJinjaTemplate,
} from "../../../src/expressions/jinja/compile.ts";
import { evaluateJinjaText } from "../../../src/expressions/jinja/template.ts";
import { escapes, stalls } from "./payloads.ts";
import { cpuMs } from "../../support/cpu.ts";

// As all of Raicho's processes run: a regular expression that backtracks too much goes on in V8's linear engine.
setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");

/** Milliseconds. Bounded work takes about a second on an idle machine, several times that while coverage is measured; unbounded it would run for years. */
const deadline = 20_000;

const variables = {
  d: { a: 1, b: { c: [1, 2] } },
  l: [3, 1, 2],
  s: "text",
  long: "a".repeat(200_000),
  tags: "<".repeat(200_000),
  parens: `${")".repeat(200_000)}x`,
  slashes: `${"/".repeat(200_000)}x`,
  injected: "{{ d.b }}{% if true %}x{% endif %}<% ctx() %>",
};
const context: EvaluationContext = {
  variables,
  ask(question) {
    if (question.kind === "evaluate") throw new Unanswered(question);
    return question.kind === "random" ? 0.5 : undefined;
  },
};

/** The text, or the error that a template is allowed to end with. */
function render(text: string): string | ExpressionError | Unanswered {
  try {
    return compileJinjaTemplate(text).render(context);
  } catch (error) {
    if (error instanceof ExpressionError || error instanceof Unanswered) return error;
    throw error;
  }
}

describe("no escape", () => {
  it.each(escapes)("%s", (template) => {
    const before = JSON.stringify(variables);
    const result = render(template);
    const text = typeof result === "string" ? result : "";
    expect(text).not.toMatch(/\[native code\]|\[object |root:x:|=>|process/);
    expect(JSON.stringify(variables)).toBe(before);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  it("gives as many payloads as promised", () => {
    expect(escapes.length + stalls.length).toBeGreaterThan(150);
  });

  it("keeps a rendered value as it is", () => {
    expect(render("{{ injected }}")).toBe(variables.injected);
    const found = evaluateJinjaText("{{ ctx().injected }}", context);
    expect(found).toBe(variables.injected);
  });

  it("gives no function to the outside", () => {
    const value = compileJinjaExpression("[ctx().d.get, range, ctx().s.upper]").evaluate(context);
    expect(value).toEqual([expect.any(String), expect.any(String), expect.any(String)]);
  });
});

describe("no stall", () => {
  it.each(stalls.map((text) => [text.slice(0, 90), text]))("%s", { timeout: 60_000 }, (_, text) => {
    let result: unknown;
    expect(cpuMs(() => (result = render(text)))).toBeLessThan(deadline);
    const length = typeof result === "string" ? result.length : 0;
    expect(length).toBeLessThanOrEqual(bounds.output);
  });
});

describe("any text", () => {
  const pieces = fc.constantFrom(
    ..."{{ }} {% %} {# #} {%- -%} d l s a b 1 2.5 'x' \"y\" . [ ] ( ) { } : , | ~ + - * / % == < > = if else endif for in endfor set endset is not and or none true filter upper default join map range loop macro endmacro raw endraw".split(
      " ",
    ),
    " ",
    "\n",
  );

  it("ends with text or an ExpressionError", { timeout: 60_000 }, () => {
    const outcome = fc.check(
      fc.property(fc.array(pieces, { maxLength: 25 }), (parts) => {
        const text = parts.join(" ");
        const result = render(text);
        // What does not parse is not rendered.
        return checkJinja(text).length === 0 || result instanceof ExpressionError;
      }),
      { numRuns: 3000 },
    );
    expect(outcome.counterexample).toBeNull();
  });
});
