/** Errors of `/api/v2` as RFC 9457 problem details. */
import type { ErrorRequestHandler, RequestHandler } from "express";
import { InventoryError } from "../inventory/problem.ts";
import { AppError, type ErrorCode } from "../model/errors.ts";
import { faultOf } from "./faults.ts";
import { requestIdOf } from "./observe.ts";

const titles: Partial<Record<ErrorCode, string>> = {
  UNAUTHORIZED: "Nobody signed in",
  FORBIDDEN: "Not allowed",
  NOT_FOUND: "Not found",
  CONFLICT: "In conflict with what is there",
  PARAMETERS_INVALID: "The request is not understood",
  IDEMPOTENCY_MISMATCH: "Another request had this key",
  IDEMPOTENCY_RUNNING: "The request with this key is still worked on",
  IDEMPOTENCY_UNANSWERED: "The request with this key was done, its answer is lost",
  INVENTORY_REQUEST: "The request is not understood",
  INVENTORY_TYPE_UNKNOWN: "Unknown entry type",
  INVENTORY_ENTRY_UNKNOWN: "Unknown entry",
  INVENTORY_KEY_TAKEN: "A key belongs to another entry",
  INVENTORY_LOCKED: "Another source owns it",
  INVENTORY_REFERENCED: "The entry is still referred to",
  INVENTORY_PATCH: "The patch does not fit what is there",
  INVENTORY_STALE: "The entry was changed meanwhile",
  INVENTORY_INVALID: "The entry is not valid",
};

const plainTitles: Readonly<Record<number, string>> = {
  400: "The request is not understood",
  413: "The body is too large",
  415: "The body cannot be read",
  503: "Cannot be done now",
};

/** Every error that was expected; what nobody expected goes on to the door's handler, which logs it. */
export const problems: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  const { status, message } = faultOf(error);
  if (status === 500 || response.headersSent) return next(error);
  const code = error instanceof AppError ? error.code : undefined;
  if (status === 503 && !response.hasHeader("Retry-After")) response.setHeader("Retry-After", "1");
  response
    .status(status)
    .type("application/problem+json")
    .send(
      JSON.stringify({
        type: code === undefined ? "about:blank" : `urn:raicho:error:${code}`,
        title: (code === undefined ? plainTitles[status] : titles[code]) ?? code ?? "Refused",
        status,
        detail: message,
        ...(code === undefined ? {} : { code }),
        request_id: requestIdOf(response),
        ...(error instanceof InventoryError ? error.details : {}),
      }),
    );
};

/** For paths that nothing answers. */
export const nothingHere: RequestHandler = (request) => {
  throw new AppError("NOT_FOUND", [`There is nothing at ${request.method} ${request.path}.`]);
};
