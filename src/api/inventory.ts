/** The inventory's door, below `/api/v2/inventory`. */
import { json, type Request, type Response } from "express";
import type { EntryPatch, WriteResult } from "../engine/inventory.ts";
import { allocationCount } from "../engine/inventory-pool.ts";
import { readJsonPatch } from "../inventory/json-patch.ts";
import { badRequest } from "../inventory/problem.ts";
import { readUpsertItem } from "../inventory/upsert.ts";
import { shown } from "../inventory/validate.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { accessRoutes } from "./inventory-access.ts";
import { inventoryAnswers } from "./inventory-answers.ts";
import { cloneRoutes } from "./inventory-clone.ts";
import { deployRoutes } from "./inventory-deploy.ts";
import { filterRoutes } from "./inventory-filters.ts";
import { guardRoutes } from "./inventory-guards.ts";
import { pictureRoutes } from "./inventory-pictures.ts";
import { renderRoutes } from "./inventory-render.ts";
import { changeRoutes } from "./inventory-changes.ts";
import { claimRoutes } from "./inventory-claims.ts";
import { importRoutes } from "./inventory-imports.ts";
import { reindexRoutes } from "./inventory-reindex.ts";
import { pastRoutes } from "./inventory-history.ts";
import { inventoryOf, viewing, type InventoryViews } from "./inventory-view.ts";
import { problems } from "./problems.ts";
import {
  attributesOf,
  authorOf,
  bodyOf,
  etag,
  ifVersion,
  queryNumber,
  queryText,
  textOf,
} from "./inventory-requests.ts";
import { Routes } from "./routes.ts";
import type { TypeFiles } from "../engine/inventory-type-editing.ts";
import { noTypeFiles, typeEditingRoutes } from "./inventory-type-editing.ts";
import { typeRoutes } from "./inventory-types.ts";
import { searchOfBody, searchOfUrl } from "./inventory-search-requests.ts";

/** Bodies that are a patch and nothing else. */
const barePatches = ["application/merge-patch+json", "application/json-patch+json"];
/** Items of one upsert call. */
const mostItems = 20_000;

function answer(response: Response, written: WriteResult, status = 200): void {
  response.setHeader("ETag", etag(written.entry.version));
  response.status(status).json(written);
}

function readRoutes(router: Routes): void {
  router.get("/entries", "inventory_list", async (request, response) => {
    response.json(await inventoryOf(response).search(searchOfUrl(request)));
  });
  router.post("/search", "inventory_list", async (request, response) => {
    response.json(await inventoryOf(response).search(searchOfBody(bodyOf(request))));
  });
  router.get("/entries/:id", "inventory_view", async (request, response) => {
    const entry = await inventoryOf(response).get(request.params.id);
    response.setHeader("ETag", etag(entry.version));
    response.json(entry);
  });
  router.get("/available", "inventory_list", async (request, response) => {
    const values = await inventoryOf(response).available(
      queryText(request, "type") ?? "",
      queryText(request, "from"),
      {
        count: allocationCount(queryNumber(request, "count")),
        size: queryNumber(request, "size"),
      },
    );
    response.json({ values });
  });
  router.get("/hosts", "inventory_list", async (request, response) => {
    response.json(await inventoryOf(response).findHost(queryText(request, "q") ?? ""));
  });
  router.get("/owners", "inventory_list", async (request, response) => {
    response.json(await inventoryOf(response).findOwner(queryText(request, "host") ?? ""));
  });
}

/** What is to change, and the rest of the body. A bare patch leaves no room for a reason: that comes in headers then. */
function patchOf(request: Request): { readonly patch: EntryPatch; readonly body: JsonObject } {
  if (request.is("application/json-patch+json") !== false)
    return { patch: readJsonPatch(request.body), body: {} };
  const body = bodyOf(request);
  if (request.is("application/merge-patch+json") !== false) return { patch: body, body: {} };
  const { operations, attributes } = body;
  if (operations === undefined || operations === null)
    return { patch: attributesOf(body, "attributes"), body };
  if (attributes !== undefined)
    throw badRequest("attributes and operations: give one of them, a merge patch or a JSON Patch");
  return { patch: readJsonPatch(operations), body };
}

function writeRoutes(router: Routes): void {
  router.post("/entries", "inventory_modify", async (request, response) => {
    const body = bodyOf(request);
    const type = textOf(body, "type");
    if (type === undefined) throw badRequest("type is missing; expected the name of a type");
    const author = authorOf(request, response, body);
    const written = await inventoryOf(response).create(
      type,
      attributesOf(body, "attributes"),
      author,
    );
    response.setHeader("Location", `${request.baseUrl}/entries/${written.entry.id}`);
    answer(response, written, 201);
  });
  router.patch("/entries/:id", "inventory_modify", async (request, response) => {
    const { patch, body } = patchOf(request);
    answer(
      response,
      await inventoryOf(response).patch(request.params.id, patch, {
        author: authorOf(request, response, body),
        ifVersion: ifVersion(request),
      }),
    );
  });
  router.delete("/entries/:id", "inventory_modify", async (request, response) => {
    const body: unknown = request.body;
    const author = authorOf(request, response, isObject(body) ? body : {});
    answer(
      response,
      await inventoryOf(response).remove(request.params.id, {
        author,
        ifVersion: ifVersion(request),
      }),
    );
  });
  router.post("/entries/:id/restore", "inventory_modify", async (request, response) => {
    const body: unknown = request.body;
    const author = authorOf(request, response, isObject(body) ? body : {});
    answer(response, await inventoryOf(response).restore(request.params.id, author));
  });
}

function manyRoutes(router: Routes): void {
  router.post("/allocate", "inventory_modify", async (request, response) => {
    const body = bodyOf(request);
    const type = textOf(body, "type");
    if (type === undefined) throw badRequest("type is missing; expected the name of a type");
    const { size } = body;
    if (size !== undefined && typeof size !== "number")
      throw badRequest(`size is ${shown(size)}; expected a number`);
    const entries = await inventoryOf(response).allocate(type, body["from"], {
      count: allocationCount(body["count"]),
      size,
      set: body["set"] === undefined ? {} : attributesOf(body, "set"),
      author: authorOf(request, response, body),
    });
    response.status(201).json({ entries });
  });
  router.post("/upsert", "inventory_modify", async (request, response) => {
    const body = bodyOf(request);
    const given: unknown = body["items"];
    if (!Array.isArray(given) || given.length > mostItems)
      throw badRequest(`items: expected a list of at most ${mostItems} items`);
    const items = given.map((item: unknown, index) => readUpsertItem(item, `items[${index}]`));
    response.json({
      results: await inventoryOf(response).upsert(items, authorOf(request, response, body)),
    });
  });
}

/** Expects the guard before it (`response.locals.user`) and parsed JSON bodies; merge patches it parses itself. */
export function inventoryRoutes(views: InventoryViews, files: TypeFiles = noTypeFiles): Routes {
  const router = new Routes();
  router.router.use(viewing(views), json({ type: barePatches, limit: "1mb" }));
  accessRoutes(router, views);
  typeRoutes(router);
  typeEditingRoutes(router, files);
  readRoutes(router);
  writeRoutes(router);
  manyRoutes(router);
  filterRoutes(router);
  pastRoutes(router);
  deployRoutes(router);
  cloneRoutes(router);
  renderRoutes(router);
  pictureRoutes(router);
  guardRoutes(router);
  changeRoutes(router);
  reindexRoutes(router);
  importRoutes(router);
  claimRoutes(router);
  router.answering(inventoryAnswers);
  router.router.use(problems);
  return router;
}
