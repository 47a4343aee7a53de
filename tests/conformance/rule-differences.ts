/** Where Raicho's rules, timers, aliases and parameters deliberately answer otherwise than StackStorm. */
import type { ListedDifference } from "./comparison.ts";

export const ruleDifferences: readonly ListedDifference[] = [
  {
    reason:
      "Bytes do not exist in JSON, so that no pattern of a rule is of another type than text.",
    applies: ({ expression }) => expression.includes('{"$iter": [98]}'),
  },
  {
    reason: "The recorded test replaces the operators by functions that throw.",
    applies: ({ test }) => test.includes("created_on_exception"),
  },
];
