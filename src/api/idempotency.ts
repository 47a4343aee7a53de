/** `Idempotency-Key`: the same request twice is done once and answered alike; another request with the same key is refused. */
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Request, RequestHandler, Response } from "express";
import { AppError } from "../model/errors.ts";
import { isObject } from "../model/json.ts";
import { claimKey, keepAnswer, releaseKey } from "../store/idempotency.ts";
import { type KeyedRequest, whileKeyed } from "../store/keyed.ts";
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

const leastPauseMs = 1_000;
const mostPauseMs = 60_000;

/** Tries until it is done: what nobody settled would be worked on for as long as this process lives. */
async function settleLater(settle: () => Promise<void>): Promise<void> {
  for (let pause = leastPauseMs; ; pause = Math.min(pause * 2, mostPauseMs)) {
    await delay(pause, undefined, { ref: false });
    try {
      return await settle();
    } catch {
      // The database is away: again.
    }
  }
}

/** Answers are kept before they leave. What failed on our side is not kept: it may be tried again if it changed nothing. */
function keeping({ core }: Pick<Door, "core">, request: KeyedRequest, response: Response): void {
  const { db } = core.database;
  const chunks: Buffer[] = [];
  const end = response.end.bind(response);
  const settle = async (): Promise<void> => {
    const { statusCode: status } = response;
    const body = Buffer.concat(chunks).toString();
    const contentType = String(response.getHeader("content-type") ?? "application/json");
    if (status >= 500 || status === 401 || status === 403) await releaseKey(db, request);
    else await keepAnswer(db, request, { status, body, contentType });
  };
  response.end = (...given: readonly unknown[]): Response => {
    const [chunk] = given;
    if (typeof chunk === "string" || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
    request.told = true;
    void settle()
      .catch(() => void settleLater(settle))
      .then(() => end(Buffer.concat(chunks)));
    return response;
  };
}

/** The execution that this request began the first time, whose answer was lost; undefined: it is the first time. Only where the route `repeats`. */
export function begunBefore(request: Pick<Request, "get">, response: Response): string | undefined {
  const again: unknown = response.locals["again"];
  if (!isObject(again)) return undefined;
  if (typeof again["made"] === "string") return again["made"];
  throw new AppError("IDEMPOTENCY_UNANSWERED", [keyIn(request) ?? ""]);
}

interface Manner<Params> {
  /** Whose keys they are; without it the caller's. */
  readonly scopeOf?: (request: Request<Params>) => string;
  /** The route gives the same answer again and changes nothing twice, also when the first answer was lost. */
  readonly repeats?: boolean;
}

/** Expects a parsed body and the caller. */
export function idempotent<Params>(
  door: Pick<Door, "core">,
  { scopeOf, repeats = false }: Manner<Params> = {},
): RequestHandler<Params> {
  const { process, database } = door.core;
  return async (request, response, next) => {
    const key = keyIn(request);
    if (key === undefined || request.method === "GET" || request.method === "HEAD") return next();
    const scope = scopeOf?.(request) ?? `user:${userOf(response).name}`;
    const mine = { scope, key, process };
    const fingerprint = fingerprintOf(request);
    const claimed = await claimKey(database.db, { ...mine, fingerprint });
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
    if (claimed.kind === "unanswered") {
      if (!repeats) throw new AppError("IDEMPOTENCY_UNANSWERED", [key]);
      response.locals["again"] = { made: claimed.made };
      response.setHeader("Idempotency-Replayed", "true");
      return next();
    }
    const keyed = { ...mine, told: false };
    keeping(door, keyed, response);
    return whileKeyed([keyed], next);
  };
}
