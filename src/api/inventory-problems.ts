import type { ErrorRequestHandler } from "express";
import { InventoryError } from "../inventory/problem.ts";
import { AppError, type ErrorCode } from "../model/errors.ts";

const titles: Partial<Record<ErrorCode, string>> = {
  INVENTORY_REQUEST: "The request is not understood",
  INVENTORY_TYPE_UNKNOWN: "Unknown entry type",
  INVENTORY_ENTRY_UNKNOWN: "Unknown entry",
  INVENTORY_KEY_TAKEN: "A key belongs to another entry",
  INVENTORY_REFERENCED: "The entry is still referred to",
  INVENTORY_STALE: "The entry was changed meanwhile",
  INVENTORY_INVALID: "The entry is not valid",
};

/** Expected errors as RFC 9457 problem details; everything else goes on to the door's handler. */
export const inventoryProblems: ErrorRequestHandler = (
  error: unknown,
  _request,
  response,
  next,
) => {
  if (!(error instanceof AppError) || response.headersSent) return next(error);
  if (error.status === 503) response.setHeader("Retry-After", "1");
  response
    .status(error.status)
    .type("application/problem+json")
    .send(
      JSON.stringify({
        type: `urn:raicho:error:${error.code}`,
        title: titles[error.code] ?? error.code,
        status: error.status,
        detail: error.message,
        code: error.code,
        ...(error instanceof InventoryError ? error.details : {}),
      }),
    );
};
