/** What a site decides about its alerts: files in `alerts/` of a pack or of the site. docs/alerts.md explains every key. */
import type { DeclarationFile } from "../model/definitions.ts";
import { usualSameness, type Sameness } from "./correlate.ts";
import { DocumentNode, type DocumentProblem } from "./document.ts";
import type { FlappingRule } from "./flapping.ts";
import type { GroupRule } from "./group.ts";
import { matches, type MatchedAlert } from "./matcher.ts";
import {
  readFlapping,
  readGroup,
  readInhibit,
  readMaintenance,
  readSame,
  readSilent,
  readUrgency,
  type SameRule,
  type UrgencyRule,
} from "./policy-rules.ts";
import type { SilentRule } from "./silent.ts";
import type { InhibitRule, MaintenanceRule } from "./suppress.ts";

export interface AlertPolicies {
  readonly urgency: readonly UrgencyRule[];
  readonly same: readonly SameRule[];
  readonly groups: readonly GroupRule[];
  readonly inhibit: readonly InhibitRule[];
  readonly maintenance: readonly MaintenanceRule[];
  readonly flapping: readonly FlappingRule[];
  readonly silent: readonly SilentRule[];
}

export interface PolicyProblem extends DocumentProblem {
  readonly declaration: DeclarationFile;
}

interface PolicyFile {
  readonly declaration: DeclarationFile;
  readonly order: number;
  readonly policies: AlertPolicies;
}

/** Checks and compiles all files. One with a fault gives problems and counts as not there. Smaller `order` first; then the site's own; then by name. */
export function compileAlertPolicies(declarations: readonly DeclarationFile[]): {
  readonly policies: AlertPolicies;
  readonly problems: readonly PolicyProblem[];
} {
  const files: PolicyFile[] = [];
  const problems: PolicyProblem[] = [];
  for (const declaration of declarations) {
    if (declaration.kind !== "alert-policy") continue;
    const found: DocumentProblem[] = [];
    const file = readFile(declaration, new DocumentNode(declaration.document, "", found));
    if (found.length === 0) files.push(file);
    problems.push(...found.map((problem) => ({ ...problem, declaration })));
  }
  files.sort(
    (a, b) =>
      a.order - b.order ||
      Number(b.declaration.pack === "default") - Number(a.declaration.pack === "default") ||
      (refOf(a) < refOf(b) ? -1 : 1),
  );
  const all = files.map(({ policies }) => policies);
  return {
    policies: {
      urgency: all.flatMap(({ urgency }) => urgency),
      same: all.flatMap(({ same }) => same),
      groups: all.flatMap(({ groups }) => groups),
      inhibit: all.flatMap(({ inhibit }) => inhibit),
      maintenance: all.flatMap(({ maintenance }) => maintenance),
      flapping: all.flatMap(({ flapping }) => flapping),
      silent: all.flatMap(({ silent }) => silent),
    },
    problems,
  };
}

const sections = [
  "urgency",
  "same",
  "groups",
  "inhibit",
  "maintenance",
  "flapping",
  "silent",
] as const;

function refOf({ declaration: { pack, name } }: PolicyFile): string {
  return `${pack}.${name}`;
}

function readFile(declaration: DeclarationFile, root: DocumentNode): PolicyFile {
  const at = root.fields(["name", "description", "order", ...sections]);
  at("description").text("");
  return {
    declaration,
    order: at("order").number(100),
    policies: {
      urgency: at("urgency").items().map(readUrgency),
      same: at("same").items().map(readSame),
      groups: at("groups").items().map(readGroup),
      inhibit: at("inhibit").items().map(readInhibit),
      maintenance: at("maintenance").items().map(readMaintenance),
      flapping: at("flapping").items().map(readFlapping),
      silent: at("silent").items().map(readSilent),
    },
  };
}

/** The alert as the first rule that fits it wants it; `rule`: its name, undefined when none fits and the parser's word stands. */
export function withUrgency<Alert extends MatchedAlert>(
  rules: readonly UrgencyRule[],
  alert: Alert,
): { readonly alert: Alert; readonly rule: string | undefined } {
  const rule = rules.find(({ match }) => matches(match, alert));
  if (rule === undefined) return { alert, rule: undefined };
  const { urgency = alert.urgency, severity = alert.severity } = rule;
  return { alert: { ...alert, urgency, severity }, rule: rule.name };
}

/** What counts as the same problem for this alert. */
export function samenessOf(rules: readonly SameRule[], alert: MatchedAlert): Sameness {
  return rules.find(({ match }) => matches(match, alert)) ?? usualSameness;
}
