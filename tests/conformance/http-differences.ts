/** Answers of the API that differ from StackStorm's on purpose, each with its reason. */
export interface ListedHttpDifference {
  readonly reason: string;
  /** Names of cases, `area/name`. */
  readonly cases: RegExp;
  /** What may differ; everything when absent. */
  readonly what?: RegExp;
}

export const httpDifferences: readonly ListedHttpDifference[] = [
  {
    reason:
      "An action is copied, where the recording could not write its files; removing the copy works then, too.",
    cases: /^actions\/(?:clone|clone\.again|del\.clone)$/,
  },
  {
    reason:
      "Parameters given by a caller are data: expressions in them are not evaluated. Those in rules, workflows and defaults are.",
    cases: /^executions\/jinja\.final$/,
    what: /^body\.result\.stdout/,
  },
  {
    reason:
      "RBAC is on by default, so an administrator who signed in may keep keys of other users.",
    cases: /^keys\/put\.user\.named$/,
  },
  {
    reason: "Registering says what is wrong with content, beside the counts.",
    cases: /^packs\/register$/,
    what: /with problems$/,
  },
  {
    reason:
      "StackStorm's answer was an accident of the recording; a sensible one is given instead.",
    cases:
      /^(?:workflows\/insp\.json|meta\/(?:user|head)|rules_webhooks\/hook\.getnope|triggers\/type\.put|packs\/icon)$/,
  },
];

/** The reason when everything that was found is listed for that case. */
export function reasonForHttp(name: string, found: readonly string[]): string | undefined {
  const fitting = httpDifferences.filter(({ cases }) => cases.test(name));
  const reasons = found.map(
    (what) => fitting.find((listed) => listed.what === undefined || listed.what.test(what))?.reason,
  );
  return reasons.every((reason) => reason !== undefined)
    ? [...new Set(reasons)].join(" ")
    : undefined;
}
