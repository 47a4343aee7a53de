/** Files of kinds that other rooms interpret: alert parsers and policies, types and sources of the inventory. */
import { basename, extname } from "node:path";
import type { DeclarationFile } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";
import type { SourceFile } from "./problems.ts";
import { positionOf, textOf, type PackReading, type Reading } from "./reading.ts";
import { show } from "./shape.ts";

/** What the room that interprets a declaration finds wrong in it. */
export interface DeclarationFault {
  readonly declaration: DeclarationFile;
  /** A JSON pointer into the document: `/extract/0/regex`. */
  readonly path: string;
  readonly message: string;
  /** It is the name of the last step of `path` that is wrong, not its value. */
  readonly part?: "key";
}

/** A file of a kind that another room interprets. Its name is what it says, else the file's. */
export function readDeclaration(
  kind: DeclarationFile["kind"],
  source: SourceFile,
  { pack, draft, problems, declared }: PackReading,
): void {
  const document = source.yaml.value;
  if (!isObject(document)) {
    problems.error(source, [], `the file must be a mapping, not ${show(document)}`);
    return;
  }
  const name = textOf(document, "name") || basename(source.file, extname(source.file));
  const declaration: DeclarationFile = { kind, pack, name, document, source: positionOf(source) };
  draft.declarations.push(declaration);
  declared.set(declaration, source);
}

export function reportDeclaration(
  { declaration, path, message, part }: DeclarationFault,
  reading: Reading,
): void {
  const { draft, problems, declared } = reading;
  const source = declared.get(declaration);
  const steps = path
    .split("/")
    .slice(1)
    .filter((step) => step !== "");
  if (source === undefined) return;
  const at = steps.map((step) => (/^\d+$/.test(step) ? Number(step) : unescapePointer(step)));
  problems.faults(source, [{ path: at, part: part ?? "value", message }]);
  const index = draft.declarations.indexOf(declaration);
  if (index >= 0) draft.declarations.splice(index, 1);
}

function unescapePointer(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}
