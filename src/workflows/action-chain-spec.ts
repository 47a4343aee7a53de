/** An action-chain's definition, read and checked once. Immutable. */
import { validateSchema } from "../expressions/parameter-schema.ts";
import { pyRepr } from "../expressions/python/text.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { chainSchema, nodeKeys, nodeSchema } from "./action-chain-schema.ts";
import { Faults, type SpecFault } from "./spec-faults.ts";

export interface ChainNode {
  readonly name: string;
  readonly ref: string;
  /** Templates; `params` is their old name. */
  readonly parameters: JsonObject;
  /** Where it goes on; "" = the chain ends. */
  readonly onSuccess: string;
  readonly onFailure: string;
  readonly publish: JsonObject;
  readonly notify: JsonObject | undefined;
  /** What its execution tells about it (`context.chain`): the node as written. */
  readonly shown: JsonObject;
}

export interface ActionChain {
  /** By name; of two nodes with one name the first counts. */
  readonly nodes: ReadonlyMap<string, ChainNode>;
  /** Name of the first node; undefined in a chain without nodes. */
  readonly start: string | undefined;
  readonly vars: JsonObject;
}

export interface ChainFault extends SpecFault {
  /** As StackStorm's failed execution words it; jsonschema's are several lines long. */
  readonly original: string;
}

export interface ChainReading {
  /** Absent when there is any error. */
  readonly chain?: ActionChain;
  readonly errors: readonly ChainFault[];
  /** What StackStorm does not mind and surely nobody meant. */
  readonly warnings: readonly SpecFault[];
}

/** Reads a parsed action-chain file. Never throws. Messages are StackStorm's. */
export function readActionChain(document: unknown): ChainReading {
  const misfits = checkSchema(document);
  if (misfits.length > 0 || !isObject(document)) return { errors: misfits, warnings: [] };
  const written: readonly unknown[] = Array.isArray(document["chain"]) ? document["chain"] : [];
  const nodes = written.filter(isObject);
  const errors = [...doubleParameters(nodes), ...missingTargets(nodes, textAt(document, "default"))];
  if (nodes.length === 0) {
    const message = "Failed to find default node in the chain: it has no nodes.";
    errors.push({ path: ["chain"], message, original: message });
  }
  const warnings = warningsOf(nodes);
  if (errors.length > 0) return { errors, warnings };
  const made = nodes.map(nodeOf);
  const vars = document["vars"];
  const chain = {
    nodes: new Map(made.toReversed().map((node) => [node.name, node])),
    start: textAt(document, "default") || firstOf(made),
    vars: isObject(vars) ? vars : {},
  };
  return { chain, errors, warnings };
}

function textAt(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === "string" ? value : "";
}

function checkSchema(document: unknown): ChainFault[] {
  if (!isObject(document)) {
    const message = "An action-chain is a mapping with at least `chain`.";
    return [{ path: [], message, original: message }];
  }
  const { fault } = validateSchema(document, chainSchema, { useDefault: false });
  if (fault !== undefined) return [placed([], fault)];
  const nodes: unknown = document["chain"];
  // The schema looks at the first node only; the others must have what the chain cannot do without.
  return (Array.isArray(nodes) ? nodes : []).flatMap((node: unknown, index) => {
    if (index === 0) return [];
    if (!isObject(node)) {
      const message = `${pyRepr(node)} is not of type 'object'`;
      return [{ path: ["chain", index], message, original: message }];
    }
    const lax = { ...nodeSchema, additionalProperties: true };
    const filled = Object.fromEntries(Object.entries(node).filter(([, value]) => value !== null));
    const found = validateSchema(filled, lax, { useDefault: false });
    return found.fault === undefined ? [] : [placed(["chain", index], found.fault)];
  });
}

function placed(
  base: SpecFault["path"],
  fault: { readonly message: string; readonly text: string; readonly path: readonly unknown[] },
): ChainFault {
  // What is missing is told of the mapping that should have it.
  const path = fault.message.endsWith("is a required property")
    ? fault.path.slice(0, -1)
    : fault.path;
  const inner = path.filter((step) => typeof step === "string" || typeof step === "number");
  return { path: [...base, ...inner], message: fault.message, original: fault.text };
}

function isTruthy(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length > 0;
}

function doubleParameters(nodes: readonly JsonObject[]): ChainFault[] {
  const message =
    'Either "params" or "parameters" attribute needs to be provided, but not both';
  return nodes.flatMap((node, index) =>
    isTruthy(node["params"]) && isTruthy(node["parameters"])
      ? [{ path: ["chain", index, "params"], message, original: message }]
      : [],
  );
}

/** A name with a template in it is left to the run, which looks for a node of exactly that name. */
function isMissing(names: ReadonlySet<string>, target: string): boolean {
  return target !== "" && !/\{\{|\{%/.test(target) && !names.has(target);
}

function missingTargets(nodes: readonly JsonObject[], start: string): ChainFault[] {
  const names = new Set(nodes.map((node) => textAt(node, "name")));
  const faults = new Faults();
  const found: ChainFault[] = [];
  const report = (path: SpecFault["path"], target: string, where: string): void => {
    const original = `Unable to find node with name "${target}" referenced in ${where}.`;
    found.push({ path, message: `${original}${faults.hint(target, [...names])}`, original });
  };
  for (const [index, node] of nodes.entries()) {
    for (const way of ["on-success", "on-failure"]) {
      const target = textAt(node, way);
      if (isMissing(names, target))
        report(["chain", index, way], target, `"${way}" in task "${textAt(node, "name")}"`);
    }
  }
  if (isMissing(names, start)) report(["default"], start, '"default"');
  return found;
}

function warningsOf(nodes: readonly JsonObject[]): SpecFault[] {
  const faults = new Faults();
  const names = new Set<string>();
  for (const [index, node] of nodes.entries()) {
    faults.unknownKeys(["chain", index], node, nodeKeys);
    const name = textAt(node, "name");
    if (names.has(name)) {
      const message = `The name "${name}" belongs to an earlier node: this one never runs.`;
      faults.add(["chain", index, "name"], message);
    }
    names.add(name);
  }
  return faults.list;
}

/** The first node nobody leads to; where all are led to, the first. */
function firstOf(nodes: readonly ChainNode[]): string | undefined {
  const targets = new Set(nodes.flatMap(({ onSuccess, onFailure }) => [onSuccess, onFailure]));
  return (nodes.find(({ name }) => !targets.has(name)) ?? nodes[0])?.name;
}

function nodeOf(written: JsonObject): ChainNode {
  const { name, ref, params, parameters, publish, notify } = written;
  const given = isTruthy(parameters) ? parameters : params;
  return {
    name: String(name),
    ref: String(ref),
    parameters: isObject(given) ? given : {},
    onSuccess: textAt(written, "on-success"),
    onFailure: textAt(written, "on-failure"),
    publish: isObject(publish) ? publish : {},
    notify: isObject(notify) && Object.keys(notify).length > 0 ? notify : undefined,
    shown: {
      name,
      ref,
      params: params ?? null,
      parameters: parameters ?? null,
      on_success: written["on-success"] ?? null,
      on_failure: written["on-failure"] ?? null,
      publish: publish ?? null,
      notify: notify ?? null,
    },
  };
}
