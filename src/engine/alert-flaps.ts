/** Whether an alert flaps, kept beside it while a rule watches it. */
import type { Correlation } from "../alerts/correlate.ts";
import { afterChange, calm, type FlappingRule, type FlappingState } from "../alerts/flapping.ts";
import { matches, type MatchedAlert } from "../alerts/matcher.ts";
import type { Suppression } from "../alerts/suppress.ts";
import { flappingOf, saveFlapping, type FlappingRow } from "../store/alert-flapping.ts";
import type { AlertRow } from "../store/alerts.ts";
import type { Db } from "../store/schema.ts";

export interface Flaps {
  readonly flapping: boolean;
  /** It began with this message. */
  readonly started: boolean;
  readonly suppressions: readonly Suppression[];
}

/** After a message. Only a change between open and resolved counts. */
export async function flapsAfter(
  tx: Db,
  rules: readonly FlappingRule[],
  {
    alert,
    decision: { effect, reopened },
    at,
    known,
  }: {
    readonly alert: MatchedAlert;
    readonly decision: Correlation;
    readonly at: string;
    readonly known: AlertRow | undefined;
  },
): Promise<Flaps> {
  const rule = rules.find(({ match }) => matches(match, alert));
  if (rule === undefined) return { flapping: false, started: false, suppressions: [] };
  const row = await flappingOf(tx, alert.fingerprint);
  const before = stateOf(row);
  const began = effect === "firing" && (known === undefined || known.status === "resolved");
  const changed = began || reopened || effect === "resolved";
  const after = changed ? afterChange(before, Date.parse(at), rule) : before;
  if (changed)
    await saveFlapping(tx, { ...after, fingerprint: alert.fingerprint, rule: rule.name });
  return {
    flapping: after.flapping,
    started: after.flapping && !before.flapping,
    suppressions: after.flapping ? [{ by: "flapping", name: rule.name }] : [],
  };
}

export function stateOf(row: FlappingRow | undefined): FlappingState {
  if (row === undefined) return calm;
  const { changes, flapping } = row;
  return { changes: Array.isArray(changes) ? changes.map(Number) : [], flapping };
}
