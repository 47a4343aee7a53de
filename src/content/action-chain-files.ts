/** Files of action-chains: their structure, the expressions in them, the actions they call. */
import { isObject } from "../model/json.ts";
import { readActionChain } from "../workflows/action-chain-spec.ts";
import { hasExpression } from "./check-values.ts";
import { nearest, ProblemList } from "./problems.ts";
import type { Problem, SourceFile } from "./problems.ts";
import type { Reading } from "./reading.ts";
import { checkTemplates } from "./templates.ts";
import type { Path, YamlFile } from "./yaml.ts";

/** A file of a chain, and not of another workflow. */
export function isChainFile(document: unknown): boolean {
  return isObject(document) && "chain" in document && !("tasks" in document);
}

/** What is wrong with a chain by itself, whatever actions there are. */
export function chainProblems(file: string, yaml: YamlFile): readonly Problem[] {
  const list = new ProblemList();
  report({ file, yaml, pack: "" }, list);
  return list.problems;
}

function report(source: SourceFile, problems: ProblemList): void {
  const document = source.yaml.value;
  const { errors, warnings } = readActionChain(document);
  for (const { path, message } of errors) problems.error(source, path, message);
  for (const { path, message } of warnings) problems.warn(source, path, message);
  for (const { path, value } of templatesOf(document))
    checkTemplates(source, path, value, problems);
}

/** Reports what is wrong with an action-chain. The action stays: its executions then fail and say the same. */
export function inspectActionChain(source: SourceFile, { problems, draft, later }: Reading): void {
  const document = source.yaml.value;
  report(source, problems);
  later.push(() => {
    for (const [index, node] of nodesOf(document)) {
      const ref = node["ref"];
      if (typeof ref === "string" && !hasExpression(ref) && !draft.actions.has(ref))
        problems.error(source, ["chain", index, "ref"], `there is no action "${ref}"`, {
          suggestion: nearest(ref, draft.actions.keys()),
        });
    }
  });
}

function nodesOf(document: unknown): [number, Readonly<Record<string, unknown>>][] {
  const chain: unknown = isObject(document) ? document["chain"] : undefined;
  return (Array.isArray(chain) ? chain : []).flatMap(
    (node: unknown, index): [number, Readonly<Record<string, unknown>>][] =>
      isObject(node) ? [[index, node]] : [],
  );
}

/** Everything of a chain's document that is rendered. */
function templatesOf(document: unknown): { readonly path: Path; readonly value: unknown }[] {
  const vars = isObject(document) ? document["vars"] : undefined;
  const nodes = nodesOf(document).flatMap(([index, node]) =>
    ["params", "parameters", "publish"].map((key) => ({
      path: ["chain", index, key],
      value: node[key],
    })),
  );
  return [{ path: ["vars"], value: vars }, ...nodes];
}
