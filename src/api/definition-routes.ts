/** Definitions of one kind: listed and looked up, created, changed and removed. What is written here counts before the files of packs until those are
 * registered again; see engine/resources.ts. */
import type { Response } from "express";
import { duplicate } from "../engine/resources.ts";
import { AppError } from "../model/errors.ts";
import type { DefinitionKind } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import { bodyOf, pythonText, textOr } from "./bodies.ts";
import { assertFits } from "./definition-schemas.ts";
import type { Door } from "./door.ts";
import { answerList, type Listed, type Naming, oneOf } from "./lists.ts";
import { refusal } from "./query.ts";
import { accessTo, type DefinedKind } from "./resources.ts";
import type { Routes } from "./routes.ts";

export interface Writing {
  readonly kind: DefinitionKind;
  readonly schema: JsonObject;
  /** As in StackStorm: what belongs to a system pack stays as it is. */
  readonly systemPacksStay: boolean;
  /** The definition as a file would say it. Throws what is wrong with it beyond its shape. */
  documentOf(body: JsonObject, response: Response): JsonObject | Promise<JsonObject>;
  /** After it was written, and after it was removed. */
  written?(body: JsonObject, shown: JsonObject): Promise<void>;
  removed?(body: JsonObject, shown: JsonObject): Promise<void>;
}

export interface DefinitionRoutes extends Listed {
  readonly rows: () => readonly JsonObject[];
  readonly naming?: Naming;
  /** As permissions call it. */
  readonly resource: DefinedKind;
  /** Absent: clients cannot write it. */
  readonly writing?: Writing;
}

const systemPacks: ReadonlySet<string> = new Set(["chatops", "core", "packs", "linux"]);

export function assertNotOfSystem(pack: unknown): void {
  if (systemPacks.has(String(pack)))
    throw refusal("Resources belonging to system level packs can't be manipulated");
}

const computed: ReadonlySet<string> = new Set(["id", "uid", "ref", "metadata_file", "data_files"]);

/** What was given, without what the server computes and what is null. */
export function plainDocument(body: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(body).filter(
      ([name, value]) => !computed.has(name) && value !== null && value !== undefined,
    ),
  );
}

function named(body: JsonObject): { readonly pack: string; readonly name: string } {
  return { pack: textOr(body, "pack", "default"), name: String(body["name"]) };
}

/** `GET /path` and `/path/:ref`, and what `writing` allows. */
export function definitionRoutes(
  door: Door,
  router: Routes,
  path: string,
  { rows, naming, resource, writing, ...listed }: DefinitionRoutes,
): void {
  const access = accessTo(resource, rows);
  router.get(path, access.list, (request, response) =>
    answerList(request, response, rows(), listed),
  );
  router.get(`${path}/:ref`, access.view, (request, response) => {
    response.json(oneOf(rows(), request.params["ref"] ?? "", naming));
  });
  if (writing === undefined) return;
  router.post(path, access.create, async (request, response) => {
    const made = await create(door, { rows, writing }, plainNames(bodyOf(request)), response);
    response.status("faultstring" in made ? 409 : 201).json(made);
  });
  router.put(`${path}/:ref`, access.modify, async (request, response) => {
    const shown = oneOf(rows(), request.params["ref"] ?? "", naming);
    const body = { pack: shown["pack"], name: shown["name"], ...plainNames(bodyOf(request)) };
    response.json(await change(door, { rows, writing }, { body, shown }, response));
  });
  router.delete(`${path}/:ref`, access.remove, async (request, response) => {
    const shown = oneOf(rows(), request.params["ref"] ?? "", naming);
    if (writing.systemPacksStay) assertNotOfSystem(shown["pack"]);
    const body = bodyOf(request);
    await door.resources.remove({ kind: writing.kind, ...named(shown) });
    await writing.removed?.(body, shown);
    response.status(204).end();
  });
}

/** Null and absent are the same to StackStorm's models. */
function plainNames(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

interface Kind {
  readonly rows: () => readonly JsonObject[];
  readonly writing: Writing;
}

/** The new one as it is shown; for a name that is taken StackStorm's fault with the id of who has it. */
export async function create(
  door: Door,
  { rows, writing }: Kind,
  body: JsonObject,
  response: Response,
): Promise<JsonObject> {
  assertFits(body, writing.schema);
  const { pack, name } = named(body);
  if (writing.systemPacksStay) assertNotOfSystem(pack);
  const document = { ...(await writing.documentOf(body, response)), pack, name };
  try {
    const there = find(rows, pack, name);
    if (there !== undefined) throw duplicate();
    await door.resources.put({ kind: writing.kind, pack, name, document }, "create");
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "CONFLICT") throw error;
    return { faultstring: error.message, "conflict-id": find(rows, pack, name)?.["id"] ?? "" };
  }
  return finished({ rows, writing }, body, { pack, name });
}

async function change(
  door: Door,
  { rows, writing }: Kind,
  { body, shown }: { readonly body: JsonObject; readonly shown: JsonObject },
  response: Response,
): Promise<JsonObject> {
  assertFits(body, writing.schema);
  const { pack, name } = named(body);
  if (writing.systemPacksStay) assertNotOfSystem(pack);
  const document = { ...(await writing.documentOf(body, response)), pack, name };
  const before = named(shown);
  const renamed = before.pack !== pack || before.name !== name;
  if (renamed && find(rows, pack, name) !== undefined) throw duplicate();
  await door.resources.put({ kind: writing.kind, pack, name, document }, "change");
  if (renamed) await door.resources.remove({ kind: writing.kind, ...before });
  return finished({ rows, writing }, body, { pack, name });
}

function find(rows: Kind["rows"], pack: string, name: string): JsonObject | undefined {
  return rows().find((row) => row["pack"] === pack && row["name"] === name);
}

async function finished(
  { rows, writing }: Kind,
  body: JsonObject,
  { pack, name }: { readonly pack: string; readonly name: string },
): Promise<JsonObject> {
  const shown = find(rows, pack, name);
  // It was read before it was stored; only a file that changed meanwhile can do this.
  if (shown === undefined) throw refusal(`"${pack}.${name}" cannot be read any more`);
  await writing.written?.(body, shown);
  return shown;
}

/** `PUT /path/:ref` of runners, which clients can only switch on and off. */
export function switchRoute(
  door: Door,
  router: Routes,
  path: string,
  { rows, naming, resource }: Pick<DefinitionRoutes, "rows" | "naming" | "resource">,
): void {
  const { modify } = accessTo(resource, rows);
  router.put(`${path}/:ref`, modify, async (request, response) => {
    const wanted = request.params["ref"] ?? "";
    const shown = oneOf(rows(), wanted, naming);
    const { enabled } = bodyOf(request);
    if (enabled !== undefined && typeof enabled !== "boolean")
      throw refusal(`${pythonText(enabled)} is not of type 'boolean'`);
    const document = { enabled: enabled ?? shown["enabled"] };
    const name = String(shown["name"]);
    await door.resources.put({ kind: "runner", pack: "", name, document }, "change");
    response.json(oneOf(rows(), wanted, naming));
  });
}
