/** Each language's page for authors names everything that the language has. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { orquestaFunctionNames } from "../../src/expressions/functions.ts";
import { environmentOf } from "../../src/expressions/jinja/dialects.ts";
import { globals } from "../../src/expressions/jinja/globals.ts";
import { orquestaFunctions } from "../../src/expressions/jinja/orquesta.ts";
import { tests } from "../../src/expressions/jinja/tests.ts";
import { clockFunctions, workflowFunctions } from "../../src/expressions/jsonata/bindings.ts";
import { builtins } from "../../src/expressions/jsonata/functions.ts";
import { library } from "../../src/expressions/yaql/library.ts";

/** The words on a page, those in code included. */
function wordsOf(page: string): ReadonlySet<string> {
  return new Set(readFileSync(`docs/language-${page}.md`, "utf8").match(/\$?\w+|[!=<>]+/g));
}

function missing(page: string, names: Iterable<string>): string[] {
  const words = wordsOf(page);
  return [...names].filter((name) => !words.has(name));
}

it("Jinja: filters, tests and functions", () => {
  const names = [
    ...environmentOf("stackstorm").filterNames,
    ...environmentOf("orquesta").filterNames,
    ...Object.keys(tests),
    ...globals.keys(),
    ...orquestaFunctions.keys(),
  ];
  expect(missing("jinja", names)).toEqual([]);
});

it("JSONata: compiled functions and functions of its surroundings", () => {
  const names = [builtins, workflowFunctions, clockFunctions].flatMap((table) =>
    Object.keys(table),
  );
  expect(
    missing(
      "jsonata",
      names.map((name) => `$${name}`),
    ),
  ).toEqual([]);
});

it("YAQL: functions, StackStorm's among them", () => {
  const named = [...library.keys()].map((name) => name.replace("#property#", ""));
  const functions = named.filter((name) => /^[a-z]/i.test(name));
  expect(missing("yaql", [...functions, ...orquestaFunctionNames])).toEqual([]);
});
