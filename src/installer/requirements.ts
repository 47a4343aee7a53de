/** Whether a pack fits this installation: versions of StackStorm and Python it asks for, and packs it depends on. */
import type { PackDefinition } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";

/** The version of StackStorm whose content Raicho runs. */
export const stackstormVersion = "3.10.0";

type Numbers = readonly [number, number, number];

function numbers(version: string): Numbers | undefined {
  const [, major, minor = "0", patch = "0"] =
    /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(version.trim()) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

function compare(left: Numbers, right: Numbers): number {
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const tests: Readonly<Record<string, (difference: number) => boolean>> = {
  ">=": (difference) => difference >= 0,
  "<=": (difference) => difference <= 0,
  ">": (difference) => difference > 0,
  "<": (difference) => difference < 0,
  "=": (difference) => difference === 0,
  "==": (difference) => difference === 0,
  "!=": (difference) => difference !== 0,
};

/** Whether the version fulfils `>=1.6.0, <2.2.0`; undefined when that is no such range. */
export function versionFits(version: string, range: string): boolean | undefined {
  const own = numbers(version);
  if (own === undefined) return undefined;
  for (const part of range.split(",").filter((one) => one.trim() !== "")) {
    const [, operator = "=", wanted = ""] = /^\s*([<>=!]*)\s*(.+?)\s*$/.exec(part) ?? [];
    const test = tests[operator === "" ? "=" : operator];
    const other = numbers(wanted);
    if (test === undefined || other === undefined) return undefined;
    if (!test(compare(own, other))) return false;
  }
  return true;
}

/** Why the pack does not fit, or nothing. */
export function misfit({ ref, version }: PackDefinition, manifest: JsonObject): string | undefined {
  const range = manifest["stackstorm_version"];
  if (typeof range !== "string" || range === "") return undefined;
  const fits = versionFits(stackstormVersion, range);
  if (fits === true) return undefined;
  return fits === undefined
    ? `the pack "${ref}" ${version} asks for StackStorm "${range}", which is no range of versions`
    : `the pack "${ref}" ${version} asks for StackStorm ${range}; this is compatible with ${stackstormVersion} (force installs it all the same)`;
}

/** What is worth knowing about a pack that is installed. */
export function warningsOf({ ref }: PackDefinition, manifest: JsonObject): readonly string[] {
  const versions: unknown = manifest["python_versions"];
  const onlyTwo =
    Array.isArray(versions) && versions.length > 0 && versions.every((one) => String(one) === "2");
  return onlyTwo
    ? [`The pack "${ref}" supports Python 2 only; its actions may not run on Python 3.`]
    : [];
}

export interface Dependency {
  /** As written, without the version. */
  readonly address: string;
  readonly version: string | undefined;
  /** The ref it probably has. */
  readonly ref: string;
}

/** Reads an entry of `dependencies`: a name or an address, `=version` behind it or not. */
export function readDependency(written: string): Dependency {
  const [, address = written, version] = /^(.*?)(?:=([^=]*))?$/.exec(written.trim()) ?? [];
  const last = address.replace(/[/]+$/, "").split(/[/:]/).at(-1) ?? address;
  const ref = last
    .replace(/\.git$/, "")
    .replace(/^stackstorm-/, "")
    .replaceAll("-", "_");
  return { address, version: version === "" ? undefined : version, ref };
}

/** Whether what is there is the version that was asked for (`1.2`, `v1.2.0`). */
export function sameVersion(installed: string, wanted: string): boolean {
  const plain = wanted.replace(/^v/, "");
  const [left, right] = [numbers(installed), numbers(plain)];
  return (
    installed === plain || (left !== undefined && right !== undefined && compare(left, right) === 0)
  );
}
