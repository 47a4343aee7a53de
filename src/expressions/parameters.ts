/**
 * Parameters of an execution: given values and defaults may hold Jinja over each other, the datastore, the action's context and the pack's
 * configuration. What was rendered is never rendered again.
 */
import { type Ask, ExpressionError } from "./context.ts";
import { compileJinjaTemplate, type JinjaTemplate, undeclaredNames } from "./jinja/compile.ts";
import { castParameter } from "./python/casts.ts";
import { pyEquals } from "./python/compare.ts";
import { PythonError } from "./python/errors.ts";
import { dumps, toPlain } from "./python/json.ts";
import { loads } from "./python/json-read.ts";
import { pyRepr } from "./python/text.ts";
import type { ParameterSchemas } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import { isObject } from "../model/json.ts";

export interface ParameterRequest {
  readonly runnerParameters: ParameterSchemas;
  readonly actionParameters: ParameterSchemas;
  /** What the caller gave. */
  readonly given: JsonObject;
  /** `action_context`: user, pack, parent … */
  readonly actionContext: JsonObject;
  /** `config_context`: the pack's configuration. */
  readonly config: JsonObject;
  /** Further names, e.g. `trigger` for a rule. */
  readonly additional?: JsonObject;
  /** Answers `datastore` (names `system.x`, `user.x` of the user in question). */
  readonly ask: Ask;
}

export interface FinalParameters {
  readonly runner: JsonObject;
  readonly action: JsonObject;
}

/** A parameter that cannot be rendered or cast. `original` is Python's exception class (`ParamException`, `ValueError` …). */
export interface ParameterFault {
  readonly original: string;
  readonly message: string;
}

interface Node {
  value?: unknown;
  /** Text, or a list or dict that holds templates. */
  template?: unknown;
  readonly children: Set<string>;
  parents: number;
}

/** Stands for the datastore in the graph. */
const lookup = Symbol("st2kv");

function paramError(message: string): PythonError {
  return new PythonError("ParamException", message);
}

/** True for text that may be a template. */
export function isJinja(value: unknown): value is string {
  return typeof value === "string" && (value.includes("{{") || value.includes("{%"));
}

const templates = new Map<string, JinjaTemplate>();

function templateOf(text: string): JinjaTemplate {
  let template = templates.get(text);
  if (template === undefined) {
    template = compileJinjaTemplate(text);
    if (templates.size >= 1000) templates.clear();
    templates.set(text, template);
  }
  return template;
}

const dependencies = new Map<string, readonly string[] | null>();

function dependenciesOf(text: string): readonly string[] | null {
  let found = dependencies.get(text);
  if (found === undefined) {
    found = undeclaredNames(text) ?? null;
    if (dependencies.size >= 1000) dependencies.clear();
    dependencies.set(text, found);
  }
  return found;
}

/** Who needs whom; rendering goes from what needs nothing to what needs all. */
class ParameterGraph {
  readonly #nodes = new Map<string, Node>();

  #node(name: string): Node {
    let node = this.#nodes.get(name);
    if (node === undefined) {
      node = { children: new Set(), parents: 0 };
      this.#nodes.set(name, node);
    }
    return node;
  }

  setValue(name: string, value: unknown): void {
    this.#node(name).value = value;
  }

  /** A value, or a template when it looks and parses like one. */
  process(name: string, value: unknown): void {
    const isContainer = Array.isArray(value) || isObject(value);
    const text = isContainer ? pyRepr(value) : value;
    const names = isJinja(text) ? dependenciesOf(text) : null;
    if (names === null) {
      this.setValue(name, value);
      return;
    }
    this.#node(name).template = value;
    for (const dependency of names) this.#connect(dependency, name);
  }

  #connect(from: string, to: string): void {
    const { children } = this.#node(from);
    if (children.has(to)) return;
    children.add(to);
    this.#node(to).parents += 1;
  }

  /** Defaults of what was not given, and of what may not be given. As in StackStorm a given template counts as not given here, so that a
   * default replaces it when that is a template as well. */
  processDefaults(schemas: readonly ParameterSchemas[]): void {
    for (const schema of schemas) {
      for (const [name, definition] of Object.entries(schema)) {
        const value = this.#nodes.get(name)?.value;
        if (value === undefined || value === null || definition.immutable === true) {
          this.process(name, definition.default ?? null);
        }
      }
    }
  }

  /** The order of rendering. Throws ParamException for what is missing or goes round in circles. */
  #order(): readonly string[] {
    for (const [name, node] of this.#nodes) {
      if (!("value" in node) && !("template" in node)) {
        throw paramError(`Dependency unsatisfied in variable "${name}"`);
      }
    }
    const waiting = new Map([...this.#nodes].map(([name, node]) => [name, node.parents]));
    const order = [...waiting].filter(([, count]) => count === 0).map(([name]) => name);
    for (const name of order) {
      for (const child of this.#nodes.get(name)?.children ?? []) {
        const left = (waiting.get(child) ?? 0) - 1;
        waiting.set(child, left);
        if (left === 0) order.push(child);
      }
    }
    if (order.length < this.#nodes.size) throw this.#cyclic();
    return order;
  }

  #cyclic(): PythonError {
    const named = new Set<string>();
    const done = new Set<string>();
    for (const name of this.#nodes.keys()) {
      const cycle = done.has(name) ? undefined : this.#cycleThrough(name);
      if (cycle === undefined) continue;
      for (const member of cycle) done.add(member);
      named.add(cycle.toSorted().at(-1) ?? name);
    }
    const names = [...named].toSorted().join(", ");
    return paramError(
      `Cyclic dependency found in the following variables: ${names}. Likely the variable is referencing itself`,
    );
  }

  /** The names on some way from a name back to itself. */
  #cycleThrough(start: string): readonly string[] | undefined {
    const seen = new Map<string, string>();
    const queue = [start];
    for (const name of queue) {
      for (const child of this.#nodes.get(name)?.children ?? []) {
        if (child === start) return wayBack(seen, name, start);
        if (seen.has(child)) continue;
        seen.set(child, name);
        queue.push(child);
      }
    }
    return undefined;
  }

  /** Renders everything. Throws ParamException naming the parameter, or Unanswered. */
  resolve(ask: Ask): Map<string, unknown> {
    const context = new Map<string, unknown>();
    for (const name of this.#order()) {
      const node = this.#nodes.get(name);
      const variables: Record<string, unknown> = Object.fromEntries(context);
      // The template engine itself answers for `st2kv`, by asking.
      if (name === "st2kv" && node?.value === lookup) continue;
      context.set(name, node === undefined ? null : rendered(name, node, { variables, ask }));
    }
    return context;
  }
}

