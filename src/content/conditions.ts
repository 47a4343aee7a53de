/** Operators of criteria and the JSONata of `when`. */
import type { ProblemList, SourceFile } from "./problems.ts";
import type { Path } from "./yaml.ts";

export function checkOperator(
  _source: SourceFile,
  _path: Path,
  _operator: string,
  _problems: ProblemList,
): void {}
export function checkCondition(
  _source: SourceFile,
  _path: Path,
  _text: string,
  _problems: ProblemList,
): void {}
