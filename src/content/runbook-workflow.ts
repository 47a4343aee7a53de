/** Generated workflows as files of a pack. */
import { isObject } from "../model/json.ts";
import type { RunbookDocument, Tongue } from "../runbooks/document.ts";
import { generateWorkflow } from "../runbooks/workflow.ts";
import { printYaml } from "./print-yaml.ts";
import { parseYaml } from "./yaml.ts";

export interface WorkflowFiles {
  readonly name: string;
  /** By path in the pack. */
  readonly files: ReadonlyMap<string, string>;
}

/** The action (disabled) and the workflow that a document gives. */
export function workflowFiles(
  document: RunbookDocument,
  {
    commit,
    tongue,
    pack,
  }: { readonly commit: string; readonly tongue: Tongue; readonly pack: string },
): WorkflowFiles {
  const { name, action, workflow } = generateWorkflow({
    document,
    commit,
    tongue,
    input: (text) => {
      const { value } = parseYaml(text);
      return isObject(value) ? value : {};
    },
  });
  const note = `# Generated from ${document.path} at ${commit}. Read it, try it, then set enabled to true: until then it does not run.\n`;
  return {
    name,
    files: new Map([
      [`actions/${name}.yaml`, `---\n${note}${printYaml({ ...action, pack })}`],
      [`actions/workflows/${name}.yaml`, `---\n${note}${printYaml(workflow)}`],
    ]),
  };
}

/** `pack.yaml` of the pack that generated workflows are in. */
export function automationPack(pack: string): string {
  return `---\n${printYaml({
    ref: pack,
    name: pack,
    description: "Workflows generated from documents.",
    version: "0.1.0",
    author: "Raicho",
    email: "raicho@localhost",
  })}`;
}
