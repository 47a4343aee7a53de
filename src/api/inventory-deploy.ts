/** What breaks, hosts for Ansible, suggestions for forms: below `/api/v2/inventory`. */
import { ansibleInventory, impact, suggest, type Readers } from "../engine/inventory-deploy.ts";
import { badRequest } from "../inventory/problem.ts";
import { queryNumber, queryText } from "./inventory-requests.ts";
import { jsonOf } from "./inventory-search-requests.ts";
import type { Routes } from "./routes.ts";

export function deployRoutes(router: Routes, service: Readers): void {
  router.get("/entries/:id/impact", "inventory_view", async (request, response) => {
    response.json(await impact(service, request.params.id));
  });
  router.get("/ansible", "inventory_list", async (request, response) => {
    const where = queryText(request, "where");
    response.json(
      await ansibleInventory(service, {
        type: queryText(request, "type")?.split(","),
        where: where === undefined ? {} : jsonOf(where),
        groupBy: (queryText(request, "group_by") ?? "").split(",").filter((path) => path !== ""),
      }),
    );
  });
  router.get("/suggest", "inventory_list", async (request, response) => {
    const type = queryText(request, "type")?.split(",");
    if (type === undefined) throw badRequest("type is missing; expected the name of a type");
    const [text = "", limit] = [queryText(request, "q"), queryNumber(request, "limit")];
    response.json({ suggestions: await suggest(service, { type, text, limit }) });
  });
}
