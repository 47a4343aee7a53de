/** Definitions written into YAML that people wrote: what stays the same keeps its comments, its order and its style. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import {
  isMap,
  isSeq,
  parseDocument,
  stringify,
  type Document,
  type Node,
  type YAMLMap,
} from "yaml";
import { isObject, type JsonObject } from "../model/json.ts";

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** Makes the mapping say what the object says. */
function bring(document: Document, map: YAMLMap, wanted: JsonObject): void {
  const before: unknown = map.toJSON();
  const old = isObject(before) ? before : {};
  for (const key of Object.keys(old)) if (!Object.hasOwn(wanted, key)) map.delete(key);
  for (const [key, value] of Object.entries(wanted)) {
    if (Object.hasOwn(old, key) && same(old[key], value)) continue;
    const node = map.get(key, true);
    if (isMap(node) && isObject(value)) bring(document, node, value);
    else
      map.set(key, inStyleOf(node, document.createNode(value, { aliasDuplicateObjects: false })));
  }
}

/** A list in one line stays in one line. */
function inStyleOf(before: unknown, made: Node): Node {
  const flows = (isMap(before) || isSeq(before)) && before.flow === true;
  if (flows && (isMap(made) || isSeq(made))) made.flow = true;
  return made;
}

/** The YAML with the values of the document. Text that is no mapping is replaced. */
export function changedYaml(text: string, wanted: JsonObject): string {
  const document = parseDocument(text);
  if (document.errors.length > 0 || !isMap(document.contents))
    return stringify(wanted, { lineWidth: 0, aliasDuplicateObjects: false });
  bring(document, document.contents, wanted);
  return document.toString({ lineWidth: 0 });
}

/** The text of a file; empty when there is none. */
export async function textOfFile(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  });
}

/** Replaces the file; whoever reads it meanwhile finds the old one or the new one. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(draft, text);
  await rename(draft, file);
}

export async function removeFile(file: string): Promise<void> {
  await rm(file, { force: true });
}
