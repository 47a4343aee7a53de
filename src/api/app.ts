/** The door: one Express app for StackStorm's API and ours. */
import express, { type RequestHandler } from "express";
import type { RequestListener } from "node:http";
import { datastoreKeyRoutes } from "./datastore-key.ts";
import { actionRoutes } from "./actions.ts";
import { origins } from "./addresses.ts";
import { auditRoutes } from "./audit-routes.ts";
import { idempotent } from "./idempotency.ts";
import { observe } from "./observe.ts";
import { documentRoutes } from "./openapi.ts";
import { nothingHere, problems } from "./problems.ts";
import { signedWebhookRoutes, webhookSettingRoutes } from "./signed-webhooks.ts";
import { aliasRoutes } from "./aliases.ts";
import { alertRoutes } from "./alerts.ts";
import { ticketRoutes } from "./tickets.ts";
import type { Door } from "./door.ts";
import { executionRequestRoutes } from "./execution-requests.ts";
import { executionPageRoutes, executionRoutes } from "./executions.ts";
import { fault, faultHandler, notFound } from "./faults.ts";
import { Feed } from "./feed.ts";
import { formPageRoutes } from "./form-pages.ts";
import { formRoutes } from "./forms.ts";
import { guard } from "./guard.ts";
import { pageSignInRoutes } from "./page-sign-in.ts";
import { inventoryRoutes } from "./inventory.ts";
import { lending, type InventoryViews } from "./inventory-view.ts";
import { inquiryRoutes } from "./inquiries.ts";
import { jsonBodies, readable } from "./json-bodies.ts";
import { keyRoutes } from "./keys.ts";
import { apiKeyRoutes } from "./api-keys.ts";
import { tokenRoutes } from "./sign-in-routes.ts";
import { packRoutes } from "./packs.ts";
import { policyRoutes } from "./policies.ts";
import { quickWebhooks } from "./quick-webhooks.ts";
import { rbacRoutes, roleRoutes } from "./role-routes.ts";
import { userRoutes } from "./users.ts";
import { poolRoutes } from "./pools.ts";
import { registryRoutes } from "./registry.ts";
import { assertDeclared, type DeclaredRoute, Routes } from "./routes.ts";
import { ruleBreakerRoutes } from "./rule-breakers.ts";
import { ruleRoutes } from "./rules.ts";
import { outputStreamRoutes, streamRoutes } from "./streams.ts";
import { surveyPageRoutes } from "./survey-pages.ts";
import { runbookPageRoutes } from "./runbook-pages.ts";
import { runbookRoutes } from "./runbooks.ts";
import { sharing } from "./sharing.ts";
import { sensorRoutes, sensorTypeRoutes } from "./sensors.ts";
import { trialRoutes } from "./trials.ts";
import { triggerRoutes } from "./triggers.ts";
import { webhookRoutes } from "./webhooks.ts";
import { workflowRoutes } from "./workflows.ts";

/** `/actionexecutions` is an older name of `/executions`. */
const olderNames: RequestHandler = (request, _response, next) => {
  request.url = request.url.replace(/^\/actionexecutions(?=[/?]|$)/, "/executions");
  next();
};

/** StackStorm's REST API, behind the guard. */
function st2Routes(door: Door, feed: Feed, inventory: InventoryViews): Routes {
  const router = new Routes();
  router.use(signedWebhookRoutes(door));
  router.router.use(guard(door), lending(inventory));
  router.use(streamRoutes(door, feed), webhookRoutes(door), workflowRoutes(door));
  router.router.use(
    olderNames,
    readable(),
    jsonBodies({ limit: "10mb", type: () => true, strict: false }),
  );
  router.use(
    executionRoutes(door),
    executionRequestRoutes(door),
    inquiryRoutes(door),
    actionRoutes(door),
    ruleRoutes(door),
    triggerRoutes(door),
    packRoutes(door),
    policyRoutes(door),
    sensorTypeRoutes(door),
    apiKeyRoutes(door),
    keyRoutes(door),
    aliasRoutes(door),
    registryRoutes(door),
    rbacRoutes(door),
  );
  router.router.use(notFound);
  return router;
}

