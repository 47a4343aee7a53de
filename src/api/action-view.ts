import { relative } from "node:path";
import type {
  ActionDefinition,
  Content,
  ParameterSchemas,
  RuleDefinition,
  SourcePosition,
} from "../model/definitions.ts";
import { isStored } from "../content/stored.ts";
import type { JsonObject } from "../model/json.ts";
import type { Runner } from "../runners/runner.ts";
import { idFor } from "./ids.ts";

/** Whether an action has a file of its own that is run. */
export function runsFiles({ entryPath }: ActionDefinition): boolean {
  return entryPath !== "";
}

/** The file of a definition, relative to its pack; none for what was written through the API without one. */
export function metadataFile(
  content: Content,
  pack: string,
  { file, metadataFile: said }: SourcePosition,
): string {
  if (isStored(file)) return said ?? "";
  const path = content.packs.get(pack)?.path;
  if (path === undefined) return file;
  const inside = relative(path, file);
  return inside.startsWith("..") ? file : inside;
}

/** An action as StackStorm's API shows it. */
export function actionView(content: Content, action: ActionDefinition): JsonObject {
  const { pack, name, ref, description, enabled, runner, entryPoint, parameters } = action;
  return {
    id: idFor(`action:${ref}`),
    uid: `action:${pack}:${name}`,
    ref,
    pack,
    name,
    description,
    enabled,
    runner_type: runner,
    entry_point: entryPoint,
    parameters,
    output_schema: action.outputSchema,
    notify: action.notify,
    tags: action.tags,
    ...(action.pool === undefined ? {} : { pool: action.pool }),
    metadata_file: metadataFile(content, pack, action.source),
  };
}

/** The runner's parameters with the action's own over them, name by name and word by word. */
export function mergedParameters(
  action: ActionDefinition,
  runner: Runner | undefined,
): ParameterSchemas {
  const merged: Record<string, ParameterSchemas[string]> = { ...runner?.parameters };
  for (const [name, schema] of Object.entries(action.parameters))
    merged[name] = { ...merged[name], ...schema };
  return Object.fromEntries(
    Object.entries(merged).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  );
}

/** A rule as StackStorm's API shows it. */
export function ruleView(content: Content, rule: RuleDefinition): JsonObject {
  const { ref, pack, name, description, enabled, trigger, criteria, when, action, type } = rule;
  return {
    id: idFor(`rule:${ref}`),
    uid: `rule:${pack}:${name}`,
    ref,
    pack,
    name,
    description,
    enabled,
    trigger: { ...trigger, ref: trigger.type },
    criteria,
    ...(when === undefined ? {} : { when }),
    action,
    type,
    context: rule.context,
    tags: rule.tags,
    metadata_file: metadataFile(content, pack, rule.source),
  };
}
