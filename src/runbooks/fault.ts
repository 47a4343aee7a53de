/** What is wrong in a document, and where. */
import type { Spot } from "./markdown.ts";

/** Something wrong at a place of a document. */
export interface DocumentFault extends Spot {
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly expected?: string;
  /** What was written, to look for the nearest right name among `names`. */
  readonly wrong?: string;
  readonly names?: readonly string[];
}

export const top: Spot = { line: 1, column: 1 };

export function fault({ line, column }: Spot, message: string, expected?: string): DocumentFault {
  return {
    severity: "error",
    line,
    column,
    message,
    ...(expected === undefined ? {} : { expected }),
  };
}