/** StackStorm's stream service. */
function streamService(door: Door, feed: Feed): Routes {
  const router = new Routes();
  router.router.use(guard(door));
  router.use(streamRoutes(door, feed), outputStreamRoutes(door));
  router.router.use(notFound);
  return router;
}

function ownRoutes(
  door: Door,
  inventory: InventoryViews,
  declared: () => readonly DeclaredRoute[],
): Routes {
  const router = new Routes();
  router.use(documentRoutes(declared, door.version));
  router.router.use(
    guard(door),
    lending(inventory),
    jsonBodies({ limit: "20mb" }),
    idempotent(door),
  );
  router.mount("/inventory", inventoryRoutes(inventory, door.typeFiles));
  router.use(
    alertRoutes(door),
    ticketRoutes(door),
    executionPageRoutes(door),
    poolRoutes(door),
    sensorRoutes(door),
    roleRoutes(door),
    userRoutes(door),
    trialRoutes(door),
    ruleBreakerRoutes(door),
    auditRoutes(door),
    webhookSettingRoutes(door),
    datastoreKeyRoutes(door),
    formRoutes(door),
    runbookRoutes(door),
  );
  router.router.use(nothingHere, problems);
  return router;
}

/** Looks at the health of this process; nobody needs to be known. */
function healthRoutes(door: Door): Routes {
  const routes = new Routes();
  routes.get("/livez", "anyone", (_request, response) => void response.json({ status: "live" }));
  routes.get("/readyz", "anyone", async (_request, response) => {
    const missing = await door.notReady();
    if (missing === undefined) return void response.json({ status: "ready" });
    return fault(response, 503, missing);
  });
  routes.get("/metrics", "anyone", async (_request, response) => {
    response.setHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.end(await door.metrics.text());
  });
  return routes;
}

interface Part {
  /** The first is what documents say, the others are other names of it. */
  readonly bases: readonly string[];
  readonly routes: Routes;
}

function partsOf(door: Door, inventory: InventoryViews): readonly Part[] {
  const feed = new Feed(door.core);
  const parts: readonly Part[] = [
    { bases: ["/"], routes: healthRoutes(door) },
    { bases: ["/auth/v1", "/auth"], routes: tokenRoutes(door) },
    { bases: ["/forms"], routes: pageSignInRoutes(door) },
    { bases: ["/forms"], routes: formPageRoutes(door, inventory) },
    { bases: ["/runbooks"], routes: runbookPageRoutes(door) },
    { bases: ["/surveys"], routes: surveyPageRoutes(door) },
    { bases: ["/api/v2"], routes: ownRoutes(door, inventory, () => wholePaths(parts)) },
    { bases: ["/stream/v1", "/stream"], routes: streamService(door, feed) },
    // Last: what is nowhere else is asked of StackStorm's API, which has no version in its older addresses.
    { bases: ["/v1", "/api/v1", "/api", "/"], routes: st2Routes(door, feed, inventory) },
  ];
  return parts;
}

function wholePaths(parts: readonly Part[]): readonly DeclaredRoute[] {
  return parts.flatMap(({ bases: [base = "/"], routes }) =>
    routes.declared.map((route) => ({
      ...route,
      path: base === "/" ? route.path : base + route.path,
    })),
  );
}

/** Every route of the door with its whole path. */
export function declaredRoutes(door: Door, inventory: InventoryViews): readonly DeclaredRoute[] {
  return wholePaths(partsOf(door, inventory));
}

/** The whole door, ready to listen. Throws when a route does not say who may use it. */
export function makeDoor(parts: Door, inventory: InventoryViews): RequestListener {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  const { metrics, audit, signIn } = parts;
  app.use(observe({ metrics, audit, from: origins(signIn) }), sharing(parts.allowOrigins));
  for (const { bases, routes } of partsOf(parts, inventory)) {
    const tail = bases[0] === "/auth/v1" ? [notFound] : [];
    // One by one: in a list, "/" would stand for the root alone.
    for (const base of bases) app.use(base, routes.router, ...tail);
  }
  app.use(notFound);
  assertDeclared(app.router);
  const log = (message: string, error: unknown, request?: string): void =>
    parts.core.log("error", message, {
      request,
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  app.use(faultHandler(log));
  return quickWebhooks(parts, app, log);
}
