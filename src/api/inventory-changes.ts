/** Changes that are proposed, reviewed and applied together. */
import {
  changes,
  changeVerbs,
  changeView,
  decideChange,
  proposeChange,
} from "../engine/inventory-changes.ts";
import { readChange } from "../inventory/change-request.ts";
import { isObject } from "../model/json.ts";
import { userOf } from "./guard.ts";
import { authorOf, bodyOf, queryNumber, queryText, textOf } from "./inventory-requests.ts";
import { inventoryOf } from "./inventory-view.ts";
import type { Routes } from "./routes.ts";

export function changeRoutes(router: Routes): void {
  router.post("/changes", "inventory_modify", async (request, response) => {
    const body = bodyOf(request);
    const view = await proposeChange(
      inventoryOf(response),
      readChange(body),
      authorOf(request, response, body),
    );
    response.setHeader("Location", `${request.baseUrl}/changes/${String(view["id"])}`);
    response.status(201).json(view);
  });
  router.get("/changes", "inventory_list", async (request, response) => {
    const page = {
      state: queryText(request, "state"),
      after: queryText(request, "after"),
      limit: queryNumber(request, "limit"),
    };
    response.json(await changes(inventoryOf(response), userOf(response).name, page));
  });
  router.get("/changes/:id", "inventory_view", async (request, response) => {
    response.json(
      await changeView(inventoryOf(response), request.params.id, userOf(response).name),
    );
  });
  for (const verb of changeVerbs)
    router.post(`/changes/:id/${verb}`, "inventory_modify", async (request, response) => {
      const given: unknown = request.body;
      const body = isObject(given) ? given : {};
      const comment = textOf(body, "comment");
      const author = authorOf(request, response, body);
      const { id } = request.params;
      response.json(await decideChange(inventoryOf(response), id, { verb, comment, author }));
    });
}
