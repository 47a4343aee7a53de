/** What a site decides about its alerts: files in `alerts/` of a pack or of the site. docs/alerts.md explains every key. */
import type { DeclarationFile } from "../model/definitions.ts";
import { alertSeverities, alertUrgencies, type AlertSeverity, type AlertUrgency } from "./alert.ts";
import { DocumentNode, type DocumentProblem } from "./document.ts";
import { matches, readMatchers, type MatchedAlert, type Matcher } from "./matcher.ts";

/** How urgent an alert is, and how severe where the monitor does not know better. */
export interface UrgencyRule {
  readonly name: string;
  readonly match: readonly Matcher[];
  readonly urgency: AlertUrgency | undefined;
  readonly severity: AlertSeverity | undefined;
}

export interface AlertPolicies {
  readonly urgency: readonly UrgencyRule[];
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
  return { policies: { urgency: all.flatMap(({ urgency }) => urgency) }, problems };
}

function refOf({ declaration: { pack, name } }: PolicyFile): string {
  return `${pack}.${name}`;
}

function readFile(declaration: DeclarationFile, root: DocumentNode): PolicyFile {
  const at = root.fields(["name", "description", "order", "urgency"]);
  at("description").text("");
  return {
    declaration,
    order: at("order").number(100),
    policies: { urgency: at("urgency").items().map(readUrgency) },
  };
}

function readUrgency(node: DocumentNode, number: number): UrgencyRule {
  const at = node.fields(["name", "match", "urgency", "severity"]);
  const urgency = at("urgency");
  const severity = at("severity");
  if (!urgency.present && !severity.present) node.problem("needs urgency, severity, or both");
  return {
    name: at("name").text(`urgency ${number + 1}`),
    match: readMatchers(at("match")),
    urgency: urgency.present ? urgency.oneOf(alertUrgencies, "immediate") : undefined,
    severity: severity.present ? severity.oneOf(alertSeverities, "unknown") : undefined,
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
