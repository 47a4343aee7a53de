/** Syntax of the expressions inside definitions. */
import { ExpressionError } from "../expressions/context.ts";
import { compileJsonata } from "../expressions/jsonata/compile.ts";
import { checkTemplate } from "../expressions/template.ts";
import type { ProblemList, SourceFile } from "./problems.ts";
import type { Path } from "./yaml.ts";

/** Reports every expression inside `value` (at `path`) that cannot be parsed. `<% %>` is plain text here: YAQL belongs to workflows. */
export function checkTemplates(
  source: SourceFile,
  path: Path,
  value: unknown,
  problems: ProblemList,
): void {
  if (!mayHoldExpression(value)) return;
  for (const fault of checkTemplate(value)) {
    if (fault.language !== "jinja" && fault.language !== "jsonata") continue;
    const where = { path: [...path, ...fault.path], offset: fault.offset };
    problems.errorInText(source, where, `${fault.message} in ${fault.expression}`);
  }
}

/** Reports a `when` that is not JSONata. */
export function checkCondition(
  source: SourceFile,
  path: Path,
  text: string,
  problems: ProblemList,
): void {
  try {
    compileJsonata(text);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    problems.errorInText(
      source,
      { path, offset: error.offset ?? 0 },
      `not JSONata: ${error.message}`,
      {
        expected: 'an expression such as trigger.body.severity = "critical"',
      },
    );
  }
}

/** Most values hold none, and a look at the text is much cheaper than the languages. */
function mayHoldExpression(value: unknown): boolean {
  if (typeof value === "string") return /\{[{%#]|<\$/.test(value);
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(
    ([key, inner]) => mayHoldExpression(key) || mayHoldExpression(inner),
  );
}
