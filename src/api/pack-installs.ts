/** `/packs/install`, `/packs/uninstall`, and `/packs/index`: packs from elsewhere. */
import type { Request, Response } from "express";
import { request as requestExecution } from "../engine/request.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { bodyOf, textsIn } from "./bodies.ts";
import type { Door } from "./door.ts";
import { userOf } from "./guard.ts";
import { refusal } from "./query.ts";
import type { Routes } from "./routes.ts";

/** The lists of packs that can be installed by name, read together. */
export interface PackIndexView {
  readonly packs: ReadonlyMap<string, JsonObject>;
  readonly status: readonly {
    readonly index: string;
    readonly message: string;
    readonly packs: number;
    readonly error?: string;
  }[];
}

/** Starts an execution of the pack `packs` and tells its id at once; clients follow it. */
async function start(
  door: Door,
  action: string,
  request: Request,
  response: Response,
): Promise<void> {
  const body = bodyOf(request);
  if (!Array.isArray(body["packs"])) throw refusal("'packs' is a required property");
  const parameters = {
    packs: textsIn(body, "packs"),
    ...(body["force"] === true ? { force: true } : {}),
    ...(body["skip_dependencies"] === true ? { skip_dependencies: true } : {}),
  };
  const context = { user: userOf(response).name };
  const id = await requestExecution(door.core, { action, parameters, context });
  response.status(202).json({ execution_id: id });
}

function statusView({ status }: PackIndexView): readonly JsonObject[] {
  return status.map(({ index, message, packs, error }) => ({
    url: index,
    message,
    packs,
    error: error ?? null,
  }));
}

function health(index: PackIndexView): JsonObject {
  const errors: Record<string, number> = {};
  for (const { error } of index.status)
    if (error !== undefined) errors[error] = (errors[error] ?? 0) + 1;
  const invalid = index.status.filter(({ error }) => error !== undefined).length;
  const { length: count } = index.status;
  return {
    indexes: { count, valid: count - invalid, invalid, errors, status: statusView(index) },
    packs: { count: index.status.reduce((sum, { packs }) => sum + packs, 0) },
  };
}

const searched = ["ref", "name", "description", "author", "keywords"] as const;

function holds(pack: JsonObject, query: string): boolean {
  const wanted = query.toLowerCase();
  return searched.some((name) =>
    JSON.stringify(pack[name] ?? "")
      .toLowerCase()
      .includes(wanted),
  );
}

export function packInstallRoutes(door: Door, router: Routes): void {
  router.post("/packs/install", "pack_install", (request, response) =>
    start(door, "packs.install", request, response),
  );
  router.post("/packs/uninstall", "pack_uninstall", (request, response) =>
    start(door, "packs.uninstall", request, response),
  );
  router.get("/packs/index", "pack_list", async (_request, response) => {
    const index = await door.packIndex();
    response.json({ status: statusView(index), index: Object.fromEntries(index.packs) });
  });
  router.get("/packs/index/health", "pack_views_index_health", async (_request, response) => {
    response.json(health(await door.packIndex()));
  });
  router.post("/packs/index/search", "pack_search", async (request, response) => {
    const body: unknown = request.body;
    const { pack, query } = isObject(body) ? body : {};
    const { packs } = await door.packIndex();
    if (typeof pack === "string") return void response.json(packs.get(pack) ?? []);
    if (typeof query !== "string") throw refusal("'query' or 'pack' is a required property");
    return void response.json([...packs.values()].filter((each) => holds(each, query)));
  });
}
