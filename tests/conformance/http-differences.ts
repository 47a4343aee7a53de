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
    reason: "Messages name the directories of this site.",
    cases: /^(?:actions\/create\.badpack|packs\/cfg\.bad)$/,
    what: /^says "/,
  },
  {
    reason: "Which process ran an execution is told while it runs, and not kept after its end.",
    cases: /^(?:executions|keys|workflows|aliases)\//,
    what: /runner_info: without (?:hostname|pid)$/,
  },
  {
    reason:
      "Parameters given by a caller are data: expressions in them are not evaluated. Those in rules, workflows and defaults are.",
    cases: /^executions\/jinja\.final$/,
    what: /^body\.result\.stdout/,
  },
  {
    reason:
      "Who paused a workflow is told while it rests; after that who resumed it, unless it went on by itself because an inquiry was answered.",
    cases: /^workflows\/(?:pause|ask)\.final$/,
    what: /without (?:paused|resumed)_by$/,
  },
  {
    reason: "The size of a result is told as soon as there is a result.",
    cases: /^executions\/cancel$/,
    what: /with result_size$/,
  },
  {
    reason:
      "An execution that nobody has begun is canceled at once, without a stop at `canceling`.",
    cases: /^executions\/cancel/,
    what: /with (?:end_timestamp|elapsed_seconds)|without (?:hostname|pid)$/,
  },
  {
    reason: "What a workflow's conductor does is in its journal, not in its output.",
    cases: /^workflows\/seq\.output$/,
  },
  {
    reason:
      "What is wrong with a body that is no JSON is said in the words of JavaScript's parser.",
    cases: /(?:badjson|post\.text|ctype)$/,
    what: /^says "Failed to parse request body: /,
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
      /^(?:workflows\/insp\.json|meta\/(?:user|options|head)|rules_webhooks\/hook\.getnope|triggers\/type\.put)$/,
  },
  {
    reason: "Permission types are not there yet.",
    cases: /^misc\/perms$/,
  },
  {
    reason:
      "The recording made the trigger type through the API; here it is in no file, so there is no schema that its events could be held against.",
    cases: /^triggers\/emit\.badpayload$/,
  },
  {
    reason: "The recording leaves out a request or content that this one rests on.",
    cases:
      /^(?:actions\/del\.again|aliases\/match\.disabled|packs\/(?:files|icon|cfg\.use)|keys\/(?:get\.secret|del\.again|get\.user)|apikeys\/use\.disabled|workflows\/(?:resume|vm\.final)|rules_webhooks\/(?:enf|views?$))/,
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
