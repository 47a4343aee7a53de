/** Rules for tests. */
import type { RuleDefinition } from "../../src/model/definitions.ts";

let count = 0;

export function rule(parts: Partial<RuleDefinition> = {}): RuleDefinition {
  count += 1;
  const name = parts.name ?? `r${count}`;
  return {
    ref: `p.${name}`,
    pack: "p",
    name,
    description: "",
    enabled: true,
    trigger: { type: "p.happened", parameters: {} },
    criteria: {},
    when: undefined,
    action: { ref: "core.noop", parameters: {} },
    type: { ref: "standard", parameters: {} },
    context: {},
    tags: [],
    source: { file: "/p/rules/r.yaml", line: 1, column: 1 },
    ...parts,
  };
}
