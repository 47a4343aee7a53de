/** Copies of entries with what belongs to them: below `/api/v2/inventory`. */
import { cloneRequest } from "../inventory/clone-request.ts";
import { authorOf, bodyOf, onlyMembers } from "./inventory-requests.ts";
import { inventoryOf } from "./inventory-view.ts";
import type { Routes } from "./routes.ts";

const text = { type: "string" } as const;
const object = { type: "object" } as const;
const cloneBody = {
  type: "object",
  additionalProperties: false,
  properties: {
    follow: {
      type: "array",
      items: text,
      description: 'Paths to what is copied with it, as "<Device.nodeset".',
    },
    name: { ...text, description: "The copy's name; the next free one unless said." },
    set: { ...object, description: "Attributes of the copy." },
    each: { ...object, description: "Attributes of further copies, by type." },
    rename: {
      type: "array",
      items: { type: "object", properties: { from: text, to: text }, required: ["from", "to"] },
      description: "Text that is replaced in names of further copies.",
    },
    allocate: { ...object, description: "Pools by type; those of the originals unless said." },
    dry_run: { type: "boolean", description: "True: nothing stays." },
    reason: text,
    ticket: text,
    source: text,
  },
} as const;

export function cloneRoutes(router: Routes): void {
  router.about({
    summary: "Copy an entry and what belongs to it, in one changeset",
    body: cloneBody,
  });
  router.post("/entries/:id/clone", "inventory_modify", async (request, response) => {
    const body = bodyOf(request);
    onlyMembers(body, Object.keys(cloneBody.properties), "a clone");
    const wanted = cloneRequest(request.params.id, body);
    const done = await inventoryOf(response).clone(wanted, authorOf(request, response, body));
    response.status(wanted.dryRun ? 200 : 201).json(done);
  });
}
