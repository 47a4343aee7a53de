/** Every error a user can meet: code, HTTP status, message. docs/errors.md is tested against this table. */
export const errorTable = {
  ACTION_NOT_FOUND: [400, 'Action "%s" cannot be found.'],
  ACTION_DISABLED: [400, 'Unable to execute. Action "%s" is disabled.'],
  PARAMETERS_INVALID: [400, "%s"],
  EXECUTION_NOT_FOUND: [404, 'Execution "%s" is not found.'],
  BUSY: [503, "The ledger cannot take more work now: %s"],
  LEDGER_DOWN: [503, "The database cannot be reached; nothing was stored. Try again: %s"],
} as const satisfies Record<string, readonly [status: number, message: string]>;
export type ErrorCode = keyof typeof errorTable;

export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly status: number;

  constructor(code: ErrorCode, args: readonly string[] = [], options?: ErrorOptions) {
    const [status, message] = errorTable[code];
    let next = 0;
    super(
      message.replaceAll("%s", () => args[next++] ?? "?"),
      options,
    );
    this.code = code;
    this.status = status;
  }
}
