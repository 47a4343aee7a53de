import express, { Router, type Request } from "express";
import { ingest } from "../engine/ingest.ts";
import { isObject } from "../model/json.ts";
import type { NewEvent } from "../model/events.ts";
import type { Door } from "./door.ts";
import { fault } from "./faults.ts";

const hidden = new Set(["x-auth-token", "st2-api-key", "cookie", "authorization", "st2-trace-tag"]);
/** Headers in which senders put the identity of a delivery; a repetition is stored once. */
const deliveryHeaders = [
  "idempotency-key",
  "webhook-id",
  "x-github-delivery",
  "x-atlassian-webhook-identifier",
  "x-gitlab-event-uuid",
];

function headersOf(request: Request): {
  headers: Record<string, string>;
  headers_lower: Record<string, string>;
} {
  const headers: Record<string, string> = {};
  const lower: Record<string, string> = {};
  const { rawHeaders } = request;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const value = rawHeaders[index + 1] ?? "";
    const small = name.toLowerCase();
    if (hidden.has(small)) continue;
    headers[small.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())] = value;
    lower[small] = value;
  }
  return { headers, headers_lower: lower };
}

function deliveryOf(request: Request): string | undefined {
  for (const name of deliveryHeaders) {
    const value = request.headers[name];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

function eventOf(name: string, request: Request, body: unknown): NewEvent | string {
  const delivery = deliveryOf(request);
  const key = delivery === undefined ? {} : { dedupeKey: `${name}:${delivery}` };
  const tag = request.headers["st2-trace-tag"];
  const trace = typeof tag === "string" ? { traceTag: tag } : {};
  if (name !== "st2")
    return {
      trigger: "core.st2.webhook",
      parameters: { url: name },
      payload: { ...headersOf(request), body },
      source: "webhook",
      ...key,
      ...trace,
    };
  if (!isObject(body) || typeof body["trigger"] !== "string") return "Trigger not specified.";
  return {
    trigger: body["trigger"],
    payload: body["payload"] ?? {},
    source: "webhook",
    ...key,
    ...trace,
  };
}

/** `POST /webhooks/{name}`: 202 with the body once the event is on disk; 503 when it is not. */
export function webhookRoutes(door: Door): Router {
  const router = Router();
  router.post(
    "/webhooks/*name",
    express.json({ limit: "1mb", strict: false }),
    express.urlencoded({ extended: false, limit: "1mb" }),
    async (request, response) => {
      const parts: unknown = request.params["name"];
      const name = (Array.isArray(parts) ? parts.join("/") : String(parts)).replaceAll(
        /^\/+|\/+$/g,
        "",
      );
      if (name !== "st2" && !door.webhooks().has(name))
        return fault(response, 404, `Webhook ${name} not registered with st2`);
      const body: unknown = request.body ?? {};
      const event = eventOf(name, request, body);
      if (typeof event === "string") return fault(response, 400, event);
      await ingest(door.core, [event]);
      response.status(202).json(body);
    },
  );
  router.get("/webhooks", (_request, response) => {
    response.json(
      [...door.webhooks()].map((url) => ({ type: "core.st2.webhook", parameters: { url } })),
    );
  });
  return router;
}
