/** Parameters of a run: what was given, what the definitions default to, checked against both schemas.
 *
 * Only what stands in a definition file is a template: a rule's parameters and the defaults of action and runner. What was given by a caller, a
 * workflow or a rendered template is data and is never rendered. */
import type { Ask } from "../expressions/context.ts";
import { castParameter } from "../expressions/python/casts.ts";
import { compileTemplate, type CompiledTemplate } from "../expressions/template.ts";
import { AppError } from "../model/errors.ts";
import type { ActionDefinition, ParameterSchema, ParameterSchemas } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Core } from "./core.ts";
import type { Wish } from "./launch.ts";

interface Prepared {
  readonly schemas: ParameterSchemas;
  readonly names: readonly string[];
  /** Defaults without expressions. */
  readonly constants: JsonObject;
  readonly templates: readonly (readonly [name: string, template: CompiledTemplate])[];
  readonly required: readonly string[];
}

const prepared = new WeakMap<ActionDefinition, Prepared>();
const compiledRules = new WeakMap<JsonObject, CompiledTemplate>();

function prepare(core: Core, action: ActionDefinition): Prepared {
  const known = prepared.get(action);
  if (known !== undefined) return known;
  const runner = core.runners.get(action.runner)?.parameters ?? {};
  const names = [...new Set([...Object.keys(runner), ...Object.keys(action.parameters)])];
  const schemas: Record<string, ParameterSchema> = {};
  for (const name of names) schemas[name] = { ...runner[name], ...action.parameters[name] };
  const constants: Record<string, unknown> = {};
  const templates: [string, CompiledTemplate][] = [];
  for (const [name, { default: fallback }] of Object.entries(schemas)) {
    if (fallback === undefined) continue;
    const template = compileTemplate(fallback, { languages: ["jinja"] });
    if (template.literal) constants[name] = fallback;
    else templates.push([name, template]);
  }
  const required = names.filter(
    (name) => schemas[name]?.required === true && schemas[name]?.default === undefined,
  );
  const made = { schemas, names, constants, templates, required };
  prepared.set(action, made);
  return made;
}

function given(wish: Wish, ask: Ask): JsonObject {
  const { parameters, variables } = wish;
  if (variables === undefined) return parameters;
  const template = compiledRules.get(parameters) ?? compileTemplate(parameters);
  compiledRules.set(parameters, template);
  if (template.literal) return parameters;
  const rendered = template.evaluate({ variables, ask });
  return isObject(rendered) ? rendered : {};
}

function invalid(message: string): AppError {
  return new AppError("PARAMETERS_INVALID", [message]);
}

/** Throws AppError PARAMETERS_INVALID with what is wrong, Unanswered when a template needs an answer. */
export function parametersFor(
  core: Core,
  action: ActionDefinition,
  wish: Wish,
  ask: Ask,
): JsonObject {
  const { schemas, constants, templates, required, names } = prepare(core, action);
  const wanted = given(wish, ask);
  if (names.length === 0 && Object.keys(wanted).length === 0) return wanted;
  const unknown = Object.keys(wanted).filter((name) => schemas[name] === undefined);
  if (unknown.length > 0)
    throw invalid(
      `Additional properties are not allowed (${unknown.map((name) => `'${name}'`).join(", ")} ${unknown.length === 1 ? "was" : "were"} unexpected)`,
    );
  const values: Record<string, unknown> = { ...constants };
  for (const [name, value] of Object.entries(wanted))
    values[name] = checked(name, value, schemas[name] ?? {}, wish.variables !== undefined);
  for (const [name, template] of templates) {
    if (name in wanted) continue;
    const variables = {
      ...values,
      ...wish.variables,
      action_context: wish.context,
      config_context: core.definitions().content.packs.get(action.pack)?.config ?? {},
    };
    values[name] = checked(name, template.evaluate({ variables, ask }), schemas[name] ?? {}, true);
  }
  for (const name of required)
    if (values[name] === undefined || values[name] === null)
      throw invalid(`'${name}' is a required property`);
  return values;
}

function checked(
  name: string,
  value: unknown,
  schema: ParameterSchema,
  rendered: boolean,
): unknown {
  if (value === null && schema.required !== true) return value;
  const ready =
    rendered && typeof value === "string" && schema.type !== undefined && schema.type !== "string"
      ? castParameter(value, schema.type)
      : value;
  const [fault] = validateSchema(schema, ready);
  if (fault !== undefined) throw invalid(`${fault} (parameter ${name})`);
  return ready;
}

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  array: Array.isArray,
  boolean: (value) => typeof value === "boolean",
  integer: (value) => Number.isInteger(value),
  null: (value) => value === null,
  number: (value) => typeof value === "number",
  object: isObject,
  string: (value) => typeof value === "string",
};

/** Faults of a value against a parameter schema, as StackStorm's validator words them. */
export function validateSchema(schema: JsonObject, value: unknown): readonly string[] {
  const { type, enum: allowed, properties } = schema;
  if (typeof type === "string" && types[type]?.(value) === false)
    return [`${JSON.stringify(value)} is not of type '${type}'`];
  if (
    Array.isArray(allowed) &&
    !allowed.some((choice) => JSON.stringify(choice) === JSON.stringify(value))
  )
    return [`${JSON.stringify(value)} is not one of ${JSON.stringify(allowed)}`];
  if (!isObject(properties) || !isObject(value)) return [];
  return Object.entries(properties).flatMap(([name, child]) => {
    if (!isObject(child)) return [];
    if (!(name in value))
      return child["required"] === true ? [`'${name}' is a required property`] : [];
    return validateSchema(child, value[name]);
  });
}
