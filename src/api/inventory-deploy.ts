/** What breaks, hosts for Ansible, suggestions for forms: below `/api/v2/inventory`. */
import { ansibleInventory, impact, suggest } from "../engine/inventory-deploy.ts";
import { badRequest } from "../inventory/problem.ts";
import { queryNumber, queryText } from "./inventory-requests.ts";
import { jsonOf } from "./inventory-search-requests.ts";
import { inventoryOf } from "./inventory-view.ts";
import type { Routes } from "./routes.ts";

export function deployRoutes(router: Routes): void {
  router.get("/entries/:id/impact", "inventory_view", async (request, response) => {
    response.json(await impact(inventoryOf(response), request.params.id));
  });
  router.get("/ansible", "inventory_list", async (request, response) => {
    const where = queryText(request, "where");
    response.json(
      await ansibleInventory(inventoryOf(response), {
        type: queryText(request, "type")?.split(","),
        filter: queryText(request, "filter"),
        where: where === undefined ? {} : jsonOf(where),
        groupBy: (queryText(request, "group_by") ?? "").split(",").filter((path) => path !== ""),
      }),
    );
  });
  router.get("/suggest", "inventory_list", async (request, response) => {
    const type = queryText(request, "type")?.split(",");
    if (type === undefined) throw badRequest("type is missing; expected the name of a type");
    const [text = "", limit] = [queryText(request, "q"), queryNumber(request, "limit")];
    response.json({ suggestions: await suggest(inventoryOf(response), { type, text, limit }) });
  });
}
