import { parseYaml } from "./yaml.ts";

/** The document of a workflow's text, with Python's numbers as `WorkflowSource.document` has them; undefined when it is not YAML. */
export function parseWorkflow(text: string): unknown {
  return parseYaml(text, "python").value;
}
