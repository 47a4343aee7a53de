/** yaml.safe_load of PyYAML: YAML 1.1's scalars, last of equal keys wins, merge keys. */
import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, type Document, type Node } from "yaml";
import { bounds } from "../context.ts";
import { hashKey, isDict, dictEntries, makeDict, PySet } from "./collections.ts";
import { typeName } from "./compare.ts";
import { PythonError } from "./errors.ts";
import { float } from "./values.ts";
import { readPlainScalar } from "./yaml-scalars.ts";

/** Characters of YAML that are parsed at once: a hundred thousand take a tenth of a second. */
const longestText = 100_000;
/** As many opened at once can only end in a document that is nested too deeply. */
const mostOpened = /(?:[[{]\s*){250}|(?:- +){250}/;

/** The value of the one document in the text (null when empty). Throws ScannerError, ComposerError or ConstructorError. */
export function loadYaml(text: string): unknown {
  if (text.length > longestText || mostOpened.test(text)) {
    throw new PythonError("ConstructorError", "the YAML document is too large");
  }
  const documents = parseAllDocuments(text, {
    schema: "failsafe",
    version: "1.1",
    uniqueKeys: false,
    logLevel: "silent",
    prettyErrors: false,
  });
  if (!Array.isArray(documents)) return null;
  const [document, second] = documents;
  if (document === undefined) return null;
  const fault = document.errors[0];
  if (fault !== undefined) throw new PythonError("ScannerError", fault.message);
  if (second !== undefined) {
    throw new PythonError("ComposerError", "expected a single document in the stream");
  }
  return new YamlReader(document).value(document.contents, 0);
}

class YamlReader {
  readonly #document: Document;
  #nodes = 0;
  constructor(document: Document) {
    this.#document = document;
  }

  value(node: unknown, depth: number): unknown {
    this.#nodes += 1;
    if (this.#nodes > bounds.steps || depth > 200) {
      throw new PythonError("ConstructorError", "the YAML document is too large");
    }
    if (node === null || node === undefined) return null;
    if (isAlias(node)) return this.value(node.resolve(this.#document), depth + 1);
    if (isScalar(node)) return scalar(node);
    if (isSeq(node)) return node.items.map((item) => this.value(item, depth + 1));
    if (isMap(node)) return this.#map(node.items, depth, node.tag);
    return null;
  }

  #map(
    pairs: readonly { readonly key: unknown; readonly value: unknown }[],
    depth: number,
    tag: string | undefined,
  ): unknown {
    const merged: (readonly [unknown, unknown])[] = [];
    const own: (readonly [unknown, unknown])[] = [];
    if (tag !== undefined && !collectionTags.has(tag)) throw unknownTag(tag);
    for (const pair of pairs) {
      const value = this.value(pair.value, depth + 1);
      if (isMergeKey(pair.key)) merged.push(...mergedEntries(value));
      else own.push([this.#key(pair.key, depth), value]);
    }
    if (tag === "tag:yaml.org,2002:set") return new PySet(own.map(([key]) => key));
    return makeDict([...merged, ...own]);
  }

  #key(node: unknown, depth: number): unknown {
    const key = this.value(node, depth + 1);
    if (hashKey(key) === undefined) {
      throw new PythonError("ConstructorError", `found unhashable key of type ${typeName(key)}`);
    }
    return key;
  }
}

const collectionTags: ReadonlySet<string> = new Set(
  ["map", "seq", "set", "omap", "pairs"].map((name) => `tag:yaml.org,2002:${name}`),
);

function unknownTag(tag: string): PythonError {
  return new PythonError(
    "ConstructorError",
    `could not determine a constructor for the tag '${tag}'`,
  );
}

/** What `<<` brings in; of several mappings the first wins. */
function mergedEntries(value: unknown): (readonly [unknown, unknown])[] {
  const parts: readonly unknown[] = Array.isArray(value) ? value.toReversed() : [value];
  return parts.filter(isDict).flatMap(dictEntries);
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === "PLAIN" && key.value === "<<";
}

const prefix = "tag:yaml.org,2002:";

function scalar(node: Node & { readonly value: unknown; readonly type?: unknown }): unknown {
  const { tag, value } = node;
  const text = typeof value === "string" ? value : "";
  if (tag !== undefined && tag !== "!" && tag !== `${prefix}str`) {
    const known = ["int", "float", "bool", "null", "timestamp"].some(
      (name) => tag === prefix + name,
    );
    if (!known) throw unknownTag(tag);
    const read = readPlainScalar(text);
    return tag === `${prefix}float` && typeof read === "number" ? float(read) : read;
  }
  const plain = tag === undefined && (node.type === "PLAIN" || node.type === undefined);
  return plain ? readPlainScalar(text) : text;
}
