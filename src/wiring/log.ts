const levels = { info: "info ", warn: "warn ", error: "error" } as const;

let asJson = false;

/** From now on one JSON object a line: `time`, `level`, `message`, and the details beside them. */
export function logAsJson(wanted: boolean): void {
  asJson = wanted;
}

/** One line for the operator, object after the sentence. */
export function say(
  level: keyof typeof levels,
  sentence: string,
  details: Readonly<Record<string, unknown>> = {},
): void {
  if (asJson) {
    const line = { time: new Date().toISOString(), level, message: sentence, ...details };
    process.stderr.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const more = Object.keys(details).length === 0 ? "" : ` ${JSON.stringify(details)}`;
  process.stderr.write(`${new Date().toISOString()} ${levels[level]} ${sentence}${more}\n`);
}

/** The password that was made for the account `admin` at the first start, once. */
export function sayPassword(password: string | undefined): void {
  if (password !== undefined)
    process.stdout.write(
      `\n  First start. Sign in as admin with the password ${password} (it is not shown again).\n\n`,
    );
}
