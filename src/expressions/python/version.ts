/** Semantic versions as python-semver 2 treats them. */
import { PythonError, typeError, valueError } from "./errors.ts";
import { pyRepr, pyStr } from "./text.ts";

interface Version {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly prerelease: string | undefined;
}

const pattern =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/;

function parse(value: unknown): Version {
  if (typeof value !== "string") throw typeError("expected string or bytes-like object");
  const match = pattern.exec(value);
  if (match === null) throw valueError(`${pyStr(value)} is not valid SemVer string`);
  const [, major = "0", minor = "0", patch = "0", prerelease] = match;
  return { major: BigInt(major), minor: BigInt(minor), patch: BigInt(patch), prerelease };
}

function sign(a: bigint | string, b: bigint | string): -1 | 0 | 1 {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

function comparePart(a: string, b: string): -1 | 0 | 1 {
  const numericA = /^\d+$/.test(a);
  const numericB = /^\d+$/.test(b);
  if (numericA && numericB) return sign(BigInt(a), BigInt(b));
  if (numericA !== numericB) return numericA ? -1 : 1;
  return sign(a, b);
}

function comparePrerelease(a: string | undefined, b: string | undefined): -1 | 0 | 1 {
  if (a === b) return 0;
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  const [left, right] = [a.split("."), b.split(".")];
  for (const [at, part] of left.entries()) {
    const other = right[at];
    if (other === undefined) return 1;
    const order = comparePart(part, other);
    if (order !== 0) return order;
  }
  return left.length < right.length ? -1 : 0;
}

/** -1, 0 or 1. Throws ValueError `x is not valid SemVer string`. */
export function compareVersions(left: unknown, right: unknown): -1 | 0 | 1 {
  const [a, b] = [parse(left), parse(right)];
  for (const key of ["major", "minor", "patch"] as const) {
    const order = sign(a[key], b[key]);
    if (order !== 0) return order;
  }
  return comparePrerelease(a.prerelease, b.prerelease);
}

const operators: Readonly<Record<string, readonly number[]>> = {
  ">": [1],
  "<": [-1],
  "==": [0],
  "!=": [-1, 1],
  ">=": [0, 1],
  "<=": [-1, 0],
};

/** semver.match(): `>=1.0.0` and so on. */
export function matchVersion(value: unknown, expression: unknown): boolean {
  const text = typeof expression === "string" ? expression : pyStr(expression);
  const operator = /^(?:>=|<=|==|!=|[<>])/.exec(text)?.[0];
  const wanted = operator === undefined ? undefined : operators[operator];
  if (operator === undefined || wanted === undefined) {
    throw new PythonError(
      "ValueError",
      `match_expr parameter should be in format <op><ver>, where <op> is one of ['<', '>', '==', '<=', '>=', '!=']. You provided: ${pyRepr(text)}`,
    );
  }
  return wanted.includes(compareVersions(value, text.slice(operator.length)));
}

/** The next major, minor or patch version, without prerelease and build. */
export function bumpVersion(value: unknown, part: "major" | "minor" | "patch"): string {
  const { major, minor, patch } = parse(value);
  if (part === "major") return `${major + 1n}.0.0`;
  return part === "minor" ? `${major}.${minor + 1n}.0` : `${major}.${minor}.${patch + 1n}`;
}

/** `major.minor` */
export function stripPatch(value: unknown): string {
  const { major, minor } = parse(value);
  return `${major}.${minor}`;
}
