/** Where Raicho's YAQL deliberately answers otherwise than the originals, by kind, so that unseen cases of a kind count too. */

export interface Difference {
  readonly reason: string;
  /** `recorded` is the whole recorded row, as JSON text. */
  applies(row: {
    readonly test: string;
    readonly expression: string;
    readonly recorded: string;
  }): boolean;
}

/** Rows of tables.json and orquesta-unit.json. */
export const templateDifferences: readonly Difference[] = [
  {
    reason:
      "Data that looks like an expression stays data: Orquesta evaluates string results once more, which lets alert texts run expressions.",
    applies: ({ test, expression }) =>
      /recursive/.test(test) || /ctx\(\)\.expr\b|ctx\(.?expr.?\)/.test(expression),
  },
  {
    reason:
      "In text with two languages the facade renders Jinja first, as Orquesta does; the YAQL evaluator alone renders YAQL.",
    applies: ({ expression }) => /<%.*%>/.test(expression) && /\{\{.*\}\}/.test(expression),
  },
];

/** Rows of yaql-tests.json, which YAQL's own unit tests made with an engine and contexts of their own. */
export const yaqlTestDifferences: readonly Difference[] = [
  {
    reason: "The legacy dialect of YAQL 0.2 is not part of Orquesta.",
    applies: ({ test }) => /test_legacy/.test(test),
  },
  {
    reason: "Python objects and functions as data do not exist here.",
    applies: ({ test, recorded }) => /test_yaqlization/.test(test) || recorded.includes('"$py"'),
  },
  {
    reason: "The test registers functions or contexts of its own.",
    applies: ({ test, expression, recorded }) =>
      recorded.includes('"custom-context"') ||
      /(?<![\w.#])(?:foo|bar|baz|f|func)[12]?\(/.test(expression) ||
      /negValue/.test(expression) ||
      /test_ambiguous_method|TestYaqlInterface|test_yaql_interface/.test(test),
  },
  {
    reason: "Delegates (`lambda(…)`, `$f(…)`) are off in Orquesta, where they are syntax errors.",
    applies: ({ expression }) => /lambda\(/.test(expression) || expression.startsWith("$("),
  },
  {
    reason:
      "The test engine limits collections to 100 elements; Orquesta's is unlimited, Raicho's is bounded by steps.",
    applies: ({ recorded }) => recorded.includes("CollectionTooLargeException"),
  },
  {
    reason: "The test keeps variables from one row to the next, or compares the clock.",
    applies: ({ expression }) => /\$(?:dt|seq)\d|now\(/.test(expression),
  },
  {
    reason:
      "Python's order of a set follows its hashes, which differ from run to run; here it is the order of insertion.",
    applies: ({ expression, recorded }) =>
      /characters\(/.test(expression) || /frozenset\(\{/.test(recorded),
  },
];
