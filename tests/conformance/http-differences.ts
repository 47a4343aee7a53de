/** Answers of the API that differ from StackStorm's on purpose, each with its reason. */
export interface ListedHttpDifference {
  readonly reason: string;
  /** There StackStorm itself fails (500), where a request can well be answered. */
  readonly fails?: true;
  /** Status, headers and shape of the body are the same; another text stands in it. */
  readonly shaped?: true;
  /** Names of cases, `area/name`. */
  readonly cases: RegExp;
  /** What may differ; everything when absent. */
  readonly what?: RegExp;
}

export const httpDifferences: readonly ListedHttpDifference[] = [
  {
    reason:
      "An action that was made through the API is copied, too; StackStorm finds no file to copy (500).",
    fails: true,
    cases: /^actions\/clone(?:\.again)?$/,
  },
  {
    reason:
      "Parameters given by a caller are data: expressions in them are not evaluated. Those in rules, workflows and defaults are.",
    shaped: true,
    cases: /^executions\/jinja\.final$/,
    what: /^body\.result\.stdout/,
  },
  {
    reason: "Registering says what is wrong with content, beside the counts.",
    cases: /^packs\/register$/,
    what: /with problems$/,
  },
  {
    reason: "`GET /user` without authentication says so; StackStorm fails (500).",
    fails: true,
    cases: /^meta\/user$/,
  },
  {
    reason: "`HEAD` is answered like `GET`, without the body; StackStorm fails (500).",
    fails: true,
    cases: /^(?:meta\/head|packs\/icon)$/,
  },
  {
    reason: "A type of trigger can be changed by a body without its id; StackStorm fails (500).",
    fails: true,
    cases: /^triggers\/type\.put$/,
  },
  {
    reason:
      "A workflow that is sent as a JSON text is inspected, as one sent as plain text is; StackStorm fails (500).",
    fails: true,
    cases: /^workflows\/insp\.json$/,
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

/** Whether StackStorm itself fails there. */
export function failsThere(name: string): boolean {
  return httpDifferences.some(({ cases, fails }) => fails === true && cases.test(name));
}

/** Whether what differs there is another text, not status, headers or shape. */
export function shapedThere(name: string): boolean {
  return httpDifferences.some(({ cases, shaped }) => shaped === true && cases.test(name));
}
