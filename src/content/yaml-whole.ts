/** The whole grammar of YAML, with the place of everything; what it promises stands in `yaml.ts`. */
import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Alias, Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";

import { parseLeniently } from "./yaml-lenient.ts";
import { offsetInFile } from "./text-place.ts";
import { resolvePlain, resolveTagged, ScalarError } from "./yaml-scalars.ts";
import type { NumberStyle } from "./yaml-scalars.ts";
import type { Path, Place, YamlFault, YamlFile } from "./yaml.ts";

export const yamlBounds = {
  /** Bytes of one file. */
  size: 1_048_576,
  aliases: 50,
  depth: 50,
  /** Nodes of the document with every alias written out. */
  nodes: 200_000,
} as const;

class Abort extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** As `parseYaml`, for a text of which only its size and its characters were looked at. */
export function parseWhole(text: string, style: NumberStyle): YamlFile {
  const { document, written, lines } = parseLeniently(text);
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  try {
    const [error] = document.errors;
    if (error !== undefined)
      return unreadable(text, `not valid YAML: ${error.message}`, at(error.pos[0]));
    const reader = new Reader(style, at);
    const value = document.contents === null ? null : reader.read(document.contents, 1);
    const root = document.contents;
    return {
      text,
      value,
      faults: reader.faults,
      place: (path, part = "value") => at(reader.offset(root, path, part)),
      placeInText: (path, offset) => at(reader.textOffset(root, path, { offset, file: written })),
    };
  } catch (error) {
    if (error instanceof Abort) return unreadable(text, error.message, at(error.offset));
    if (error instanceof RangeError)
      return unreadable(text, `nested more than ${yamlBounds.depth} deep`, { line: 1, column: 1 });
    throw error;
  }
}

export function unreadable(text: string, message: string, place: Place): YamlFile {
  return {
    text,
    value: undefined,
    faults: [{ severity: "error", message, ...place }],
    place: () => place,
    placeInText: () => place,
  };
}

interface Anchored {
  readonly node: Node;
  /** Undefined while the node is still being read: an alias to it would be circular. */
  result: { readonly value: unknown; readonly weight: number } | undefined;
}

/** Turns the nodes of one document into values. */
class Reader {
  readonly faults: YamlFault[] = [];
  readonly #style: NumberStyle;
  readonly #at: (offset: number) => Place;
  readonly #anchors = new Map<string, Anchored>();
  readonly #targets = new Map<Alias, Node>();
  #aliases = 0;
  #weight = 0;

  constructor(style: NumberStyle, at: (offset: number) => Place) {
    this.#style = style;
    this.#at = at;
  }

  read(node: Node, depth: number): unknown {
    if (depth > yamlBounds.depth)
      throw new Abort(`nested more than ${yamlBounds.depth} deep`, start(node));
    this.#grow(1, node);
    if (isAlias(node)) return this.#alias(node);
    const name = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (name === undefined) return this.#plain(node, depth);
    const anchored: Anchored = { node, result: undefined };
    this.#anchors.set(name, anchored);
    const before = this.#weight;
    const value = this.#plain(node, depth);
    anchored.result = { value, weight: this.#weight - before };
    return value;
  }

  #grow(by: number, node: Node): void {
    this.#weight += by;
    if (this.#weight > yamlBounds.nodes)
      throw new Abort(
        `more than ${yamlBounds.nodes} values once aliases are written out`,
        start(node),
      );
  }

  #alias(node: Alias): unknown {
    this.#aliases += 1;
    if (this.#aliases > yamlBounds.aliases)
      throw new Abort(`more than ${yamlBounds.aliases} aliases`, start(node));
    const anchored = this.#anchors.get(node.source);
    if (anchored === undefined)
      throw new Abort(`no anchor &${node.source} stands before this`, start(node));
    if (anchored.result === undefined)
      throw new Abort(`&${node.source} contains itself`, start(node));
    this.#targets.set(node, anchored.node);
    this.#grow(anchored.result.weight, node);
    return anchored.result.value;
  }

  #plain(node: Node, depth: number): unknown {
    if (isScalar(node)) return this.#scalar(node);
    if (isMap(node)) return this.#mapping(node, depth);
    if (isSeq(node)) return this.#sequence(node, depth);
    throw new Abort("not a value", start(node));
  }

  #scalar(node: Scalar): unknown {
    const text = typeof node.value === "string" ? node.value : "";
    try {
      if (node.tag !== undefined && node.tag !== "!") {
        const tagged = resolveTagged(node.tag, text, this.#style);
        if (tagged === undefined) throw new ScalarError(`the tag ${node.tag} is not allowed here`);
        return tagged.value;
      }
      const quoted = node.type !== undefined && node.type !== "PLAIN";
      return quoted ? text : resolvePlain(text, this.#style);
    } catch (error) {
      if (error instanceof ScalarError) throw new Abort(error.message, start(node));
      throw error;
    }
  }

  #sequence(node: YAMLSeq, depth: number): unknown {
    const items = node.items.map((item) => this.read(asNode(item), depth + 1));
    switch (shortTag(node)) {
      case undefined:
      case "seq":
        return items;
      case "omap":
      case "pairs":
        return items;
      default:
        throw new Abort(`the tag ${node.tag} is not allowed here`, start(node));
    }
  }

