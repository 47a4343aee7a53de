/** Templates in which what is not there is an empty text: answers of Jinja2 3.1.6 with its usual kind of undefined value. */
import { expect, test } from "vitest";
import { compileJinjaTemplate } from "../../../src/expressions/jinja/compile.ts";
import { Six } from "../../../src/expressions/jinja/six.ts";

const variables = {
  execution: { result: { stdout: "x", n: 1 }, status: "succeeded", id: "1" },
  six: new Six(),
};
const context = { variables, ask: () => undefined };

test.each([
  ["[{{ nobody }}]", "[]"],
  ["[{{ execution.nothing }}]", "[]"],
  ["[{{ execution['nothing'] }}]", "[]"],
  ["[{{ nobody | upper }}]", "[]"],
  ["[{{ nobody | default('d') }}]", "[d]"],
  ["{{ nobody is defined }}", "False"],
  ["{{ nobody | length }}", "0"],
  ["{% for x in nobody %}x{% else %}none{% endfor %}", "none"],
  ["{% if nobody %}a{% else %}b{% endif %}", "b"],
  ["{{ nobody == 'x' }}", "False"],
  ["{{ nobody == somebody }}", "True"],
  ["{{ nobody != '' }}", "True"],
  ["[{{ nobody | trim }}]", "[]"],
  ["[{{ nobody | join(',') }}]", "[]"],
  ["{{ 'a' ~ nobody ~ 'b' }}", "ab"],
  ["{{ not nobody }}", "True"],
  ["{{ nobody or 'else' }}", "else"],
  [
    "{% for k, v in six.iteritems(execution.result) %}{{ k }}={{ v }};{% endfor %}",
    "stdout=x;n=1;",
  ],
  [
    "{{ six.iteritems(execution.result) | selectattr('0', 'in', ['stdout']) | list }}",
    "[('stdout', 'x')]",
  ],
  ["{{ six.itervalues(execution.result) | list }}", "['x', 1]"],
  ["{{ 'x' in nobody }}", "False"],
  ["{{ nobody | replace('a','b') }}!", "!"],
  ["{{ nobody | list }}", "[]"],
  ["{{ nobody | first }}", ""],
  ["{% set x = nobody %}[{{ x }}]", "[]"],
  ["{{ [nobody] }}", "[Undefined]"],
])("%s", (template, text) => {
  expect(compileJinjaTemplate(template).renderLeniently(context)).toBe(text);
});

test.each([
  ["{{ execution.nothing.deeper }}", "'dict object' has no attribute 'nothing'"],
  ["{{ nobody.deeper }}", "'nobody' is undefined"],
  ["{{ nobody + 1 }}", "'nobody' is undefined"],
  ["{{ nobody() }}", "'nobody' is undefined"],
  ["{{ six.iteritems('x') }}", "'str' object has no attribute 'items'"],
  ["{{ nobody < 1 }}", "'nobody' is undefined"],
  ["{{ nobody[0] }}", "'nobody' is undefined"],
  ["{{ -nobody }}", "'nobody' is undefined"],
  ["{{ execution.result.nope.stdout | default('?') }}", "'dict object' has no attribute 'nope'"],
])("%s cannot be rendered", (template, message) => {
  expect(() => compileJinjaTemplate(template).renderLeniently(context)).toThrow(message);
});

test("what may not be looked at stays refused", () => {
  const template = compileJinjaTemplate("{{ execution.__class__ }}");
  expect(() => template.renderLeniently(context)).toThrow("is unsafe");
});

test("the strict way stays strict", () => {
  const template = compileJinjaTemplate("{{ nobody }}");
  expect(template.renderLeniently(context)).toBe("");
  expect(() => template.render(context)).toThrow("'nobody' is undefined");
});
