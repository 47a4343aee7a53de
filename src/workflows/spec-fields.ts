/** The small fields of a definition that several places share: lists of one-key dicts, inputs, whole numbers. */
import { compileTemplate, type CompiledTemplate } from "../expressions/template.ts";
import { isObject } from "../model/json.ts";
import { inlineParameters } from "./inline-parameters.ts";
import type { Faults, SpecFault } from "./spec-faults.ts";

/** `- name: <template>` */
export interface NamedTemplate {
  readonly name: string;
  readonly template: CompiledTemplate;
}
type Path = SpecFault["path"];

function named(name: string, value: unknown): NamedTemplate {
  return { name, template: compileTemplate(value) };
}

/** `vars`, `output`, `publish`: a list of one-key dicts. */
export function readNamed(written: unknown, path: Path, faults: Faults): NamedTemplate[] {
  if (written === undefined || written === null) return [];
  if (!Array.isArray(written)) {
    faults.add(path, "Expected a list of one-key dicts, as in `- name: value`.");
    return [];
  }
  return written.flatMap((item: unknown, index) => {
    const [entry, ...others] = isObject(item) ? Object.entries(item) : [];
    if (entry === undefined || others.length > 0) {
      faults.add([...path, index], "Expected a dict of exactly one key.");
      return [];
    }
    return [named(entry[0], entry[1])];
  });
}

/** `publish` may also be one string: `a=<% … %> b=1`. */
export function readPublish(written: unknown, path: Path, faults: Faults): NamedTemplate[] {
  if (typeof written !== "string") return readNamed(written, path, faults);
  return inlineParameters(written).map(([name, value]) => named(name, value));
}

/** `input`: names, or one-key dicts of a name and its default. */
export function readInputs(
  written: unknown,
  path: Path,
  faults: Faults,
): Array<{ name: string; fallback: CompiledTemplate }> {
  if (!Array.isArray(written)) return fallbacks(readNamed(written, path, faults));
  return written.flatMap((item: unknown, index) =>
    typeof item === "string" && item !== ""
      ? [{ name: item, fallback: compileTemplate(null) }]
      : fallbacks(readNamed([item], [...path, index], faults)),
  );
}

function fallbacks(
  list: readonly NamedTemplate[],
): Array<{ name: string; fallback: CompiledTemplate }> {
  return list.map(({ name, template }) => ({ name, fallback: template }));
}

/** A whole number ≥ 0, or a string with an expression; undefined when absent. */
export function readCount(
  written: unknown,
  path: Path,
  faults: Faults,
): CompiledTemplate | undefined {
  if (written === undefined || written === null) return undefined;
  const number = typeof written === "number" && Number.isInteger(written) && written >= 0;
  if (!number && (typeof written !== "string" || written === "")) {
    faults.add(path, "Expected a whole number ≥ 0 or an expression.");
    return undefined;
  }
  return compileTemplate(written);
}

/** A string that is not empty; undefined when absent. */
export function readText(written: unknown, path: Path, faults: Faults): string | undefined {
  if (written === undefined || written === null) return undefined;
  if (typeof written === "string" && written !== "") return written;
  faults.add(path, "Expected a string that is not empty.");
  return undefined;
}
