import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { library } from "../../../src/expressions/yaql/library.ts";

it("names every function in the documentation", () => {
  const text = readFileSync("docs/language-yaql.md", "utf8");
  const named = [...library.keys()].map((name) => name.replace("#property#", ""));
  const missing = named.filter((name) => /^[a-z]/i.test(name) && !text.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});