  #mapping(node: YAMLMap, depth: number): Record<string, unknown> {
    const tag = shortTag(node);
    if (tag !== undefined && tag !== "map" && tag !== "set")
      throw new Abort(`the tag ${node.tag} is not allowed here`, start(node));
    const merged: Record<string, unknown> = {};
    const own: [string, unknown][] = [];
    const seen = new Set<string>();
    for (const pair of node.items) {
      const value = pair.value === null ? null : this.read(asNode(pair.value), depth + 1);
      if (isMerge(pair)) {
        this.#merge(merged, value, asNode(pair.key));
        continue;
      }
      const key = this.#key(pair, depth);
      if (seen.has(key)) this.#warn(pair, `"${key}" is written twice; only the last one counts`);
      seen.add(key);
      own.push([key, value]);
    }
    for (const [key, value] of own) put(merged, key, value);
    return merged;
  }

  #key(pair: Pair, depth: number): string {
    const node = asNode(pair.key);
    const value = this.read(node, depth + 1);
    if (typeof value === "object" && value !== null && !("toJSON" in value))
      throw new Abort("a key cannot be a list or a mapping", start(node));
    if (typeof value === "boolean" && isScalar(node))
      this.#warn(
        pair,
        `the key ${String(node.value)} means ${value} in YAML 1.1; quote it if the word is meant`,
      );
    return String(value);
  }

  #warn(pair: Pair, message: string): void {
    this.faults.push({ severity: "warning", message, ...this.#at(start(asNode(pair.key))) });
  }

  #merge(into: Record<string, unknown>, value: unknown, node: Node): void {
    // The first of several wins, and earlier `<<` lose against later ones, as in PyYAML.
    const sources = Array.isArray(value) ? [...(value as unknown[])].toReversed() : [value];
    for (const source of sources) {
      if (typeof source !== "object" || source === null || Array.isArray(source))
        throw new Abort("<< takes a mapping or a list of mappings", start(node));
      for (const [key, inner] of Object.entries(source)) put(into, key, inner);
    }
  }

  /** Offset of the node (or key) at a path; of the nearest ancestor when it is not there. */
  offset(root: unknown, path: Path, part: "key" | "value"): number {
    let node = root;
    let found = start(root);
    for (const [index, step] of path.entries()) {
      const next = this.#step(this.#follow(node), step);
      if (next === undefined) return found;
      const last = index === path.length - 1;
      found =
        (last && part === "key" ? undefined : startOf(next.value)) ?? startOf(next.key) ?? found;
      node = next.value;
    }
    return found;
  }

  /** Offset in the file of a character of the text at a path. */
  textOffset(
    root: unknown,
    path: Path,
    text: { readonly offset: number; readonly file: string },
  ): number {
    let node: unknown = root;
    for (const step of path) node = this.#step(this.#follow(node), step)?.value;
    const scalar = this.#follow(node);
    const inside = isScalar(scalar) ? offsetInFile(text.file, scalar, text.offset) : undefined;
    return inside ?? this.offset(root, path, "value");
  }

  #follow(node: unknown): unknown {
    return isAlias(node) ? this.#targets.get(node) : node;
  }

  #step(node: unknown, step: string | number): { key?: unknown; value: unknown } | undefined {
    if (isSeq(node))
      return typeof step === "number" && step < node.items.length
        ? { value: node.items[step] }
        : undefined;
    if (!isMap(node)) return undefined;
    const own = node.items.findLast((pair) => !isMerge(pair) && this.#named(pair, String(step)));
    if (own !== undefined) return { key: own.key, value: own.value };
    for (const pair of node.items.filter(isMerge)) {
      const value = this.#follow(pair.value);
      const sources = isSeq(value) ? value.items.map((item) => this.#follow(item)) : [value];
      const hit = sources
        .map((source) => this.#step(source, step))
        .find((one) => one !== undefined);
      if (hit !== undefined) return hit;
    }
    return undefined;
  }

  #named(pair: Pair, name: string): boolean {
    const key = this.#follow(pair.key);
    return isScalar(key) && String(this.#scalar(key)) === name;
  }
}

function isMerge(pair: Pair): boolean {
  const { key } = pair;
  return isScalar(key) && key.value === "<<" && key.type === "PLAIN" && key.tag === undefined;
}

function put(into: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(into, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  else into[key] = value;
}

function asNode(value: unknown): Node {
  if (isScalar(value) || isMap(value) || isSeq(value) || isAlias(value)) return value;
  throw new Abort("not a value", 0);
}

function shortTag(node: YAMLMap | YAMLSeq): string | undefined {
  return node.tag?.replace("tag:yaml.org,2002:", "");
}

function startOf(node: unknown): number | undefined {
  if (!(isScalar(node) || isMap(node) || isSeq(node) || isAlias(node))) return undefined;
  return node.range?.[0];
}

function start(node: unknown): number {
  return startOf(node) ?? 0;
}
