/** What sources say about entries, where they differ from the documents, and what people decide. */
import type { Request } from "express";
import { conflicts, resolveConflict } from "../engine/inventory-conflicts.ts";
import { claimsAbout, decideDrift, drifts, readDriftQuery } from "../engine/inventory-drift.ts";
import { decideDrifts, readDecision } from "../engine/inventory-drift-many.ts";
import { observeAll, readReport } from "../engine/inventory-observe.ts";
import { sourceView } from "../inventory/sources.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { notePushes, readPushes } from "../engine/inventory-pushes.ts";
import {
  authorOf,
  bodyOf,
  onlyMembers,
  queryNumber,
  queryText,
  textOf,
} from "./inventory-requests.ts";
import { inventoryOf } from "./inventory-view.ts";
import type { Routes } from "./routes.ts";

function driftQuery(request: Request): JsonObject {
  const names = ["state", "source", "type", "attribute", "entry", "after"] as const;
  const texts = names.map((name) => [name, queryText(request, name)] as const);
  return { ...Object.fromEntries(texts), limit: queryNumber(request, "limit") };
}

function bodyOrNothing(request: Request): JsonObject {
  const body: unknown = request.body;
  return isObject(body) ? body : {};
}

export function claimRoutes(router: Routes): void {
  router.get("/sources", "inventory_list", (_request, response) => {
    response.json({
      sources: [...inventoryOf(response).ground.known.sources.values()].map(sourceView),
    });
  });
  router.post("/claims", "inventory_modify", async (request, response) => {
    const body = bodyOf(request);
    const report = readReport(body, new Date().toISOString());
    const { reason, ticket } = body;
    const author = authorOf(request, response, { reason, ticket });
    response.json(await observeAll(inventoryOf(response), report, author));
  });
  router.about({
    summary: "Note what was written into a source: when it reports that, it is an echo and no news",
  });
  router.post("/pushes", "inventory_modify", async (request, response) => {
    const body = bodyOf(request);
    onlyMembers(body, ["source", "items", "pushed_at"], "what was written");
    const author = authorOf(request, response);
    const results = await notePushes(inventoryOf(response), readPushes(body), author);
    response.json({ results });
  });
  router.get("/entries/:id/claims", "inventory_view", async (request, response) => {
    response.json(await claimsAbout(inventoryOf(response), request.params.id));
  });
  driftRoutes(router);
  router.get("/conflicts", "inventory_list", async (request, response) => {
    response.json(await conflicts(inventoryOf(response), readDriftQuery(driftQuery(request))));
  });
  router.post(
    "/conflicts/:entry/:attribute/resolve",
    "inventory_modify",
    async (request, response) => {
      const body = bodyOf(request);
      const { entry, attribute } = request.params;
      const [take, comment] = [textOf(body, "take"), textOf(body, "comment")];
      const author = authorOf(request, response, body);
      const { value } = body;
      response.json(
        await resolveConflict(inventoryOf(response), {
          entry,
          attribute,
          take,
          value,
          comment,
          author,
        }),
      );
    },
  );
}

function driftRoutes(router: Routes): void {
  router.get("/drifts", "inventory_list", async (request, response) => {
    response.json(await drifts(inventoryOf(response), readDriftQuery(driftQuery(request))));
  });
  for (const decision of ["approve", "reject", "enforce"] as const)
    router.post(`/drifts/:id/${decision}`, "inventory_modify", async (request, response) => {
      const body = bodyOrNothing(request);
      const comment = textOf(body, "comment");
      const author = authorOf(request, response, body);
      response.json(
        await decideDrift(inventoryOf(response), request.params.id, { decision, comment, author }),
      );
    });
  router.post("/drifts/decide", "inventory_modify", async (request, response) => {
    const body = bodyOf(request);
    const wish = {
      decision: readDecision(body),
      comment: textOf(body, "comment"),
      author: authorOf(request, response, body),
    };
    response.json(await decideDrifts(inventoryOf(response), body, wish));
  });
}
