/** What the inventory watches over: rules that fire too often, dates that come near. */
import { breakers, resetBreaker } from "../engine/inventory-breakers.ts";
import { acknowledgeExpiry, expiring } from "../engine/inventory-expiry.ts";
import { pageLength } from "../engine/inventory-history.ts";
import { isObject } from "../model/json.ts";
import { userOf } from "./guard.ts";
import { queryNumber, queryText, textOf } from "./inventory-requests.ts";
import { inventoryOf } from "./inventory-view.ts";
import type { Routes } from "./routes.ts";

export function guardRoutes(router: Routes): void {
  router.get("/breakers", "inventory_list", async (request, response) => {
    const all = queryText(request, "all") === "true";
    response.json({ breakers: await breakers(inventoryOf(response).ground, { all }) });
  });
  router.post("/breakers/:id/reset", "inventory_modify", async (request, response) => {
    const { name } = userOf(response);
    response.json(await resetBreaker(inventoryOf(response).ground, request.params.id, name));
  });
  router.get("/expiring", "inventory_list", async (request, response) => {
    const type = queryText(request, "type");
    const inventory = inventoryOf(response);
    if (type !== undefined) inventory.type(type);
    response.json({
      expiring: await expiring(inventory.ground, {
        type,
        days: queryNumber(request, "days") ?? 90,
        limit: pageLength(queryNumber(request, "limit")),
        timeZone: inventory.timeZone,
      }),
    });
  });
  router.post(
    "/entries/:id/expiry/:attribute/acknowledge",
    "inventory_modify",
    async (request, response) => {
      const { id, attribute } = request.params;
      const inventory = inventoryOf(response);
      const entry = await inventory.insist(id, "write", [attribute]);
      const body: unknown = request.body;
      const dates = await acknowledgeExpiry(inventory.ground, entry, {
        attribute,
        actor: userOf(response).name,
        note: isObject(body) ? textOf(body, "note") : undefined,
        timeZone: inventory.timeZone,
      });
      response.json({ entry: { id: entry.id, name: entry.name }, attribute, dates });
    },
  );
}
