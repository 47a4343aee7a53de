/** Pages of other origins that may use the API in a browser: a console that is served elsewhere (StackStorm's `allow_origin`). */
import type { RequestHandler } from "express";

/** What StackStorm lets pages read, and what its own pages say. */
const readable = ["Content-Type", "X-Limit", "X-Total-Count", "X-Request-ID"].join(", ");
const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].join(", ");
const sayable = [
  "Content-Type",
  "Authorization",
  "X-Auth-Token",
  "St2-Api-Key",
  "X-Request-ID",
  "Idempotency-Key",
  "If-Match",
  "Last-Event-ID",
].join(", ");

/** Seconds for which a browser need not ask again whether it may. */
const remembered = "600";

/** Says to browsers that pages of these origins may ask and read; to all others nothing, so they do not let them. `OPTIONS` is answered here for every
 * path, to anyone, with nothing but headers and the content type that StackStorm gives it. */
export function sharing(allowOrigins: readonly string[]): RequestHandler {
  const allowed = new Set(allowOrigins);
  return (request, response, next) => {
    if (allowed.size > 0) response.vary("Origin");
    const asks = request.method === "OPTIONS";
    if (asks) response.setHeader("Content-Type", "text/html; charset=UTF-8");
    const { origin } = request.headers;
    if (origin === undefined || !allowed.has(origin))
      return asks ? void response.status(200).end() : next();
    response.setHeader("Access-Control-Allow-Origin", origin);
    response.setHeader("Access-Control-Allow-Credentials", "true");
    response.setHeader("Access-Control-Expose-Headers", readable);
    if (!asks) return next();
    response.setHeader("Access-Control-Allow-Methods", methods);
    response.setHeader("Access-Control-Allow-Headers", sayable);
    response.setHeader("Access-Control-Max-Age", remembered);
    return void response.status(200).end();
  };
}
