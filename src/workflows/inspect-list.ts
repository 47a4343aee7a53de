/** An inspection as StackStorm's API shows it: one list, and what only a server can tell about the actions that are called. */
import { languageOf } from "../expressions/template.ts";
import type { ParameterSchemas } from "../model/definitions.ts";
import { inspectionCategories, type Inspection, type InspectionError } from "./inspect.ts";
import { outlineOf, type OutlineTask } from "./inspect-outline.ts";
import { byCodePoints, isMapping } from "./inspect-schema.ts";

export interface ListedError {
  readonly type: "content" | "context" | "expression" | "semantic" | "syntax";
  /** Of expressions and contexts: null where several languages meet in one string. */
  readonly language?: string | null;
  readonly expression?: string;
  readonly message: string;
  readonly spec_path: string | null;
  readonly schema_path: string;
  readonly line?: number;
  readonly column?: number;
}

const types = {
  syntax: "syntax",
  semantics: "semantic",
  expressions: "expression",
  context: "context",
} as const;

/** Category after category: syntax, semantics, expressions, context. */
export function listInspection(inspection: Inspection): ListedError[] {
  return inspectionCategories.flatMap((category) =>
    inspection[category].map(({ type: language, ...error }: InspectionError) => ({
      ...error,
      type: types[category],
      ...(language === undefined ? {} : { language }),
    })),
  );
}

/** The list that `POST /workflows/inspect` answers, in its order. */
export function listForApi(
  inspection: Inspection,
  contents: readonly ListedError[],
): ListedError[] {
  return [...listInspection(inspection), ...contents].toSorted(
    (a, b) => byCodePoints(a.type, b.type) || byCodePoints(a.schema_path, b.schema_path),
  );
}

/** The parameters of an action and of its runner together; undefined when there is no such action. */
export type ParametersOf = (ref: string) => ParameterSchemas | undefined;

/** Actions that do not exist, required inputs that are missing, inputs that the action does not know. */
export function inspectContents(document: unknown, parametersOf: ParametersOf): ListedError[] {
  return [...outlineOf(document).tasks.values()].flatMap((task) =>
    inspectAction(task, parametersOf),
  );
}

function inspectAction(task: OutlineTask, parametersOf: ParametersOf): ListedError[] {
  const at = (name: string): unknown =>
    task.properties.find(({ specPath }) => specPath === `${task.specPath}.${name}`)?.value;
  const action = at("action");
  if (typeof action !== "string" || action === "" || languageOf(action) !== undefined) return [];
  const found = (name: string, message: string, key?: string): ListedError => ({
    type: "content",
    message,
    spec_path: `${task.specPath}.${name}${key === undefined ? "" : `.${key}`}`,
    schema_path: `${task.schemaPath}.properties.${name}${key === undefined ? "" : String.raw`.patternProperties.^\w+$`}`,
  });
  if (!action.includes(".")) {
    return [found("action", `The action reference "${action}" is not formatted correctly.`)];
  }
  const parameters = parametersOf(action);
  if (parameters === undefined) {
    return [found("action", `The action "${action}" is not registered in the database.`)];
  }
  const input = at("input") ?? {};
  if (!isMapping(input)) return [];
  const missing = Object.entries(parameters)
    .filter(([, schema]) => schema.required === true && !Object.hasOwn(schema, "default"))
    .map(([name]) => name)
    .filter((name) => !Object.hasOwn(input, name))
    .toSorted(byCodePoints);
  const unknown = Object.keys(input)
    .filter((name) => !Object.hasOwn(parameters, name))
    .toSorted(byCodePoints);
  return [
    ...missing.map((name) =>
      found("input", `Action "${action}" is missing required input "${name}".`),
    ),
    ...unknown.map((name) =>
      found("input", `Action "${action}" has unexpected input "${name}".`, name),
    ),
  ];
}