function wayBack(from: ReadonlyMap<string, string>, end: string, start: string): string[] {
  const way = [end];
  for (let at = end; at !== start; way.push(at)) at = from.get(at) ?? start;
  return way;
}

function rendered(
  name: string,
  node: Node,
  context: { readonly variables: Record<string, unknown>; readonly ask: Ask },
): unknown {
  if (!("template" in node)) return node.value;
  try {
    const { template } = node;
    if (typeof template === "string") return templateOf(template).render(context);
    return loads(templateOf(templateOfContainer(template)).render(context));
  } catch (error) {
    if (error instanceof ExpressionError || error instanceof PythonError) {
      throw paramError(`Failed to render parameter "${name}": ${error.message}`);
    }
    throw error;
  }
}

/** The container as JSON text; a string that is nothing but `{{name}}` keeps the type of its value. */
function templateOfContainer(value: unknown): string {
  const text = dumps(value, { separators: [",", ":"], ensureAscii: false });
  return text.replace(/"\{\{([A-z0-9_-]+)\}\}"/g, "{{$1 | to_complex}}");
}

function graphOf(request: ParameterRequest): ParameterGraph {
  const graph = new ParameterGraph();
  graph.setValue("st2kv", lookup);
  graph.setValue("action_context", request.actionContext);
  graph.setValue("config_context", request.config);
  return graph;
}

/** Casts the named values by their schemas, and adds rendered defaults that were templates. */
function castFrom(
  names: Iterable<string>,
  context: ReadonlyMap<string, unknown>,
  schemas: readonly ParameterSchemas[],
): Map<string, unknown> {
  const result = new Map<string, unknown>();
  for (const name of names) {
    const schema = schemas.findLast((candidate) => Object.hasOwn(candidate, name))?.[name];
    result.set(name, castParameter(context.get(name), schema?.type));
  }
  for (const schema of schemas) {
    for (const [name, definition] of Object.entries(schema)) {
      if (definition.immutable === true || result.has(name) || !isJinja(definition.default))
        continue;
      if (pyEquals(definition.default, context.get(name))) continue;
      result.set(name, castParameter(context.get(name), definition.type));
    }
  }
  return result;
}

/**
 * What StackStorm does when an execution is requested: renders the given parameters, and those defaults that are templates, and casts them.
 * Throws PythonError (ParamException; ValueError, TypeError and the like when a cast fails), or Unanswered.
 */
export function renderLiveParameters(request: ParameterRequest): JsonObject {
  const schemas = [request.actionParameters, request.runnerParameters];
  const graph = graphOf(request);
  for (const [name, value] of Object.entries(request.additional ?? {})) graph.setValue(name, value);
  for (const [name, value] of Object.entries(request.given)) graph.process(name, value ?? null);
  graph.processDefaults(schemas);
  const context = graph.resolve(request.ask);
  return plain(castFrom(Object.keys(request.given), context, schemas));
}

/**
 * What StackStorm does before an execution runs: takes live parameters as they are, adds the other defaults, casts all, and tells the
 * runner's from the action's. Throws as `renderLiveParameters`.
 */
export function renderFinalParameters(request: ParameterRequest): FinalParameters {
  const { actionParameters, runnerParameters } = request;
  const schemas = [actionParameters, runnerParameters];
  const graph = graphOf(request);
  for (const [name, value] of Object.entries(request.given)) graph.setValue(name, value ?? null);
  graph.processDefaults(schemas);
  const context = graph.resolve(request.ask);
  const cast = plain(castFrom(context.keys(), context, schemas));
  const pick = (wanted: (name: string) => boolean): JsonObject =>
    Object.fromEntries(Object.entries(cast).filter(([name]) => wanted(name)));
  const isRunner = (name: string): boolean => Object.hasOwn(runnerParameters, name);
  return {
    runner: pick(isRunner),
    action: pick((name) => Object.hasOwn(actionParameters, name) && !isRunner(name)),
  };
}

function plain(values: ReadonlyMap<string, unknown>): JsonObject {
  return Object.fromEntries([...values].map(([name, value]) => [name, toPlain(value)]));
}

/** Both steps, with the fault returned instead of thrown. Throws only Unanswered. */
export function renderParameters(
  request: ParameterRequest,
):
  | { readonly rendered: FinalParameters; readonly errors: readonly [] }
  | { readonly rendered: undefined; readonly errors: readonly ParameterFault[] } {
  try {
    const given = renderLiveParameters(request);
    return { rendered: renderFinalParameters({ ...request, given }), errors: [] };
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    return { rendered: undefined, errors: [{ original: error.type, message: error.message }] };
  }
}
