/** Which variables are read before anything assigns them: contexts are followed along the ways of the workflow as Orquesta follows
 * them. A context is a set of names, kept as the bits of one number, so that long workflows with many names stay cheap. */
import { compileTemplate, type TemplateVariable } from "../expressions/template.ts";
import type { TaskGraph } from "./inspect-graph.ts";
import { inlined, isTruthy, type Outline, type Property } from "./inspect-outline.ts";
import { byCodePoints, isMapping } from "./inspect-schema.ts";

export interface ContextFault {
  readonly message: string;
  readonly variable: TemplateVariable;
  /** The value that `variable.path` starts from. */
  readonly property: Property;
}

interface Read {
  readonly bit: bigint;
  readonly unknown: ContextFault;
  /** Set when the name is private, which is a fault wherever it is read. */
  readonly forbidden: ContextFault | undefined;
}
/** One value that is evaluated: what it reads, and the names it assigns then. */
interface Evaluation {
  readonly reads: readonly Read[];
  readonly assigns: bigint;
}

class Names {
  readonly #bits = new Map<string, bigint>();

  bit(name: string): bigint {
    const known = this.#bits.get(name);
    if (known !== undefined) return known;
    const bit = 1n << BigInt(this.#bits.size);
    this.#bits.set(name, bit);
    return bit;
  }

  bits(names: Iterable<string>): bigint {
    let bits = 0n;
    for (const name of names) bits |= this.bit(name);
    return bits;
  }
}

/** All faults; one that lies on several ways with different contexts comes once for each of them. `given` are the names that every
 * expression may read. */
export function inspectVariables(
  outline: Outline,
  graph: TaskGraph,
  given: readonly string[],
): ContextFault[] {
  const names = new Names();
  const faults: ContextFault[] = [];
  const evaluate = (evaluations: readonly Evaluation[], context: bigint): bigint =>
    run(evaluations, context, faults);
  const section = (property: Property | undefined): readonly Evaluation[] =>
    property === undefined ? [] : evaluationsOf(property, names, true);
  let context = names.bits(given);
  context = evaluate(section(outline.input), context);
  context = evaluate(section(outline.vars), context);
  context |= new Walk(graph, names, evaluate).run(context);
  evaluate(section(outline.output), context);
  return faults;
}

function run(evaluations: readonly Evaluation[], before: bigint, faults: ContextFault[]): bigint {
  let context = before;
  for (const { reads, assigns } of evaluations) {
    for (const { bit, unknown, forbidden } of reads) {
      if (forbidden !== undefined) faults.push(forbidden);
      if ((context & bit) === 0n) faults.push(unknown);
    }
    context |= assigns;
  }
  return context;
}

/** A list is evaluated item by item, so that an item sees what those before it assigned. */
function evaluationsOf(written: Property, names: Names, assigning: boolean): Evaluation[] {
  if (!isTruthy(written.value)) return [];
  const property = inlined(written);
  const { value, specPath, path, text } = property;
  const parts: readonly Property[] = Array.isArray(value)
    ? value.map((item: unknown, index) => ({
        ...property,
        value: item,
        specPath: `${specPath}[${index}]`,
        path: text === undefined ? [...path, index] : path,
      }))
    : [property];
  return parts.map((part) => ({
    reads: readsOf(part, names),
    assigns: assigning ? names.bits(assignedNames(part.value)) : 0n,
  }));
}

function readsOf(property: Property, names: Names): Read[] {
  const once = new Map<string, TemplateVariable>();
  for (const variable of compileTemplate(property.value).variables) {
    const key = `${variable.language} ${variable.name} ${variable.expression}`;
    if (!once.has(key)) once.set(key, variable);
  }
  return [...once.values()]
    .toSorted((a, b) => byCodePoints(a.name, b.name))
    .map((variable) => {
      const { name } = variable;
      const fault = (message: string): ContextFault => ({ message, variable, property });
      return {
        bit: names.bit(name),
        unknown: fault(`Variable "${name}" is referenced before assignment.`),
        forbidden: name.startsWith("__")
          ? fault(
              `Variable "${name}" that is prefixed with double underscores is considered a private variable and cannot be referenced.`,
            )
          : undefined,
      };
    });
}

function assignedNames(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (isMapping(value)) return Object.keys(value);
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    const keys = isMapping(item) ? Object.keys(item) : [];
    return typeof item === "string" ? [item] : keys.length === 1 ? keys : [];
  });
}

/** Visits that are made before the walk gives up: joins of joins can be reached on exponentially many ways. */
const mostVisits = 100_000;

/** Goes through the tasks from the first ones on. A task is visited once for each context that was known for it when its first turn
 * came; a join once for each mention before that. Both are Orquesta's ways, and decide how often a fault is told. */
class Walk {
  readonly #graph: TaskGraph;
  readonly #names: Names;
  readonly #evaluate: (evaluations: readonly Evaluation[], context: bigint) => bigint;
  readonly #queue: Array<{ readonly name: string; readonly context: bigint }> = [];
  readonly #traversed = new Set<string>();
  readonly #latest = new Map<string, bigint>();
  readonly #joined = new Map<string, bigint>();
  readonly #prepared = new Map<Property, readonly Evaluation[]>();

  constructor(
    graph: TaskGraph,
    names: Names,
    evaluate: (evaluations: readonly Evaluation[], context: bigint) => bigint,
  ) {
    this.#graph = graph;
    this.#names = names;
    this.#evaluate = evaluate;
  }

  /** The names that some task knew. */
  run(start: bigint): bigint {
    let known = start;
    for (const name of this.#graph.starts) this.#queue.push({ name, context: start });
    for (const { name, context } of this.#queue) {
      if (this.#queue.length > mostVisits) break;
      known |= this.#visit(name, context);
    }
    return known;
  }

  #visit(name: string, given: bigint): bigint {
    this.#traversed.add(name);
    const context = given === 0n ? (this.#joined.get(name) ?? 0n) : given;
    const next = this.#graph.next(name);
    const properties = this.#graph.properties(name);
    this.#evaluate(this.#prepare(properties, undefined), context);
    for (const { properties: inside, publish, targets } of next) {
      const evaluations = this.#prepare(inside, publish);
      if (targets.length === 0) this.#evaluate(evaluations, context);
      for (const target of targets) this.#reach(target, this.#evaluate(evaluations, context));
    }
    return context;
  }

  #reach(target: string, context: bigint): void {
    if (target === "" || this.#traversed.has(target) || !this.#graph.has(target)) return;
    if (this.#graph.waits(target)) {
      this.#joined.set(target, (this.#joined.get(target) ?? 0n) | context);
      this.#queue.push({ name: target, context: 0n });
    } else if (this.#latest.get(target) !== context) {
      this.#latest.set(target, context);
      this.#queue.push({ name: target, context });
    }
  }

  #prepare(properties: readonly Property[], publish: Property | undefined): readonly Evaluation[] {
    return properties.flatMap((property) => {
      const known = this.#prepared.get(property);
      if (known !== undefined) return known;
      const evaluations = evaluationsOf(property, this.#names, property === publish);
      this.#prepared.set(property, evaluations);
      return evaluations;
    });
  }
}
