/** What is wrong with a workflow definition, before it runs: in the words, with the paths and in the order of Orquesta's inspection,
 * and with a place in the file. */
import type { Language } from "../expressions/context.ts";
import { checkTemplate } from "../expressions/template.ts";
import { definitionSchema } from "./definition-schema.ts";
import { inspectVariables } from "./inspect-context.ts";
import { inspectGraph, TaskGraph } from "./inspect-graph.ts";
import { outlineOf, type Outline, type Property } from "./inspect-outline.ts";
import {
  byCodePoints,
  checkSchema,
  isMapping,
  word,
  wordText,
  type SchemaFault,
  type Step,
} from "./inspect-schema.ts";
import { pyRepr } from "../expressions/python/text.ts";

export interface InspectionError {
  /** Of `expressions` and `context` only: the language; null where several meet in one string. */
  readonly type?: Language | null;
  /** Of `expressions` and `context` only: as written, with delimiters. */
  readonly expression?: string;
  readonly message: string;
  /** `tasks.t1.next[0].when`; null for the whole definition. */
  readonly spec_path: string | null;
  readonly schema_path: string;
  /** From 1; there when a `place` was given. */
  readonly line?: number;
  readonly column?: number;
}

export interface Inspection {
  readonly syntax: readonly InspectionError[];
  readonly semantics: readonly InspectionError[];
  readonly expressions: readonly InspectionError[];
  readonly context: readonly InspectionError[];
}
export const inspectionCategories = ["syntax", "semantics", "expressions", "context"] as const;

/** A spot of the document: the value at `path`, its key, or a character of the string there. */
export interface Spot {
  readonly path: readonly Step[];
  readonly part?: "key";
  readonly offset?: number;
}

export interface InspectionOptions {
  /** Names every expression may read besides the workflow's own: `st2`, `parent`. */
  readonly context?: readonly string[];
  /** Where a spot stands in the file the document was read from. */
  readonly place?: (spot: Spot) => { readonly line: number; readonly column: number };
}

/** Inspects a parsed definition (with Python's numbers: `1` and `1.0` differ). Never throws; every list is empty when all is well. */
export function inspectWorkflow(
  document: unknown,
  { context = [], place }: InspectionOptions = {},
): Inspection {
  const outline = outlineOf(document);
  const graph = new TaskGraph(outline.tasks);
  const finish = (found: readonly Found[]): InspectionError[] =>
    found
      .map(({ spot, ...error }) => ({ ...error, ...place?.(spot) }))
      .toSorted(
        (a, b) =>
          byCodePoints(a.schema_path, b.schema_path) ||
          byCodePoints(a.spec_path ?? "", b.spec_path ?? ""),
      );
  return {
    syntax: finish(syntaxErrors(document)),
    semantics: finish(semanticErrors(outline, graph)),
    expressions: finish(expressionErrors(outline)),
    context: finish(contextErrors(outline, graph, context)),
  };
}

/** The definition cannot run as it is written. */
export function isFaulty(inspection: Inspection): boolean {
  return inspectionCategories.some((category) => inspection[category].length > 0);
}

type Found = Omit<InspectionError, "line" | "column"> & { readonly spot: Spot };

function syntaxErrors(document: unknown): Found[] {
  const resolved = withoutShorthand(document);
  return [...checkSchema(definitionSchema, resolved), ...oddNames(document)].map(
    ({ path, schemaPath, message, subject }) => ({
      message,
      spec_path: dotted(path) || null,
      schema_path: dotted(schemaPath),
      spot: subject === undefined ? { path } : { path: [...path, subject], part: "key" },
    }),
  );
}

/** `with: x in <% … %>` is checked as `with: {items: x in <% … %>}`. */
function withoutShorthand(document: unknown): unknown {
  const tasks = isMapping(document) ? document["tasks"] : undefined;
  if (!isMapping(document) || !isMapping(tasks)) return document;
  const resolved = Object.entries(tasks).map(([name, task]): [string, unknown] => {
    const items = isMapping(task) ? task["with"] : undefined;
    return [
      name,
      isMapping(task) && typeof items === "string" ? { ...task, with: { items } } : task,
    ];
  });
  return { ...document, tasks: Object.fromEntries(resolved) };
}

/** The schema says nothing about them, but Orquesta knows no task whose name is not one word. */
function oddNames(document: unknown): SchemaFault[] {
  const tasks = isMapping(document) ? document["tasks"] : undefined;
  const names = isMapping(tasks) ? Object.keys(tasks).filter((name) => !word.test(name)) : [];
  return names.map((name) => ({
    path: ["tasks"],
    schemaPath: ["properties", "tasks", "patternProperties"],
    message: `${pyRepr(name)} does not match '${wordText}'`,
    subject: name,
  }));
}

function dotted(path: readonly Step[]): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text;
}

function semanticErrors(outline: Outline, graph: TaskGraph): Found[] {
  return inspectGraph(outline, graph).map(({ message, specPath, schemaPath, path, offset }) => ({
    message,
    spec_path: specPath,
    schema_path: schemaPath,
    spot: offset === undefined ? { path, part: "key" } : { path, offset },
  }));
}

function expressionErrors(outline: Outline): Found[] {
  const sections = [outline.vars, outline.input, outline.output].filter(
    (each) => each !== undefined,
  );
  const tasks = [...outline.tasks.values()].flatMap(({ properties, others, next }) => [
    ...properties,
    ...others,
    ...next.flatMap((transition) => transition.properties),
  ]);
  return [...sections, ...tasks].flatMap((property) =>
    checkTemplate(property.value).map(({ language, expression, message, path, offset }) => ({
      type: language ?? null,
      expression,
      message,
      spec_path: property.specPath,
      schema_path: property.schemaPath,
      spot: spotOf(property, { path, offset, expression }),
    })),
  );
}

function contextErrors(outline: Outline, graph: TaskGraph, given: readonly string[]): Found[] {
  return inspectVariables(outline, graph, given).map(({ message, variable, property }) => ({
    type: variable.language,
    expression: variable.expression,
    message,
    spec_path: property.specPath,
    schema_path: property.schemaPath,
    spot: spotOf(property, variable),
  }));
}

/** The spot in the document of a character of a string somewhere inside a property. */
function spotOf(
  { value, path, text }: Property,
  at: { readonly path: readonly Step[]; readonly offset: number; readonly expression: string },
): Spot {
  let inside = value;
  for (const step of at.path) {
    inside = Array.isArray(inside)
      ? inside[Number(step)]
      : isMapping(inside)
        ? inside[String(step)]
        : undefined;
  }
  // An expression in a key has the path of the key's value.
  const found = typeof inside === "string" && inside.includes(at.expression) ? inside : undefined;
  if (text !== undefined) {
    return { path, offset: Math.max(0, text.indexOf(found ?? at.expression)) + at.offset };
  }
  const whole = [...path, ...at.path];
  return found === undefined ? { path: whole, part: "key" } : { path: whole, offset: at.offset };
}
