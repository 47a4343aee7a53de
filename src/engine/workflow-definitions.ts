/** The workflow that an execution is pinned to: the present one when it is new, else the text it began with. */
import { parseYaml } from "../content/yaml.ts";
import { findDefinition, keepDefinition } from "../store/workflows.ts";
import { compilePlan, type Plan, type PlanFaults } from "../workflows/course.ts";
import type { Core } from "./core.ts";

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

/** Already kept: known at once. */
export function pinnedNow(core: Core, action: string): Pinned | undefined {
  const found = core.definitions().workflow(action);
  if (found === undefined || !("plan" in found) || !keptOf(core).has(found.hash)) return undefined;
  return found;
}

/** Keeps the present text and gives it; `errors` when it cannot run. */
export async function pin(core: Core, action: string): Promise<Pinned | PlanFaults> {
  const found = core.definitions().workflow(action);
  if (found === undefined) {
    const message = `The workflow of action "${action}" is not there.`;
    const errors = [{ type: "content", message }];
    return { errors, result: { output: null, errors } };
  }
  if (!("plan" in found)) return found;
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
