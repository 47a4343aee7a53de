/** Where Raicho's rules, timers, aliases and parameters deliberately answer otherwise than StackStorm. */
import type { ListedDifference } from "./comparison.ts";

export const ruleDifferences: readonly ListedDifference[] = [
  {
    reason:
      "What is wrong with the definition of a parameter is said with its file, line and what would be right; StackStorm prints its own schema.",
    applies: ({ test, recorded }) =>
      test === "words about a definition" && recorded.startsWith('["err"'),
  },
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
