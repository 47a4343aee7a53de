/** What is wrong with a workflow, as StackStorm's API lists it. */
import { parseYaml } from "../content/yaml.ts";
import { mergeParameterSchemas } from "../expressions/parameter-schema.ts";
import { inspectWorkflow } from "../workflows/inspect.ts";
import { inspectContents, listForApi, type ListedError } from "../workflows/inspect-list.ts";
import type { Core } from "./core.ts";

/** Faults of a definition's text; empty when it can run. Actions are looked up among those that can be run now. */
export function inspectText(
  { definitions, runners }: Pick<Core, "definitions" | "runners">,
  text: string,
): readonly ListedError[] {
  const document = parseYaml(text, "python").value;
  const { actions } = definitions().content;
  const contents = inspectContents(document, (ref) => {
    const action = actions.get(ref);
    if (action === undefined) return undefined;
    return mergeParameterSchemas(runners.get(action.runner)?.parameters ?? {}, action.parameters);
  });
  const context: readonly string[] = ["st2", "parent"];
  return listForApi(inspectWorkflow(document, { context }), contents);
}
