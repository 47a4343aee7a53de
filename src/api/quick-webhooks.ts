/** The quick way in for what comes most often: `POST /v1/webhooks/{name}` with a plain JSON body. Express costs several times as much as the rest
 * of such a request.
 *
 * 1. It answers as the route does; both take the event in by `takeWebhook`, both let callers in by `identify`, both word faults by `faultOf`.
 * 2. Whatever is not plain (another type or charset, compressed, chunked, too long, a name to decode, a query, a cookie, a page it came from, an idempotency key, a name
 *    nobody listens to or that checks signatures) goes to
 *    `otherwise`, untouched. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { User } from "../engine/auth.ts";
import { notJson } from "./python-words.ts";
import { allows } from "../model/permissions.ts";
import type { Door } from "./door.ts";
import { fault, faultOf } from "./faults.ts";
import { headerSecret, identify, rightsOf } from "./guard.ts";
import { parseJson } from "./json-bodies.ts";
import { countAnswer, giveRequestId, requestIdOf } from "./observe.ts";
import { denied } from "./routes.ts";
import { listensTo, takeWebhook } from "./webhooks.ts";

const longest = 1_048_576;
const path = /^\/(?:api\/)?v1\/webhooks\/([\w.~-]+(?:\/[\w.~-]+)*)$/;
const json = /^application\/json(?:; ?charset=utf-8)?$/i;

const unusual = ["content-encoding", "cookie", "origin", "idempotency-key"] as const;

/** The webhook's name when the request is plain. */
function plainName({ method, url = "", headers }: IncomingMessage): string | undefined {
  const length = Number(headers["content-length"] ?? 0);
  const plain =
    method === "POST" &&
    length > 0 &&
    length <= longest &&
    unusual.every((header) => headers[header] === undefined) &&
    json.test(headers["content-type"] ?? "");
  return plain ? path.exec(url)?.[1] : undefined;
}

/** The whole body. Never resolves when the client goes away: then there is nobody to answer. */
function read(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      const [first] = chunks;
      const text = (
        chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
      ).toString("utf8");
      resolve(text.startsWith("\uFEFF") ? text.slice(1) : text);
    });
  });
}

async function answer(
  door: Door,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let caller: User | undefined;
  if (door.auth) {
    const user = await identify(door, headerSecret(request));
    if (typeof user === "string") return fault(response, 401, user);
    const resource = { uid: `webhook:${name}` };
    if (!allows(rightsOf(user), "webhook_send", resource))
      throw denied(user.name, "webhook_send", resource);
    caller = user;
  }
  door.intake.enter(name, request, response);
  const text = await read(request);
  let body: unknown;
  try {
    body = parseJson(text);
  } catch (error) {
    return fault(response, 400, notJson(text, error));
  }
  const refusal = await takeWebhook(door, name, request, { body: body ?? {}, caller });
  if (refusal !== undefined) return fault(response, 400, refusal);
  response.statusCode = 202;
  response.setHeader("Content-Type", "application/json; charset=utf-8");
  response.end(body === null ? "{}" : text);
}

/** Serves plain webhooks; everything else goes to `otherwise`. */
export function quickWebhooks(
  door: Door,
  otherwise: RequestListener,
  log: (message: string, error: unknown, requestId: string) => void,
): RequestListener {
  return (request, response) => {
    const name = plainName(request);
    if (
      name === undefined ||
      !listensTo(door, name) ||
      // Who checks signatures wants the bytes as they came.
      door.hooks.settings(name) !== undefined
    )
      return otherwise(request, response);
    const since = performance.now();
    giveRequestId(request, response);
    response.once("close", () => {
      const { statusCode: status } = response;
      const seen = { method: "POST", route: "/webhooks/*name", status };
      countAnswer(door.metrics, seen, since);
    });
    return void answer(door, name, request, response).catch((error: unknown) => {
      const { status, message } = faultOf(error);
      if (status === 500) log(`POST /webhooks/${name} failed`, error, requestIdOf(response));
      if (response.headersSent) response.destroy();
      else fault(response, status, message);
    });
  };
}
