/** What is noted of every request: an id that goes through, a number for the metrics, a line in the audit log for what writes or is refused. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Request, RequestHandler, Response } from "express";
import type { AuditLog } from "../engine/audit.ts";
import type { Origins } from "./addresses.ts";
import { userOf } from "./guard.ts";
import type { Metrics } from "./metrics.ts";

const soundId = /^[\x21-\x7e]{1,128}$/;

/** Takes over the id that the caller gave, or gives one; it goes back in `X-Request-ID`, into the log and into the audit log. */
export function giveRequestId(request: IncomingMessage, response: ServerResponse): void {
  const given = request.headers["x-request-id"];
  const id = typeof given === "string" && soundId.test(given) ? given : randomUUID();
  response.setHeader("X-Request-ID", id);
}

export function requestIdOf(response: ServerResponse): string {
  return String(response.getHeader("x-request-id") ?? "");
}

const reads = new Set(["GET", "HEAD", "OPTIONS"]);

export interface Observed {
  readonly metrics: Metrics;
  readonly audit: AuditLog;
  readonly from: Origins;
}

/** Counts an answer. `route`: as it is declared, so that there are few. */
export function countAnswer(
  metrics: Metrics,
  { method, route, status }: { method: string; route: string; status: number },
  since: number,
): void {
  const labels = { method, route, status: `${Math.floor(status / 100)}xx` };
  metrics.count("raicho_http_requests_total", labels);
  if (!route.includes("/stream"))
    metrics.took({ method, route }, (performance.now() - since) / 1_000);
}

const methods = new Set(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]);

function routeOf(response: Response): string {
  const route: unknown = response.locals["route"];
  return typeof route === "string" ? route : "none";
}

/** Reads that were refused, and everything that writes; deliveries that were taken are in the ledger as trigger instances. */
function isForAudit({ method }: Request, status: number, route: string): boolean {
  if (status === 401 || status === 403 || status === 429) return true;
  return !reads.has(method) && !(route.startsWith("/webhooks/") && status < 400);
}

export function observe({ metrics, audit, from }: Observed): RequestHandler {
  return (request, response, next) => {
    const since = performance.now();
    giveRequestId(request, response);
    response.once("close", () => {
      const { statusCode: status } = response;
      const route = routeOf(response);
      const method = methods.has(request.method) ? request.method : "other";
      countAnswer(metrics, { method, route, status }, since);
      if (isLogin(route, method)) metrics.count("raicho_logins_total", { end: loginEnd(status) });
      if (!isForAudit(request, status, route)) return;
      const [path = ""] = request.originalUrl.split("?");
      audit.add({
        at: new Date(),
        account: whoIs(response),
        method,
        action: route,
        target: withoutKey(path).slice(0, 1_000),
        status,
        address: from.clientOf(request),
        request_id: requestIdOf(response),
        details: {},
      });
    });
    next();
  };
}

/** An API key can be asked for by the key itself, which is a secret. */
function withoutKey(path: string): string {
  return path.replace(/(\/apikeys\/)(?![0-9a-f]{24}(?:\/|$))[^/]+/gi, "$1********");
}

function isLogin(route: string, method: string): boolean {
  return method === "POST" && (route === "/tokens" || route === "/sign-in");
}

function loginEnd(status: number): string {
  if (status === 201 || status === 303) return "in";
  return status === 429 ? "held" : status === 401 ? "wrong" : "failed";
}

/** The caller; at a sign-in the name that was tried is not known to be anybody's, so it is not written. */
function whoIs(response: Response): string {
  const named: unknown = response.locals["account"];
  return typeof named === "string" ? named : userOf(response).name;
}
