/** Where Raicho's Jinja deliberately answers otherwise than the originals, by kind, so that unseen cases of a kind count too. */

export interface Difference {
  readonly reason: string;
  /** `recorded` is the recorded answer as JSON text. */
  applies(row: {
    readonly test: string;
    readonly expression: string;
    readonly recorded: string;
  }): boolean;
}

/** Rows of tables.json, orquesta-unit.json and own.json. */
export const differences: readonly Difference[] = [
  {
    reason:
      "Data that looks like an expression stays data: Orquesta evaluates string results once more, which lets alert texts run expressions.",
    applies: ({ test, expression }) =>
      /recursive/.test(test) || /ctx\(\)\.jexpr\b|ctx\(.?jexpr.?\)/.test(expression),
  },
  {
    reason:
      "`x if y` without else gives null: the original's Undefined object cannot be stored in a workflow's context.",
    applies: ({ recorded }) => recorded.includes('"$undefined"'),
  },
  {
    reason: "A function as a value is its text: Python's functions cannot be stored anywhere.",
    applies: ({ recorded }) => recorded.includes('"$py"'),
  },
];

/** Rows of jinja2-answers.json. */
export const jinja2Differences: readonly Difference[] = [
  {
    reason:
      "An undefined value is refused as soon as a filter, test or operator gets it, with the message that names it; Jinja2 refuses some later, or tells of its type StrictUndefined.",
    applies: ({ expression }) => /\bundef\b|\bx\.__init__/.test(expression),
  },
  {
    reason: "There are no complex numbers.",
    applies: ({ recorded }) => recorded.includes("j)"),
  },
  {
    reason: "`self` is not there: templates have no blocks to call.",
    applies: ({ expression }) => /\{\{ self/.test(expression),
  },
  {
    reason: "groupby on a missing attribute names it instead of grouping under Undefined.",
    applies: ({ expression, recorded }) =>
      /groupby/.test(expression) && recorded.includes("Undefined"),
  },
  {
    reason:
      "Bound methods of str.format are Python functions in the sandbox and builtins elsewhere; here all are builtins.",
    applies: ({ expression }) => /format\.__self__/.test(expression),
  },
];
