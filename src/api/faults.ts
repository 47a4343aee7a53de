import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import { AppError } from "../model/errors.ts";
import { isOutage } from "../store/database.ts";

/** StackStorm's error body. */
export function fault(response: Response, status: number, message: string): void {
  if (status === 503) response.setHeader("Retry-After", "1");
  response.status(status).json({ faultstring: message });
}

export const notFound: RequestHandler = (_request, response) =>
  fault(response, 404, "The resource could not be found.");

function statusOf(error: unknown): number {
  if (typeof error !== "object" || error === null || !("status" in error)) return 500;
  return typeof error.status === "number" && error.status >= 400 && error.status < 500
    ? error.status
    : 500;
}

/** Client faults as StackStorm words them; an unknown one is logged and answered without its inner life. */
export function faultHandler(log: (message: string, error: unknown) => void): ErrorRequestHandler {
  return (error: unknown, request: Request, response: Response, next) => {
    if (response.headersSent) return next(error);
    if (error instanceof AppError) return fault(response, error.status, error.message);
    if (isOutage(error)) return fault(response, 503, "The database cannot be reached. Try again.");
    const status = statusOf(error);
    if (status < 500 && error instanceof Error)
      return fault(
        response,
        status,
        status === 400 ? `Bad Request: ${error.message}` : error.message,
      );
    log(`${request.method} ${request.path} failed`, error);
    return fault(response, 500, "Internal Server Error");
  };
}
