/** Python's own answers (3.11, PyYAML 6) against ours. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PythonError } from "../../../src/expressions/python/errors.ts";
import { fnmatch } from "../../../src/expressions/python/fnmatch.ts";
import { dumps } from "../../../src/expressions/python/json.ts";
import { loads } from "../../../src/expressions/python/json-read.ts";
import { literalEval } from "../../../src/expressions/python/literal.ts";
import { compileRegex } from "../../../src/expressions/python/regex.ts";
import type { RegexFlags } from "../../../src/expressions/python/regex.ts";
import { pyRepr } from "../../../src/expressions/python/text.ts";
import { dumpYaml } from "../../../src/expressions/python/yaml-dump.ts";
import { loadYaml } from "../../../src/expressions/python/yaml-load.ts";

type Answer = ["v" | "err", unknown];

const answers = loads(
  readFileSync(new URL("python-answers.json", import.meta.url), "utf8"),
) as Record<string, unknown[][]>;

function rows(kind: string): unknown[][] {
  return answers[kind] ?? [];
}

function answer(run: () => unknown): Answer {
  try {
    return ["v", run()];
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    return ["err", `${error.type}: ${error.message}`];
  }
}

// Python's literals that are no data here, and syntax errors whose place or kind we do not tell as exactly.
const unlikeLiterals = new Set([
  "1 + 2j",
  "b'a'",
  "...",
  "'\\x4'",
  "{**a}",
  "*a",
  "a + b",
  "import os",
]);

describe("Python's answers", () => {
  it("finds, replaces and splits by regular expressions", () => {
    expect(rows("regex").length).toBeGreaterThan(1000);
    for (const [pattern, flags, subject, wanted] of rows("regex")) {
      const got = answer(() => {
        const regex = compileRegex(String(pattern), flags as Partial<RegexFlags>);
        const text = String(subject);
        const found = regex.search(text);
        return [
          found === undefined ? null : [found.text, found.groups],
          regex.match(text)?.text ?? null,
          regex.findall(text),
          regex.sub("<\\g<0>>", text),
          regex.split(text),
        ];
      });
      expect([pattern, flags, subject, got]).toEqual([pattern, flags, subject, wanted]);
    }
  });

  it("expands replacements", () => {
    for (const [pattern, replacement, subject, wanted] of rows("sub")) {
      const got = answer(() =>
        compileRegex(String(pattern)).sub(String(replacement), String(subject)),
      );
      expect([pattern, replacement, got]).toEqual([pattern, replacement, wanted]);
    }
  });

  it("reads literals", () => {
    for (const [text, wanted] of rows("literal")) {
      if (unlikeLiterals.has(String(text))) continue;
      expect([text, answer(() => pyRepr(literalEval(String(text))))]).toEqual([text, wanted]);
    }
  });

  it("reads JSON", () => {
    for (const [text, wanted] of rows("loads")) {
      expect([text, answer(() => pyRepr(loads(String(text))))]).toEqual([text, wanted]);
    }
  });

  it("writes values as text and as JSON", () => {
    for (const [value, ...wanted] of rows("repr")) {
      const compact = dumps(value, { ensureAscii: false, separators: [",", ":"] });
      const got = [pyRepr(value), dumps(value), dumps(value, { indent: 2 }), compact];
      expect(got).toEqual(wanted);
    }
  });

  it("matches shell patterns", () => {
    for (const [text, pattern, wanted] of rows("fnmatch")) {
      expect([text, pattern, fnmatch(String(text), String(pattern))]).toEqual([
        text,
        pattern,
        wanted,
      ]);
    }
  });

  it("writes YAML", () => {
    for (const [value, ...wanted] of rows("yaml_dump")) {
      expect([dumpYaml(value, { allowUnicode: true }), dumpYaml(value)]).toEqual(wanted);
    }
  });

  it("reads YAML", () => {
    for (const [text, wanted] of rows("yaml_load")) {
      expect([text, answer(() => pyRepr(loadYaml(String(text))))]).toEqual([text, wanted]);
    }
  });
});
