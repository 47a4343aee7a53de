/** Types changed through the API: below `/api/v2/inventory/types`. */
import type { Request, Response } from "express";
import {
  changeType,
  patchedType,
  typeDefinition,
  typeHistory,
  type TypeFiles,
} from "../engine/inventory-type-editing.ts";
import { parseYaml } from "../content/yaml.ts";
import { badRequest } from "../inventory/problem.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { authorOf, bodyOf, onlyMembers, queryText, textOf } from "./inventory-requests.ts";
import { inventoryOf } from "./inventory-view.ts";
import type { Routes } from "./routes.ts";

/** Where there is no site whose files could be written. */
export const noTypeFiles: TypeFiles = {
  declarations: () => [],
  isBundled: () => false,
  text: () => Promise.resolve(""),
  save: () => Promise.reject(badRequest("types are not written here")),
  remove: () => Promise.reject(badRequest("types are not written here")),
};

interface Asked {
  readonly definition: JsonObject;
  /** As it was written, with comments. */
  readonly yaml?: string;
  readonly body: JsonObject;
}

/** `{definition}`, or `{yaml}` with the text of a file; beside it `dry_run` and `reason`. */
function definitionOf(request: Request): Asked {
  const body = bodyOf(request);
  onlyMembers(body, ["definition", "yaml", "dry_run", "reason", "ticket"], "a change of a type");
  const { definition } = body;
  const yaml = textOf(body, "yaml");
  if (yaml === undefined && isObject(definition)) return { definition, body };
  if (yaml === undefined || definition !== undefined)
    throw badRequest("expected either definition or yaml: what a file of types/ says");
  const { value, faults } = parseYaml(yaml);
  const fault = faults.find(({ severity }) => severity === "error");
  if (fault !== undefined) throw badRequest(`yaml, line ${fault.line}: ${fault.message}`);
  if (isObject(value)) return { definition: value, yaml, body };
  throw badRequest("yaml is no mapping; expected what a file of types/ says");
}

async function change(
  request: Request<{ type: string }>,
  response: Response,
  files: TypeFiles,
  {
    document,
    yaml,
    body,
  }: Omit<Asked, "definition"> & { readonly document: JsonObject | undefined },
): Promise<void> {
  const dryRun = body["dry_run"] === true || queryText(request, "dry_run") === "true";
  const { actor, reason } = authorOf(request, response, body);
  const inventory = inventoryOf(response);
  const wish = { name: request.params.type, change: { document, yaml, dryRun, actor, reason } };
  const answer = await changeType(inventory, files, wish);
  response.status(answer.result === "created" && !dryRun ? 201 : 200).json(answer);
}

export function typeEditingRoutes(router: Routes, files: TypeFiles): void {
  const dryRun = { dry_run: "true: only tells what the change would do to the entries." };
  router.about({ summary: "What the file of a type says" });
  router.get("/types/:type/definition", "inventory_list", async (request, response) => {
    response.json(await typeDefinition(inventoryOf(response), files, request.params.type));
  });
  router.about({ summary: "Every change of a type, newest first" });
  router.get("/types/:type/history", "inventory_list", async (request, response) => {
    response.json({ changes: await typeHistory(inventoryOf(response), request.params.type) });
  });
  router.about({
    summary: "Make a type, or give it another definition",
    query: dryRun,
  });
  router.put("/types/:type", "inventory_all", async (request, response) => {
    const { definition, ...rest } = definitionOf(request);
    await change(request, response, files, { document: definition, ...rest });
  });
  router.about({ summary: "Change parts of a definition (merge patch)", query: dryRun });
  router.patch("/types/:type", "inventory_all", async (request, response) => {
    const { definition, body } = definitionOf(request);
    const document = patchedType(inventoryOf(response), request.params.type, definition);
    await change(request, response, files, { document, body });
  });
  router.about({ summary: "Take a type away that has no entries", query: dryRun });
  router.delete("/types/:type", "inventory_all", async (request, response) => {
    const body: unknown = request.body;
    await change(request, response, files, {
      document: undefined,
      body: isObject(body) ? body : {},
    });
  });
}
