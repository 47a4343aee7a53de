/** Conditions on alerts: `{source: nagios, host: [web*, db*], severity: {not: info}, labels.team: sys}`. All must hold. */
import type { CanonicalAlert } from "./alert.ts";
import { nearestName, type DocumentNode } from "./document.ts";
import { compilePattern } from "./pattern.ts";

/** What is known of the machine beyond the message; null members = nothing. */
export interface AlertPlace {
  readonly entity?: { readonly id: string; readonly type: string; readonly name: string } | null;
  /** Login of the person and code of the team that answer for it. */
  readonly owner?: string | null;
  readonly team?: string | null;
  /** Ids and names of what it belongs to: its service, node set, environment. */
  readonly belongs?: readonly string[];
}

export type MatchedAlert = Omit<CanonicalAlert, "occurred_at" | "raw_ref"> & AlertPlace;

type Test =
  | { readonly kind: "glob"; readonly glob: string }
  | { readonly kind: "regex"; readonly pattern: RegExp }
  | { readonly kind: "not"; readonly tests: readonly Test[] };

export interface Matcher {
  readonly field: string;
  /** One of them is enough. */
  readonly tests: readonly Test[];
}

const fields: Readonly<Record<string, (alert: MatchedAlert) => readonly string[]>> = {
  source: ({ source }) => [source],
  source_ref: ({ source_ref }) => [source_ref],
  class: (alert) => [alert.class],
  status: ({ status }) => [status],
  severity: ({ severity }) => [severity],
  urgency: ({ urgency }) => [urgency],
  /** As the monitor writes it, and as the inventory calls it. */
  host: ({ host_raw, entity }) => [host_raw, ...(entity ? [entity.name] : [])],
  service: ({ service }) => [service],
  summary: ({ summary }) => [summary],
  detail: ({ detail }) => [detail],
  fingerprint: ({ fingerprint }) => [fingerprint],
  entity: ({ entity }) => (entity ? [entity.id, entity.name] : [""]),
  entity_type: ({ entity }) => [entity?.type ?? ""],
  owner: ({ owner }) => [owner ?? ""],
  team: ({ team }) => [team ?? ""],
  belongs_to: ({ belongs }) => (belongs === undefined || belongs.length === 0 ? [""] : belongs),
};
const fieldNames = [...Object.keys(fields), "labels.<name>"];

/** The values that a condition on `field` looks at; one that is not there is "". */
export function valuesOf(alert: MatchedAlert, field: string): readonly string[] {
  if (field.startsWith("labels.")) return [alert.labels[field.slice("labels.".length)] ?? ""];
  return fields[field]?.(alert) ?? [""];
}

/** Whether all of them hold; none at all hold for every alert. */
export function matches(matchers: readonly Matcher[], alert: MatchedAlert): boolean {
  return matchers.every(({ field, tests }) => {
    const values = valuesOf(alert, field);
    return tests.some((test) => holds(test, values));
  });
}

/** Whether one of the values fits; for `not`: none of them. */
function holds(test: Test, values: readonly string[]): boolean {
  switch (test.kind) {
    case "glob":
      return values.some((value) => globMatches(test.glob, folded(value)));
    case "regex":
      return values.some((value) => test.pattern.test(value.slice(0, 1_000)));
    case "not":
      return !test.tests.some((one) => holds(one, values));
  }
}

function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/** `*` stands for any text, `?` for one character. Takes time in proportion to the lengths, whatever the glob. */
export function globMatches(glob: string, text: string): boolean {
  let [at, seen, star, mark] = [0, 0, -1, 0];
  while (seen < text.length) {
    if (glob[at] === "*") {
      star = at;
      mark = seen;
      at += 1;
    } else if (at < glob.length && (glob[at] === "?" || glob[at] === text[seen])) {
      at += 1;
      seen += 1;
    } else if (star >= 0) {
      at = star + 1;
      mark += 1;
      seen = mark;
    } else return false;
  }
  while (glob[at] === "*") at += 1;
  return at === glob.length;
}

/** Reads a mapping of conditions; faults are told where they stand. */
export function readMatchers(node: DocumentNode): readonly Matcher[] {
  return node.entries().map(([field, value]) => {
    checkField(field, node);
    return { field, tests: readTests(value) };
  });
}

/** Faults a name that no alert has. */
export function checkField(field: string, node: DocumentNode): void {
  if (Object.hasOwn(fields, field) || /^labels\../.test(field)) return;
  const guess = nearestName(field, Object.keys(fields));
  const hint =
    guess === undefined ? `known are: ${fieldNames.join(", ")}` : `did you mean "${guess}"?`;
  node.problem(`an alert has no "${field}"; ${hint}`);
}

function readTests(node: DocumentNode): readonly Test[] {
  if (Array.isArray(node.value)) return node.items().flatMap(readTests);
  if (typeof node.value !== "object" || node.value === null)
    return [{ kind: "glob", glob: folded(node.text()) }];
  const at = node.fields(["regex", "ignore_case", "not"]);
  if (at("not").present) return [{ kind: "not", tests: readTests(at("not")) }];
  const checked = compilePattern(at("regex").text(), at("ignore_case").flag(false));
  if ("pattern" in checked) return [{ kind: "regex", pattern: checked.pattern }];
  at("regex").problem(checked.problem);
  return [];
}
