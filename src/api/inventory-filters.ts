/** Saved filters and groups: below `/api/v2/inventory`. */
import type { Request, Response } from "express";
import { filterHistory, filterNamed, filters, members } from "../engine/inventory-filters.ts";
import { removeFilter, saveFilter, type FilterAuthor } from "../engine/inventory-filter-saving.ts";
import { isObject } from "../model/json.ts";
import { badRequest } from "../inventory/problem.ts";
import {
  authorOf,
  bodyOf,
  etag,
  ifVersion,
  queryNumber,
  queryText,
  textOf,
} from "./inventory-requests.ts";
import { inventoryOf } from "./inventory-view.ts";
import { mayDo, type Routes } from "./routes.ts";

function filterAuthor(request: Request, response: Response): FilterAuthor {
  const body: unknown = request.body;
  const { actor, reason } = authorOf(request, response, isObject(body) ? body : {});
  const maySharing = mayDo(response, "inventory_modify");
  return { actor, reason, maySharing, ifVersion: ifVersion(request) };
}

async function save(request: Request, response: Response, name: string): Promise<void> {
  const asked = { name, body: bodyOf(request) };
  const author = filterAuthor(request, response);
  const saved = await saveFilter(inventoryOf(response), asked, author);
  response.setHeader("ETag", etag(saved.filter.version));
  response.status(saved.result === "created" ? 201 : 200).json(saved);
}

export function filterRoutes(router: Routes): void {
  router.about({ summary: "Saved filters: the shared ones and one's own" });
  router.get("/filters", "inventory_list", async (_request, response) => {
    response.json({ filters: await filters(inventoryOf(response)) });
  });
  router.about({ summary: "Save a query under a name" });
  router.post("/filters", "signed in", async (request, response) => {
    const name = textOf(bodyOf(request), "name");
    if (name === undefined) throw badRequest("name is missing; expected the name of the filter");
    await save(request, response, name);
  });
  router.get("/filters/:name", "inventory_list", async (request, response) => {
    const filter = await filterNamed(inventoryOf(response), request.params.name);
    response.setHeader("ETag", etag(filter.version));
    response.json(filter);
  });
  router.get("/filters/:name/history", "inventory_list", async (request, response) => {
    response.json({ versions: await filterHistory(inventoryOf(response), request.params.name) });
  });
  router.about({ summary: "Save a query under this name, in place of what it meant" });
  router.put("/filters/:name", "signed in", async (request, response) => {
    await save(request, response, request.params.name);
  });
  router.delete("/filters/:name", "signed in", async (request, response) => {
    const { name } = request.params;
    const author = filterAuthor(request, response);
    const filter = await removeFilter(inventoryOf(response), name, author);
    response.json({ result: "deleted", filter });
  });
  router.about({
    summary: "Members of a group: those that were put in, and those that its query finds",
    query: {
      type: "Only of that type.",
      limit: "1 to 1000.",
      after: "`next` of the page before.",
      count: "true: how many.",
    },
  });
  router.get("/entries/:id/members", "inventory_list", async (request, response) => {
    response.json(
      await members(inventoryOf(response), request.params.id, {
        type: queryText(request, "type")?.split(","),
        limit: queryNumber(request, "limit"),
        after: queryText(request, "after"),
        count: queryText(request, "count") === "true",
      }),
    );
  });
}
