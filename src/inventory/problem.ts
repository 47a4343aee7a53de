import { AppError, type ErrorCode } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import type { EntryProblem } from "./validate.ts";

/** An expected end of an inventory operation that a caller can do something about; `details` are JSON for programs. */
export class InventoryError extends AppError {
  readonly details: JsonObject;

  constructor(code: ErrorCode, args: readonly string[], details: JsonObject = {}) {
    super(code, args);
    this.details = details;
  }
}

export function invalidEntry(type: string, problems: readonly EntryProblem[]): InventoryError {
  const list = problems.map(({ message }) => message).join("; ");
  return new InventoryError("INVENTORY_INVALID", [`The ${type} is not valid: ${list}`], {
    errors: problems,
  });
}

export function badRequest(message: string, details: JsonObject = {}): InventoryError {
  return new InventoryError("INVENTORY_REQUEST", [message], details);
}
