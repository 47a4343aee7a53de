/** The workflow that an execution is pinned to: the present one when it is new, else the text it began with. */
import { parseYaml } from "../content/yaml.ts";
import { findDefinition, keepDefinition } from "../store/workflows.ts";
import { compilePlan, type Plan, type PlanFaults } from "../workflows/course.ts";
import type { Core, Definitions } from "./core.ts";
import { inspectText } from "./inspection.ts";

export interface Pinned {
  readonly plan: Plan;
  readonly hash: string;
}

/** Texts that are known to be in the ledger, by process. */
const kept = new WeakMap<Core, Map<string, Plan>>();

function keptOf(core: Core): Map<string, Plan> {
  const known = kept.get(core) ?? new Map<string, Plan>();
  kept.set(core, known);
  return known;
}

function faultsOf(errors: readonly unknown[]): PlanFaults {
  return { errors, result: { output: null, errors } };
}

/** Workflows that were found without faults, by the definitions that they were held against. */
const inspected = new WeakMap<Definitions, Set<string>>();

function soundIn(definitions: Definitions): Set<string> {
  const known = inspected.get(definitions) ?? new Set<string>();
  inspected.set(definitions, known);
  return known;
}

/** Already kept and inspected: known at once. */
export function pinnedNow(core: Core, action: string): Pinned | undefined {
  const definitions = core.definitions();
  const found = definitions.workflow(action);
  if (found === undefined || !("plan" in found)) return undefined;
  return keptOf(core).has(found.hash) && soundIn(definitions).has(action) ? found : undefined;
}

/** Keeps the present text and gives it; `errors`, listed as StackStorm's API does, when an inspection finds faults. */
export async function pin(core: Core, action: string): Promise<Pinned | PlanFaults> {
  await core.seek(action);
  const definitions = core.definitions();
  const found = definitions.workflow(action);
  if (found === undefined) {
    const message = `The workflow of action "${action}" is not there.`;
    return faultsOf([{ type: "content", message }]);
  }
  const { actions, workflows } = definitions.content;
  if (actions.get(action)?.runner !== "action-chain") {
    const faults = inspectText(core, workflows.get(action)?.text ?? "");
    if (faults.length > 0) return faultsOf(faults);
  }
  if (!("plan" in found)) return found;
  soundIn(definitions).add(action);
  await keepDefinition(core.database.db, found.hash, found.text);
  keptOf(core).set(found.hash, found.plan);
  return found;
}

/** The text an execution began with, compiled. */
export async function pinnedTo(core: Core, hash: string, runner: string): Promise<Plan> {
  const known = keptOf(core).get(hash);
  if (known !== undefined) return known;
  const text = await findDefinition(core.database.db, hash);
  const compiled = compilePlan(
    runner,
    text === undefined ? undefined : parseYaml(text, "python").value,
  );
  if (!("plan" in compiled))
    throw new Error(`workflow definition ${hash} is not in the ledger or cannot be read`);
  keptOf(core).set(hash, compiled.plan);
  return compiled.plan;
}
