/** `/packs`. */
import type { Request, Response } from "express";
import { AppError } from "../model/errors.ts";
import type { Content, PackDefinition } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { configRoutes } from "./configs.ts";
import type { Door } from "./door.ts";
import { idFor } from "./ids.ts";
import { answerList } from "./lists.ts";
import { packContents, packFiles, sendPackFile } from "./pack-files.ts";
import { packInstallRoutes } from "./pack-installs.ts";
import { names, refusal } from "./query.ts";
import { packNamed } from "./resources.ts";
import { on, Routes } from "./routes.ts";
import { runnerCount } from "./runner-view.ts";

function packView(pack: PackDefinition): JsonObject {
  const { ref, name, description, keywords, version, author, email, dependencies, path } = pack;
  return {
    id: idFor(`pack:${ref}`),
    uid: `pack:${ref}`,
    ref,
    name,
    description,
    keywords,
    version,
    python_versions: ["3"],
    author,
    email,
    contributors: [],
    files: [],
    path,
    dependencies,
    system: {},
  };
}

/** With the paths of its files: the web console counts content by them, and looks for a picture. */
async function withFiles(pack: PackDefinition): Promise<JsonObject> {
  return { ...packView(pack), files: await packFiles(pack.path) };
}

const listed = {
  names: ["id", "uid", "ref", "name", "version", "description", "author", "email", "keywords"],
  filters: ["ref", "name"],
  limit: 100,
} as const;

function refText(value: unknown): string {
  return Array.isArray(value) ? value.join("/") : String(value);
}

function packRoutesOnly(door: Door, router: Routes): void {
  const { core } = door;
  const all = (): readonly PackDefinition[] =>
    [...core.definitions().content.packs.values()].toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
  const find = (wanted: string): PackDefinition => {
    const found = all().find(
      ({ ref, name }) => ref === wanted || name === wanted || idFor(`pack:${ref}`) === wanted,
    );
    if (found === undefined)
      throw new AppError("NOT_FOUND", [`Resource with a ref or id "${wanted}" not found`]);
    return found;
  };
  const viewable = on("pack_view", packNamed(door));
  router.get("/packs", "pack_list", async (request, response) => {
    const { include_attributes, exclude_attributes } = request.query;
    const included = names(include_attributes);
    const wanted =
      (included.length === 0 || included.includes("files")) &&
      !names(exclude_attributes).includes("files");
    const shown = wanted ? await Promise.all(all().map(withFiles)) : all().map(packView);
    answerList(request, response, shown, listed);
  });
  packInstallRoutes(door, router);
  router.post("/packs/register", "pack_register", (request, response) =>
    register(door, request, response),
  );
  router.get("/packs/views/files/:ref", viewable, async (request, response) => {
    response.json(await packContents(find(request.params.ref).path));
  });
  router.get("/packs/views/file/:ref/*path", viewable, (request, response) => {
    const { ref, path } = request.params;
    return sendPackFile(find(refText(ref)).path, refText(path), response);
  });
  router.get("/packs/:ref", viewable, async (request, response) => {
    response.json(await withFiles(find(request.params.ref)));
  });
}

/** What registering counts, in StackStorm's words, and what goes with a word. */
const kinds = {
  runner: ["runners"],
  action: ["runners", "actions"],
  trigger: ["triggers"],
  sensor: ["triggers", "sensors"],
  rule: ["rule_types", "rules"],
  rule_type: ["rule_types"],
  alias: ["aliases"],
  policy: ["policy_types", "policies"],
  policy_type: ["policy_types"],
  config: ["configs"],
} as const;

function counts(door: Door, content: Content, packs: readonly string[]): Record<string, number> {
  const of = (all: ReadonlyMap<string, { readonly pack: string }>): number =>
    [...all.values()].filter(({ pack }) => packs.length === 0 || packs.includes(pack)).length;
  return {
    runners: runnerCount(door.core.runners),
    rule_types: 2,
    policy_types: 3,
    triggers: of(content.triggerTypes),
    sensors: of(content.sensors),
    actions: of(content.actions),
    rules: of(content.rules),
    aliases: of(content.aliases),
    policies: of(content.policies),
    configs: [...content.packs.values()].filter(
      ({ ref, config }) =>
        (packs.length === 0 || packs.includes(ref)) && Object.keys(config).length > 0,
    ).length,
  };
}

const singular: Readonly<Record<string, keyof typeof kinds>> = {
  runners: "runner",
  actions: "action",
  triggers: "trigger",
  sensors: "sensor",
  rules: "rule",
  rule_types: "rule_type",
  aliases: "alias",
  policies: "policy",
  policy_types: "policy_type",
  configs: "config",
};

function isKind(name: string): name is keyof typeof kinds {
  return name in kinds;
}

/** Reads everything again; what the body names decides only what is counted. */
async function register(door: Door, request: Request, response: Response): Promise<void> {
  const body: unknown = request.body ?? {};
  const wanted = isObject(body) ? names(body["packs"]) : [];
  const types = (isObject(body) ? names(body["types"]) : []).map((name) => singular[name] ?? name);
  const odd = types.find((name) => name !== "all" && !isKind(name));
  if (odd !== undefined)
    throw refusal(
      `There is no resource type "${odd}": give one of ${Object.keys(singular).join(", ")}`,
    );
  const { content, problems } = await door.reload();
  const gone = wanted.find((ref) => !content.packs.has(ref));
  if (gone !== undefined)
    throw refusal(
      problems.find((problem) => problem.includes(`/${gone}/pack.yaml`)) ??
        `Pack "${gone}" not found on disk: Directory "${door.packDirectory(gone)}" doesn't exist`,
    );
  const all = counts(door, content, wanted);
  const shown = new Set(
    types.length === 0 || types.includes("all")
      ? Object.keys(all)
      : types.flatMap((name) => (isKind(name) ? [...kinds[name]] : [])),
  );
  const registered = Object.fromEntries(Object.entries(all).filter(([name]) => shown.has(name)));
  response.json(problems.length === 0 ? registered : { ...registered, problems });
}

export function packRoutes(door: Door): Routes {
  const router = new Routes();
  packRoutesOnly(door, router);
  configRoutes(door, router);
  return router;
}
