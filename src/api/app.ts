/** The door: one Express app for StackStorm's API and ours. */
import express, { Router, type RequestHandler } from "express";
import { randomUUID } from "node:crypto";
import type { RequestListener } from "node:http";
import { actionRoutes } from "./actions.ts";
import { aliasRoutes } from "./aliases.ts";
import { alertRoutes } from "./alerts.ts";
import type { Door } from "./door.ts";
import { executionRequestRoutes } from "./execution-requests.ts";
import { executionRoutes } from "./executions.ts";
import { fault, faultHandler, notFound } from "./faults.ts";
import { Feed } from "./feed.ts";
import { guard } from "./guard.ts";
import { inventoryRoutes, type InventoryService } from "./inventory.ts";
import { inquiryRoutes } from "./inquiries.ts";
import { keyRoutes } from "./keys.ts";
import { apiKeyRoutes, tokenRoutes } from "./tokens.ts";
import { packRoutes } from "./packs.ts";
import { policyRoutes } from "./policies.ts";
import { quickWebhooks } from "./quick-webhooks.ts";
import { registryRoutes } from "./registry.ts";
import { ruleRoutes } from "./rules.ts";
import { outputStreamRoutes, streamRoutes } from "./streams.ts";
import { triggerRoutes } from "./triggers.ts";
import { webhookRoutes } from "./webhooks.ts";
import { workflowRoutes } from "./workflows.ts";

/** Refuses bodies that do not call themselves JSON: what a browser sends to us without asking first cannot. `/actionexecutions` is an older name of
 * `/executions`. */
const readable: RequestHandler = (request, response, next) => {
  request.url = request.url.replace(/^\/actionexecutions(?=[/?]|$)/, "/executions");
  const {
    "content-type": type,
    "content-length": length,
    "transfer-encoding": coded,
  } = request.headers;
  const empty = coded === undefined && (length === undefined || length === "0");
  if (empty || (type !== undefined && json.test(type))) return next();
  return fault(
    response,
    400,
    `Failed to parse request body: Unsupported Content-Type: "${type ?? ""}"`,
  );
};

const json = /^application\/(?:[\w.+-]*\+)?json(?:$|[; ])/i;

/** StackStorm's REST API, behind the guard. */
function st2Routes(door: Door, feed: Feed): Router {
  const router = Router();
  router.use(guard(door));
  router.use(streamRoutes(door, feed));
  router.use(webhookRoutes(door));
  router.use(workflowRoutes(door));
  router.use(readable, express.json({ limit: "10mb", type: () => true }));
  router.use(
    executionRoutes(door),
    executionRequestRoutes(door),
    inquiryRoutes(door),
    actionRoutes(door),
    ruleRoutes(door),
    triggerRoutes(door),
    packRoutes(door),
    policyRoutes(door),
    apiKeyRoutes(door),
    keyRoutes(door),
    aliasRoutes(door),
    registryRoutes(door),
  );
  router.use(notFound);
  return router;
}

/** StackStorm's stream service. */
function streamService(door: Door, feed: Feed): Router {
  const router = Router();
  router.use(guard(door), streamRoutes(door, feed), outputStreamRoutes(door), notFound);
  return router;
}

function ownRoutes(door: Door, inventory: InventoryService): Router {
  const router = Router();
  router.use(guard(door), express.json({ limit: "20mb" }));
  router.use("/inventory", inventoryRoutes(inventory));
  router.use(alertRoutes(door));
  router.use(notFound);
  return router;
}

/** The whole door, ready to listen. */
export function makeDoor(parts: Door, inventory: InventoryService): RequestListener {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.get("/livez", (_request, response) => void response.json({ status: "live" }));
  app.get("/readyz", async (_request, response) => {
    const missing = await parts.notReady();
    if (missing === undefined) return void response.json({ status: "ready" });
    return fault(response, 503, missing);
  });
  app.use((request, response, next) => {
    response.setHeader("X-Request-ID", request.headers["x-request-id"] ?? randomUUID());
    next();
  });
  app.use(["/auth/v1", "/auth"], tokenRoutes(parts), notFound);
  app.use("/api/v2", ownRoutes(parts, inventory));
  const feed = new Feed(parts.core);
  app.use(["/stream/v1", "/stream"], streamService(parts, feed));
  app.use(["/v1", "/api/v1", "/api"], st2Routes(parts, feed));
  app.use(notFound);
  const log = (message: string, error: unknown): void =>
    parts.core.log("error", message, {
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  app.use(faultHandler(log));
  return quickWebhooks(parts, app, log);
}
