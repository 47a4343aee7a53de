/** What the inventory watches over: rules that fire too often, dates that come near. */
import { breakers, resetBreaker } from "../engine/inventory-breakers.ts";
import { acknowledgeExpiry, expiring } from "../engine/inventory-expiry.ts";
import { pageLength } from "../engine/inventory-history.ts";
import type { Inventory } from "../engine/inventory.ts";
import { isObject } from "../model/json.ts";
import { userOf } from "./guard.ts";
import { queryNumber, queryText, textOf } from "./inventory-requests.ts";
import type { Routes } from "./routes.ts";

type GuardedService = Pick<Inventory, "ground" | "get" | "type" | "timeZone">;

export function guardRoutes(router: Routes, service: GuardedService): void {
  router.get("/breakers", "inventory_list", async (request, response) => {
    const all = queryText(request, "all") === "true";
    response.json({ breakers: await breakers(service.ground, { all }) });
  });
  router.post("/breakers/:id/reset", "inventory_modify", async (request, response) => {
    const { name } = userOf(response);
    response.json(await resetBreaker(service.ground, request.params.id, name));
  });
  router.get("/expiring", "inventory_list", async (request, response) => {
    const type = queryText(request, "type");
    if (type !== undefined) service.type(type);
    response.json({
      expiring: await expiring(service.ground, {
        type,
        days: queryNumber(request, "days") ?? 90,
        limit: pageLength(queryNumber(request, "limit")),
        timeZone: service.timeZone,
      }),
    });
  });
  router.post(
    "/entries/:id/expiry/:attribute/acknowledge",
    "inventory_modify",
    async (request, response) => {
      const { id, attribute } = request.params;
      const entry = await service.get(id);
      const body: unknown = request.body;
      const dates = await acknowledgeExpiry(service.ground, entry, {
        attribute,
        actor: userOf(response).name,
        note: isObject(body) ? textOf(body, "note") : undefined,
        timeZone: service.timeZone,
      });
      response.json({ entry: { id: entry.id, name: entry.name }, attribute, dates });
    },
  );
}
