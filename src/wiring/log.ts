const levels = { info: "info ", warn: "warn ", error: "error" } as const;

/** One line for the operator, object after the sentence. */
export function say(
  level: keyof typeof levels,
  sentence: string,
  details: Readonly<Record<string, unknown>> = {},
): void {
  const more = Object.keys(details).length === 0 ? "" : ` ${JSON.stringify(details)}`;
  process.stderr.write(`${new Date().toISOString()} ${levels[level]} ${sentence}${more}\n`);
}
