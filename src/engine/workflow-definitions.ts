/** The workflow that an execution is pinned to: the present one when it is new, else the text it began with. */
import { parseYaml } from "../content/yaml.ts";
import { findDefinition, keepDefinition } from "../store/workflows.ts";
import { compileWorkflow, type CompiledWorkflow } from "../workflows/spec.ts";
import type { Core } from "./core.ts";

export interface Pinned {
  readonly compiled: CompiledWorkflow;
  readonly hash: string;
}

/** Texts that are known to be in the ledger, by process. */
const kept = new WeakMap<Core, Map<string, CompiledWorkflow>>();

function keptOf(core: Core): Map<string, CompiledWorkflow> {
  const known = kept.get(core) ?? new Map<string, CompiledWorkflow>();
  kept.set(core, known);
  return known;
}

/** Already kept: known at once. */
export function pinnedNow(core: Core, action: string): Pinned | undefined {
  const found = core.definitions().workflow(action);
  if (found === undefined || !("compiled" in found) || !keptOf(core).has(found.hash))
    return undefined;
  return found;
}

/** Keeps the present text and gives it; `errors` when it cannot run. */
export async function pin(
  core: Core,
  action: string,
): Promise<Pinned | { readonly errors: readonly unknown[] }> {
  const found = core.definitions().workflow(action);
  if (found === undefined)
    return {
      errors: [{ type: "content", message: `The workflow of action "${action}" is not there.` }],
    };
  if (!("compiled" in found)) return found;
  await keepDefinition(core.database.db, found.hash, found.text);
  keptOf(core).set(found.hash, found.compiled);
  return found;
}

/** The text an execution began with, compiled. */
export async function pinnedTo(core: Core, hash: string): Promise<CompiledWorkflow> {
  const known = keptOf(core).get(hash);
  if (known !== undefined) return known;
  const text = await findDefinition(core.database.db, hash);
  const { workflow } = compileWorkflow(
    text === undefined ? undefined : parseYaml(text, "python").value,
  );
  if (workflow === undefined)
    throw new Error(`workflow definition ${hash} is not in the ledger or cannot be read`);
  keptOf(core).set(hash, workflow);
  return workflow;
}
