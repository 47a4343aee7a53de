/** Answers of YAQL 3.2 that no recorded table holds. */
import { expect, test } from "vitest";
import { evaluateYaql } from "../../../src/expressions/yaql/compile.ts";

const run = (text: string): unknown =>
  evaluateYaql(text, {
    variables: {},
    ask: () => {
      throw new Error("nobody answers");
    },
  });

test.for([
  ["pow(3, -1, 5)", 2],
  ["pow(3, -2, 7)", 4],
  ["pow(10, -1, 7)", 5],
  ["pow(-3, -1, 5)", 3],
  ["pow(3, -1, -5)", -3],
] as const)("%s", ([text, value]) => {
  expect(run(text)).toBe(value);
});

test.for([
  ["pow(2, -1, 4)", "base is not invertible for the given modulus"],
  ["[[1], [2]].toDict($, 1)", "unhashable type: 'list'"],
] as const)("%s fails", ([text, message]) => {
  expect(() => run(text)).toThrow(message);
});
