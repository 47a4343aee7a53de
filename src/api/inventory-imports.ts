/** Spreadsheets into the inventory: staged, decided, committed, taken back. */
import { raw, type Request, type RequestHandler, type Response } from "express";
import { exportEntries } from "../engine/inventory-export.ts";
import { Imports } from "../engine/inventory-imports.ts";
import { readExport, readImport, type ImportRequest } from "../engine/inventory-import-request.ts";
import { badRequest } from "../inventory/problem.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { authorOf, bodyOf, queryNumber, queryText } from "./inventory-requests.ts";
import { inventoryOf } from "./inventory-view.ts";
import type { Routes } from "./routes.ts";

/** A file as the body itself, of whatever type that is not JSON. */
const file: RequestHandler = raw({
  limit: "32mb",
  type: (request) => !/json/i.test(request.headers["content-type"] ?? ""),
});

/** The request as JSON would say it: the body is the file, the query says whose it is. */
function requestOf(request: Request): JsonObject {
  const body: unknown = request.body;
  if (!Buffer.isBuffer(body)) return bodyOf(request);
  const names = ["source", "type", "sheet", "encoding", "as_of"] as const;
  const about = Object.fromEntries(names.map((name) => [name, queryText(request, name)]));
  const authority = queryText(request, "authority")?.split(",");
  return {
    files: [
      { ...about, name: queryText(request, "name") ?? "sheet", content: body.toString("base64") },
    ],
    import: queryText(request, "import"),
    newest: queryText(request, "newest") === "true",
    override: queryText(request, "override") === "true",
    ...(authority === undefined ? {} : { authority }),
  };
}

function importsOf(request: Request, response: Response): Imports {
  const inventory = inventoryOf(response);
  const { actor } = authorOf(request, response);
  return new Imports(inventory, (given) => inventory.sheets.read(given), actor);
}

export function importRoutes(router: Routes): void {
  router.post("/imports", "inventory_modify", file, async (request, response) => {
    const given = requestOf(request);
    const wanted: ImportRequest = readImport(given);
    const { reason, ticket } = given;
    const author = authorOf(request, response, { reason, ticket });
    const view = await importsOf(request, response).stage(wanted.files, {
      id: wanted.id,
      options: wanted.options,
      author,
    });
    response.setHeader("Location", `${request.baseUrl}/imports/${view.id}`);
    response.status(201).json(view);
  });
  router.get("/imports", "inventory_list", async (request, response) => {
    const page = { after: queryText(request, "after"), limit: queryNumber(request, "limit") };
    response.json(await importsOf(request, response).list(page));
  });
  router.get("/imports/:id", "inventory_list", async (request, response) => {
    response.json(await importsOf(request, response).view(request.params.id));
  });
  router.get("/imports/:id/rows", "inventory_list", async (request, response) => {
    response.json(
      await importsOf(request, response).rows(request.params.id, {
        action: queryText(request, "action"),
        after: queryNumber(request, "after"),
        limit: queryNumber(request, "limit"),
      }),
    );
  });
  endRoutes(router);
  exportRoutes(router);
}

async function sendFile(response: Response, body: JsonObject): Promise<void> {
  const inventory = inventoryOf(response).exported;
  const { name, contentType, content, rows } = await exportEntries(inventory, readExport(body));
  response.setHeader("Content-Type", contentType);
  response.setHeader("Content-Disposition", `attachment; filename="${name}"`);
  response.setHeader("X-Total-Count", String(rows));
  response.end(Buffer.from(content, "base64"));
}

function exportRoutes(router: Routes): void {
  router.get("/export", "inventory_list", async (request, response) => {
    const names = [
      "type",
      "text",
      "sort",
      "format",
      "columns",
      "source",
      "language",
      "encoding",
    ] as const;
    const wish = Object.fromEntries(names.map((name) => [name, queryText(request, name)]));
    const where = queryText(request, "where");
    await sendFile(response, {
      ...wish,
      ...(where === undefined ? {} : { where: readJson(where) }),
    });
  });
  router.post("/export", "inventory_list", async (request, response) => {
    await sendFile(response, bodyOf(request));
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("where is no JSON");
  }
}

function endRoutes(router: Routes): void {
  router.post("/imports/:id/decisions", "inventory_modify", async (request, response) => {
    const { decisions } = bodyOf(request);
    const given: readonly unknown[] = Array.isArray(decisions) ? decisions : [];
    const list = given.filter(isObject);
    if (list.length === 0 || list.length !== given.length)
      throw badRequest("decisions: expected a list of {type, entry, attribute, take or value}");
    response.json(await importsOf(request, response).decide(request.params.id, list));
  });
  router.post("/imports/:id/commit", "inventory_modify", async (request, response) => {
    const given: unknown = request.body;
    const body = isObject(given) ? given : {};
    const author = authorOf(request, response, body);
    const skipErrors = body["skip_errors"] === true;
    response.json(
      await importsOf(request, response).commit(request.params.id, { author, skipErrors }),
    );
  });
  router.post("/imports/:id/revert", "inventory_modify", async (request, response) => {
    const given: unknown = request.body;
    const author = authorOf(request, response, isObject(given) ? given : {});
    response.json(await importsOf(request, response).revert(request.params.id, author));
  });
  router.delete("/imports/:id", "inventory_modify", async (request, response) => {
    response.json(await importsOf(request, response).discard(request.params.id));
  });
}
