/** Parameters of a run: what was given, what the definitions default to, checked against both schemas, in StackStorm's order: render, cast, validate, complete.
 *
 * Only what stands in a definition file is a template: a rule's parameters and the defaults of action and runner. What was given by a caller, a
 * workflow or a rendered template is data and is never rendered. */
import { type Ask, ExpressionError } from "../expressions/context.ts";
import { renderFinalParameters, renderLiveParameters } from "../expressions/parameters.ts";
import {
  mergeParameterSchemas,
  parametersSchema,
  validateSchema,
} from "../expressions/parameter-schema.ts";
import { castParameter } from "../expressions/python/casts.ts";
import { PythonError } from "../expressions/python/errors.ts";
import { toPlain } from "../expressions/python/json.ts";
import { compileTemplate, type CompiledTemplate, languageOf } from "../expressions/template.ts";
import { AppError } from "../model/errors.ts";
import type { ActionDefinition, ParameterSchemas } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Core } from "./core.ts";
import type { Wish } from "./launch.ts";
import { renderedConfig } from "./pack-config.ts";

interface Prepared {
  readonly runner: ParameterSchemas;
  readonly schemas: ParameterSchemas;
  readonly validation: JsonObject;
  /** Defaults without expressions. */
  readonly constants: JsonObject;
  /** Some default is a template: everything is completed by StackStorm's graph of parameters. */
  readonly templated: boolean;
  /** Some default reads the pack's configuration. */
  readonly configured: boolean;
  readonly immutable: readonly string[];
  /** Nothing may be given and nothing is needed. */
  readonly empty: boolean;
}

/** A rule's parameters by what they hold. */
interface RuleParameters {
  /** JSONata and plain values: keep their types. */
  readonly native: CompiledTemplate;
  /** Jinja: becomes text and is cast by the schema, as in StackStorm. */
  readonly jinja: JsonObject;
}

/** StackStorm takes an optional parameter without a type for text; the inputs of the site's own workflows have none and may be anything. */
const anyType = { type: ["array", "boolean", "integer", "null", "number", "object", "string"] };

const prepared = new WeakMap<ActionDefinition, Prepared>();
const compiledRules = new WeakMap<JsonObject, RuleParameters>();

function holdsJinja(value: unknown): boolean {
  if (typeof value === "string") return languageOf(value) === "jinja";
  if (Array.isArray(value)) return value.some(holdsJinja);
  return isObject(value) && Object.values(value).some(holdsJinja);
}

/** Whether templates in there may read `config_context`. */
function readsConfig(value: unknown): boolean {
  return JSON.stringify(value).includes("config_context");
}

function prepare(core: Core, action: ActionDefinition): Prepared {
  const known = prepared.get(action);
  if (known !== undefined) return known;
  const runner = core.runners.get(action.runner)?.parameters ?? {};
  const schemas = mergeParameterSchemas(runner, action.parameters);
  const constants: Record<string, unknown> = {};
  const checked: Record<string, JsonObject> = {};
  let templated = false;
  for (const [name, schema] of Object.entries(schemas)) {
    const { default: fallback, ...rest } = schema;
    const template = holdsJinja(fallback);
    templated ||= template;
    if (fallback !== undefined && !template) constants[name] = fallback;
    // A default that is a template stands for whatever it renders to: it can be left out, and is not checked itself.
    const wanted = template ? { ...rest, required: false } : schema;
    checked[name] = wanted.type === undefined ? { ...wanted, ...anyType } : wanted;
  }
  const made = {
    runner,
    schemas,
    constants,
    templated,
    validation: { ...parametersSchema(action.name, action.description, {}), properties: checked },
    configured: templated && readsConfig(schemas),
    immutable: Object.keys(schemas).filter((name) => schemas[name]?.immutable === true),
    empty: Object.keys(schemas).length === 0,
  };
  prepared.set(action, made);
  return made;
}

function ruleParameters(parameters: JsonObject): RuleParameters {
  const known = compiledRules.get(parameters);
  if (known !== undefined) return known;
  const entries = Object.entries(parameters);
  const made = {
    native: compileTemplate(Object.fromEntries(entries.filter(([, value]) => !holdsJinja(value)))),
    jinja: Object.fromEntries(entries.filter(([, value]) => holdsJinja(value))),
  };
  compiledRules.set(parameters, made);
  return made;
}

function invalid(message: string): AppError {
  return new AppError("PARAMETERS_INVALID", [message]);
}

interface Rendering {
  readonly core: Core;
  readonly action: ActionDefinition;
  readonly wish: Wish;
  readonly ask: Ask;
  readonly prepared: Prepared;
}

/** `configured`: some template reads the configuration, which may ask the datastore itself. */
function contextOf(
  { core, action, wish, ask, prepared: { runner } }: Rendering,
  configured: boolean,
) {
  const pack = core.definitions().content.packs.get(action.pack);
  return {
    runnerParameters: runner,
    actionParameters: action.parameters,
    actionContext: wish.context,
    config: pack !== undefined && configured ? renderedConfig(pack, ask) : {},
    ask,
  };
}

function given(rendering: Rendering): JsonObject {
  const {
    wish,
    ask,
    prepared: { schemas },
  } = rendering;
  const { parameters, variables } = wish;
  if (variables === undefined) return cast(parameters, schemas);
  const { native, jinja } = ruleParameters(parameters);
  const value = native.evaluate({ variables, ask });
  const data = cast(isObject(value) ? value : {}, schemas);
  if (Object.keys(jinja).length === 0) return data;
  const rendered = renderLiveParameters({
    ...contextOf(rendering, rendering.prepared.configured || readsConfig(jinja)),
    given: jinja,
    additional: { ...data, ...variables },
  });
  return {
    ...data,
    ...Object.fromEntries(Object.keys(jinja).map((name) => [name, rendered[name]])),
  };
}

function cast(parameters: JsonObject, schemas: ParameterSchemas): JsonObject {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(parameters)) {
    const type = schemas[name]?.type;
    result[name] =
      type === undefined || value === null || value === undefined
        ? value
        : toPlain(castParameter(value, type));
  }
  return result;
}

/** Throws AppError PARAMETERS_INVALID with what is wrong in StackStorm's words, Unanswered when a template needs an answer. */
export function parametersFor(
  core: Core,
  action: ActionDefinition,
  wish: Wish,
  ask: Ask,
): JsonObject {
  const known = prepare(core, action);
  const { parameters } = wish;
  if (known.empty && Object.keys(parameters).length === 0) return parameters;
  try {
    return complete({ core, action, wish, ask, prepared: known });
  } catch (error) {
    if (error instanceof PythonError || error instanceof ExpressionError)
      throw invalid(error.message);
    throw error;
  }
}

function complete(rendering: Rendering): JsonObject {
  const {
    prepared: { validation, immutable, constants, templated, configured },
  } = rendering;
  const live = given(rendering);
  const overridden = immutable.filter((name) => name in live);
  if (overridden.length > 0)
    throw invalid(
      `Override of immutable parameter(s) [${overridden.map((name) => `'${name}'`).join(", ")}] is unsupported.`,
    );
  const { fault } = validateSchema(live, validation);
  if (fault !== undefined) throw invalid(fault.message);
  if (!templated) return { ...constants, ...live };
  const { runner, action } = renderFinalParameters({
    ...contextOf(rendering, configured),
    given: live,
  });
  return { ...runner, ...action };
}
