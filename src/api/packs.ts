/** `/packs`. */
import { AppError } from "../model/errors.ts";
import type { PackDefinition } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import { configRoutes } from "./configs.ts";
import { register } from "./pack-registering.ts";
import type { Door } from "./door.ts";
import { idFor } from "./ids.ts";
import { answerList } from "./lists.ts";
import { packContents, packFiles, sendPackFile } from "./pack-files.ts";
import { packInstallRoutes } from "./pack-installs.ts";
import { names } from "./query.ts";
import { packNamed } from "./resources.ts";
import { on, Routes } from "./routes.ts";

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
  return { ...packView(pack), files: await packFiles(pack) };
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
    response.json(await packContents(find(request.params.ref)));
  });
  router.get("/packs/views/file/:ref/*path", viewable, (request, response) => {
    const { ref, path } = request.params;
    return sendPackFile(find(refText(ref)), refText(path).replace(/\/+$/, ""), response);
  });
  router.get("/packs/:ref", viewable, async (request, response) => {
    response.json(await withFiles(find(request.params.ref)));
  });
}

export function packRoutes(door: Door): Routes {
  const router = new Routes();
  packRoutesOnly(door, router);
  configRoutes(door, router);
  return router;
}
