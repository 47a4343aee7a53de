/** Groups of alerts, told together: Alertmanager's `group_by`, `group_wait`, `group_interval`, `repeat_interval`; and the calendar day as a window. */
import { baseDay } from "./correlate.ts";
import { matches, valuesOf, type MatchedAlert, type Matcher } from "./matcher.ts";

export interface GroupRule {
  readonly name: string;
  readonly match: readonly Matcher[];
  readonly by: readonly string[];
  /** From the first alert to the first telling. */
  readonly waitMs: number;
  /** From one look to the next. */
  readonly intervalMs: number;
  /** An unchanged group is told again after so long; 0 = never. */
  readonly repeatMs: number;
  /** Alerts of another calendar day are another group. */
  readonly window: "day" | "open";
}

export interface GroupOf {
  readonly rule: GroupRule;
  /** `by-service{source="nagios", service="HTTP"}@2026-11-21`. */
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
}

const longestValue = 200;

/** The group of the first rule that fits; undefined when none does. */
export function groupOf(
  rules: readonly GroupRule[],
  alert: MatchedAlert,
  day: string,
): GroupOf | undefined {
  const rule = rules.find(({ match }) => matches(match, alert));
  if (rule === undefined) return undefined;
  const labels = Object.fromEntries(
    rule.by.map((field) => [field, (valuesOf(alert, field)[0] ?? "").slice(0, longestValue)]),
  );
  const parts = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const window = rule.window === "day" ? `@${baseDay(day)}` : "";
  return { rule, key: `${rule.name}{${parts.join(", ")}}${window}`, labels };
}

export interface GroupState {
  /** Ids of the alerts that the group was last told with, firing ones only; undefined = never told. */
  readonly told: readonly string[] | undefined;
  /** Milliseconds since the epoch. */
  readonly toldAt: number;
}

export type GroupStep =
  | { readonly event: "opened" | "updated" | "repeated" | "closed"; readonly next: GroupState }
  | { readonly event: undefined; readonly next: GroupState };

/** What a look at a group at `now` says. `firing`: ids of its open alerts that nothing suppresses. */
export function lookAt(
  { told, toldAt }: GroupState,
  firing: readonly string[],
  now: number,
  repeatMs: number,
): GroupStep {
  const same = { told, toldAt };
  if (told === undefined)
    return firing.length === 0
      ? { event: undefined, next: same }
      : { event: "opened", next: { told: firing, toldAt: now } };
  if (firing.length === 0) return { event: "closed", next: { told: undefined, toldAt: now } };
  const before = new Set(told);
  const changed = firing.length !== told.length || firing.some((id) => !before.has(id));
  if (changed) return { event: "updated", next: { told: firing, toldAt: now } };
  if (repeatMs > 0 && now - toldAt >= repeatMs)
    return { event: "repeated", next: { told, toldAt: now } };
  return { event: undefined, next: same };
}
