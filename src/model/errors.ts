/** Every error a user can meet: code, HTTP status, message. docs/errors.md is tested against this table. */
export const errorTable = {
  ACTION_NOT_FOUND: [400, 'Action "%s" cannot be found.'],
  ACTION_DISABLED: [400, 'Unable to execute. Action "%s" is disabled.'],
  PARAMETERS_INVALID: [400, "%s"],
  EXECUTION_NOT_FOUND: [404, 'Unable to identify resource with id "%s".'],
  UNAUTHORIZED: [401, "%s"],
  TOO_MANY_TRIES: [429, "Too many failed sign-ins. Try again in %s seconds."],
  DIRECTORY_DOWN: [503, "The service that knows passwords cannot be reached. Try again."],
  SIGNATURE_WRONG: [401, "The delivery is not let in: %s."],
  SIGNATURE_SECRET: [
    503,
    "The signature cannot be checked: no key of the datastore is there of %s.",
  ],
  IDEMPOTENCY_MISMATCH: [422, 'The idempotency key "%s" was used for another request.'],
  IDEMPOTENCY_RUNNING: [409, 'The request with the idempotency key "%s" is still worked on.'],
  IDEMPOTENCY_UNANSWERED: [
    409,
    'The request with the idempotency key "%s" was done, but the process that did it ended before it answered. It is not done again.',
  ],
  FORBIDDEN: [403, "%s"],
  NOT_FOUND: [404, "%s"],
  CONFLICT: [409, "%s"],
  INQUIRY_NOT_FOUND: [404, "Inquiry with id %s not found"],
  INQUIRY_ANSWERED: [400, 'Inquiry "%s" has already been responded to.'],
  INQUIRY_FORBIDDEN: [403, 'User "%s" does not have permission to respond to inquiry "%s".'],
  INQUIRY_RESPONSE_INVALID: [400, 'Response for inquiry "%s" did not pass schema validation. %s'],
  NOT_PAUSABLE: [
    400,
    'Execution "%s" of action "%s" cannot be paused or resumed: it is not supported by the "%s" runner.',
  ],
  NOT_PAUSED: [400, 'Execution "%s" cannot be resumed: it is "%s", not "paused".'],
  WEBHOOK_RATE: [429, 'Webhook "%s" takes %s deliveries a second. Try again.'],
  BUSY: [503, "The ledger cannot take more work now: %s"],
  LEDGER_DOWN: [503, "The database cannot be reached; nothing was stored. Try again: %s"],
  TICKET_UNKNOWN: [404, 'There is no ticket "%s".'],
  TICKET_REQUEST: [400, "%s"],
  PACK_SOURCE: [400, "%s"],
  PACK_REFUSED: [400, "%s"],
  DOCUMENTS_NOT_SET: [404, "There are no documents: %s"],
  DOCUMENTS_UNREACHABLE: [503, "The documents in git cannot be read: %s"],
  DOCUMENTS_UNKNOWN: [404, "%s"],
  DOCUMENTS_REFUSED: [422, "%s"],
  INVENTORY_REQUEST: [400, "%s"],
  INVENTORY_TYPE_UNKNOWN: [404, "There is no entry type %s."],
  INVENTORY_ENTRY_UNKNOWN: [404, "There is no inventory entry %s."],
  INVENTORY_FILTER_UNKNOWN: [404, "There is no saved filter %s."],
  INVENTORY_DENIED: [403, "%s"],
  INVENTORY_CHANGESET_UNKNOWN: [404, "There is no inventory changeset %s."],
  INVENTORY_BREAKER_UNKNOWN: [404, "There is no open breaker %s."],
  INVENTORY_KEY_TAKEN: [409, "%s"],
  INVENTORY_LOCKED: [409, "%s"],
  INVENTORY_REVERT_CONFLICT: [409, "Changeset %s cannot be taken back: %s."],
  INVENTORY_POOL_EXHAUSTED: [409, "%s has no room for %s."],
  INVENTORY_REFERENCED: [409, "%s"],
  INVENTORY_PATCH: [409, "%s"],
  INVENTORY_STALE: [412, "%s"],
  INVENTORY_INVALID: [422, "%s"],
  INVENTORY_SHEET_REFUSED: [422, "%s."],
  INVENTORY_IMPORT_UNKNOWN: [404, "There is no import %s."],
  INVENTORY_IMPORT_STATE: [409, "The import is %s: %s."],
  INVENTORY_CLAIM_UNKNOWN: [404, "There is no %s."],
  INVENTORY_CHANGE_UNKNOWN: [404, "There is no proposed change %s."],
  INVENTORY_CHANGE_STATE: [409, "The change is %s: %s."],
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
      // A question ends as one: "did you mean x?" needs no full stop.
      message.replaceAll("%s", () => args[next++] ?? "?").replace(/(\S\?)\.$/, "$1"),
      options,
    );
    this.code = code;
    this.status = status;
  }
}
