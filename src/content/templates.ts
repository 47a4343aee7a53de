/** Syntax of the expressions inside definitions. */
import type { ProblemList, SourceFile } from "./problems.ts";
import type { Path } from "./yaml.ts";

export function checkTemplates(
  _source: SourceFile,
  _path: Path,
  _value: unknown,
  _problems: ProblemList,
): void {}
