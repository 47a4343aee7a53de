/** Mending what is derived of entries, piece by piece. */
import { reindex } from "../engine/inventory-reindex.ts";
import { isObject } from "../model/json.ts";
import { textOf } from "./inventory-requests.ts";
import { inventoryOf } from "./inventory-view.ts";
import type { Routes } from "./routes.ts";

export function reindexRoutes(router: Routes): void {
  router.post("/reindex", "inventory_modify", async (request, response) => {
    const body: unknown = request.body;
    const after = isObject(body) ? textOf(body, "after") : undefined;
    response.json(await reindex(inventoryOf(response).workshop, after));
  });
}
