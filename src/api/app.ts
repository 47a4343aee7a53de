/** The door: one Express app for StackStorm's API and ours. */
import express, { Router } from "express";
import { randomUUID } from "node:crypto";
import type { RequestListener } from "node:http";
import { alertRoutes, contentRoutes } from "./content.ts";
import type { Door } from "./door.ts";
import { executionRequestRoutes } from "./execution-requests.ts";
import { executionRoutes } from "./executions.ts";
import { fault, faultHandler, notFound } from "./faults.ts";
import { guard } from "./guard.ts";
import { inventoryRoutes, type InventoryService } from "./inventory.ts";
import { inquiryRoutes } from "./inquiries.ts";
import { keyRoutes } from "./keys.ts";
import { apiKeyRoutes, tokenRoutes } from "./tokens.ts";
import { quickWebhooks } from "./quick-webhooks.ts";
import { webhookRoutes } from "./webhooks.ts";

/** StackStorm's REST API, behind the guard. */
function st2Routes(door: Door): Router {
  const router = Router();
  router.use(guard(door));
  router.use(webhookRoutes(door));
  router.use(express.json({ limit: "1mb" }));
  router.use(
    executionRoutes(door),
    executionRequestRoutes(door),
    inquiryRoutes(door),
    contentRoutes(door),
    apiKeyRoutes(door),
    keyRoutes(door),
  );
  router.use(notFound);
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
  app.use(["/v1", "/api/v1"], st2Routes(parts));
  app.use(notFound);
  const log = (message: string, error: unknown): void =>
    parts.core.log("error", message, {
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  app.use(faultHandler(log));
  return quickWebhooks(parts, app, log);
}
