/** Configuration files from templates: below `/api/v2/inventory`. */
import { render, renderRequest } from "../engine/inventory-render.ts";
import { bodyOf, onlyMembers } from "./inventory-requests.ts";
import { inventoryOf } from "./inventory-view.ts";
import type { Routes } from "./routes.ts";

const text = { type: "string" } as const;
const object = { type: "object" } as const;
const renderBody = {
  type: "object",
  additionalProperties: false,
  properties: {
    id: { ...text, description: "The entry that stands as `entry` in the template." },
    template: { ...text, description: "Jinja; without it, that of an attribute of the entry." },
    attribute: { ...text, description: "That attribute; config_template unless said." },
    queries: { ...object, description: "Name → {type, where, text, sort}: lists of entries." },
    variables: { ...object, description: "Further names with their values." },
  },
} as const;

export function renderRoutes(router: Routes): void {
  router.about({
    summary: "Text of a Jinja template over entries; as text/plain where that is accepted",
    body: renderBody,
  });
  router.post("/render", "inventory_list", async (request, response) => {
    const body = bodyOf(request);
    onlyMembers(body, Object.keys(renderBody.properties), "a rendering");
    const result = await render(inventoryOf(response), renderRequest(body));
    if (request.accepts(["json", "text/plain"]) === "text/plain")
      response.type("text/plain; charset=utf-8").send(result);
    else response.json({ text: result });
  });
}
