import type { PolicyDefinition } from "../../src/model/definitions.ts";
import type { TestContent } from "./engine.ts";

let counter = 0;

/** A policy on an action of its own, so that tests do not share gates. */
export function policy(
  policyType: string,
  parameters: PolicyDefinition["parameters"],
): { readonly action: string; readonly content: TestContent; readonly ref: string } {
  const name = `p${++counter}`;
  const action = `test.act${counter}`;
  return {
    action,
    ref: `test.${name}`,
    content: {
      actions: { [action]: { runner: "test", parameters: { n: {}, host: {} } } },
      policies: [{ name, resourceRef: action, policyType, parameters }],
    },
  };
}
