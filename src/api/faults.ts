import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import type { ServerResponse } from "node:http";
import { AppError } from "../model/errors.ts";
import { requestIdOf } from "./observe.ts";
import { notJson } from "./python-words.ts";
import { isOutage, isUnstorable } from "../store/database.ts";

/** StackStorm's error body. */
export function fault(response: ServerResponse, status: number, message: string): void {
  const later = status === 503 || status === 429;
  if (later && !response.hasHeader("Retry-After")) response.setHeader("Retry-After", "1");
  response.statusCode = status;
  response.setHeader("Content-Type", "application/json; charset=utf-8");
  response.end(JSON.stringify({ faultstring: message }));
}

export const notFound: RequestHandler = (_request, response) =>
  fault(response, 404, "The resource could not be found.");

function statusOf(error: unknown): number {
  if (typeof error !== "object" || error === null || !("status" in error)) return 500;
  return typeof error.status === "number" && error.status >= 400 && error.status < 500
    ? error.status
    : 500;
}

/** What is wrong with a body that is no JSON. */
function unreadable(error: Error): string {
  return "body" in error && typeof error.body === "string"
    ? notJson(error.body, error)
    : `Failed to parse request body: ${error.message}`;
}

/** Status and sentence of an error, as StackStorm words them; an unknown one (500) keeps its inner life to itself. */
export function faultOf(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof AppError) return { status: error.status, message: error.message };
  if (isOutage(error))
    return { status: 503, message: "The database cannot be reached. Try again." };
  if (isUnstorable(error))
    return {
      status: 400,
      message:
        "The request has a value that cannot be stored or looked for: a NUL character, half a surrogate pair, or a number out of range.",
    };
  const status = statusOf(error);
  if (status < 500 && error instanceof Error)
    return {
      status,
      message: status === 400 ? unreadable(error) : error.message,
    };
  return { status: 500, message: "Internal Server Error" };
}

/** Answers what a route threw; what nobody expected is logged. */
export function faultHandler(
  log: (message: string, error: unknown, requestId: string) => void,
): ErrorRequestHandler {
  return (error: unknown, request: Request, response: Response, next) => {
    if (response.headersSent) return next(error);
    const { status, message } = faultOf(error);
    if (status === 500)
      log(`${request.method} ${request.path} failed`, error, requestIdOf(response));
    return fault(response, status, message);
  };
}
