/** `Idempotency-Key`: the same request twice is done once and answered alike; another request with the same key is refused. */
import { createHash } from "node:crypto";
import type { Request, RequestHandler, Response } from "express";
import { AppError } from "../model/errors.ts";
import { claimKey, keepAnswer, releaseKey } from "../store/idempotency.ts";
import type { Door } from "./door.ts";
import { userOf } from "./guard.ts";

const longestKey = 255;

/** The key of a request; undefined without one. Throws for one that is none. */
function keyIn(request: Pick<Request, "get">): string | undefined {
  const given = request.get("idempotency-key");
  if (given === undefined || given === "") return undefined;
  if (given.length > longestKey)
    throw new AppError("PARAMETERS_INVALID", [
      `Idempotency-Key has more than ${longestKey} characters.`,
    ]);
  return given;
}

function fingerprintOf({
  method,
  originalUrl,
  body,
}: Pick<Request, "method" | "originalUrl" | "body">): string {
  const bytes: unknown = body;
  const text = Buffer.isBuffer(bytes) ? bytes : (JSON.stringify(bytes) ?? "");
  return createHash("sha256").update(`${method} ${originalUrl}\n`).update(text).digest("hex");
}

/** Answers are kept before they leave. What failed on our side is not kept: it may be tried again. */
function keeping(
  { core }: Pick<Door, "core">,
  scope: string,
  key: string,
  response: Response,
): void {
  const { db } = core.database;
  const chunks: Buffer[] = [];
  const end = response.end.bind(response);
  const keep = async (): Promise<void> => {
    const { statusCode: status } = response;
    const body = Buffer.concat(chunks).toString();
    const contentType = String(response.getHeader("content-type") ?? "application/json");
    if (status >= 500 || status === 401 || status === 403) await releaseKey(db, scope, key);
    else await keepAnswer(db, scope, key, { status, body, contentType });
  };
  response.end = (...given: readonly unknown[]): Response => {
    const [chunk] = given;
    if (typeof chunk === "string" || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
    void keep()
      .catch(() => undefined)
      .then(() => end(Buffer.concat(chunks)));
    return response;
  };
}

/** Expects a parsed body and the caller. `scopeOf`: whose keys they are. */
export function idempotent<Params>(
  door: Pick<Door, "core">,
  scopeOf: (request: Request<Params>, response: Response) => string,
): RequestHandler<Params> {
  return async (request, response, next) => {
    const key = keyIn(request);
    if (key === undefined || request.method === "GET" || request.method === "HEAD") return next();
    const scope = scopeOf(request, response);
    const claimed = await claimKey(door.core.database.db, {
      scope,
      key,
      fingerprint: fingerprintOf(request),
    });
    if (claimed.kind === "other") throw new AppError("IDEMPOTENCY_MISMATCH", [key]);
    if (claimed.kind === "running") {
      response.setHeader("Retry-After", "1");
      throw new AppError("IDEMPOTENCY_RUNNING", [key]);
    }
    if (claimed.kind === "done") {
      const { status, body, contentType } = claimed.answer;
      response.setHeader("Idempotency-Replayed", "true");
      response.status(status).setHeader("Content-Type", contentType);
      return void response.end(body);
    }
    keeping(door, scope, key, response);
    return next();
  };
}

/** Keys belong to whoever sends them. */
export function callerScope(_request: unknown, response: Response): string {
  return `user:${userOf(response).name}`;
}
