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
    reason: "What a command printed and how it ended stays in the result of a canceled execution.",
    cases: /^executions\/cancel\.final$/,
    what: /^body\.result:/,
  },
  {
    reason:
      "Lists begin with what is newest or first by name, which in the recording is another rule or trace.",
    cases: /^(?:rules_webhooks\/views|misc\/traces)$/,
    what: /^body\[\]\.(?:context: without user|(?:action_executions|trigger_instances)\[\]\.caused_by)/,
  },
  {
    reason: "A disabled key is refused in the same words as an unknown one.",
    cases: /^apikeys\/use\.disabled$/,
    what: /^says /,
  },
  {
    reason:
      "What a conductor does is in the journal of its workflow: the output is text, too, but empty.",
    cases: /^workflows\/seq\.output$/,
  },
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
    reason: "An administrator may keep and remove keys of other users without RBAC as well.",
    cases: /^keys\/put\.user\.named$/,
  },
  {
    reason:
      "What a rule starts when an execution ends (by its notification, for example) is a trace of its own, with the same tag where there is one; StackStorm adds it to the trace of that execution.",
    cases: /^misc\/traces$/,
    what: /caused_by: with(?:out)? (?:id|type)$/,
  },
  {
    reason: "Registering says what is wrong with content, beside the counts.",
    cases: /^packs\/register$/,
    what: /with problems$/,
  },
  {
    reason: "Raicho has no single directory of packs that an error could name.",
    cases: /^packs\/register\.bad$/,
  },
  {
    reason:
      "StackStorm's answer was an accident of the recording; a sensible one is given instead.",
    cases:
      /^(?:workflows\/insp\.json|meta\/(?:user|options|head)|rules_webhooks\/hook\.getnope|triggers\/type\.put|packs\/icon)$/,
  },
  {
    reason:
      "There are permissions for what StackStorm does not have: the stream, the inventory and alerts.",
    cases: /^misc\/perms$/,
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
