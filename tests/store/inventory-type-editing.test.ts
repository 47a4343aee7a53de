/** Types changed through the API: into files of the site, with a dry run before. */
import { mkdtemp, readFile, rm, mkdir, writeFile, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  changeType,
  patchedType,
  typeDefinition,
  typeHistory,
  type TypeChangeView,
  type TypeFiles,
} from "../../src/engine/inventory-type-editing.ts";
import { misfits } from "../../src/engine/inventory-migration-view.ts";
import { compileTypes } from "../../src/inventory/compile.ts";
import type { DeclarationFile } from "../../src/model/definitions.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { typeFiles } from "../../src/wiring/type-files.ts";
import { eventually } from "../support/eventually.ts";
import { refusal, testInventory, type TestInventory } from "./inventory-site.ts";

const box = `# Boxes of the site
type: Box
attributes:
  name: { type: string, required: true }
  size: { type: string } # in litres
  tone: {type: string}
keys: [[name]]
`;
const packs = join(import.meta.dirname, "../../packs/inventory_core/types");
const bundledFiles = ["person.yaml", "team.yaml", "on_call.yaml"];

let home = "";
let world: TestInventory;
let files: TypeFiles;
let declarations: readonly DeclarationFile[] = [];

async function read(
  directory: string,
  pack: string,
  names: readonly string[],
): Promise<readonly DeclarationFile[]> {
  return Promise.all(
    names.map(async (name) => {
      const file = join(directory, name);
      const document: unknown = parse(await readFile(file, "utf8"));
      return {
        kind: "entity-type",
        pack,
        name,
        document,
        source: { file, line: 1, column: 1 },
      } as const;
    }),
  );
}
async function load(): Promise<void> {
  const site = await readdir(join(home, "types"));
  declarations = [
    ...(await read(packs, "inventory_core", bundledFiles)),
    ...(await read(join(home, "types"), "default", site)),
  ];
}
const compiled = () => {
  const { types, problems } = compileTypes(declarations);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return types;
};
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "raicho-types-"));
  await mkdir(join(home, "types"));
  await writeFile(join(home, "types", "box.yaml"), box);
  await load();
  world = await testInventory(() => undefined, compiled());
  files = typeFiles(
    { site: home },
    {
      declarations: () => declarations,
      reload: async () => {
        await load();
        await world.inventory.reload(compiled());
      },
    },
  );
  await world.upsert(
    { type: "Box", set: { name: "a", size: "10" } },
    { type: "Box", set: { name: "b", size: "large" } },
    { type: "Person", set: { login: "sato", name: "佐藤" } },
  );
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

const change = (
  name: string,
  document: JsonObject | undefined,
  dryRun = false,
): Promise<TypeChangeView> =>
  changeType(world.inventory, files, {
    name,
    change: { document, dryRun, actor: "sato", reason: "整理" },
  });
const misfitsOf = (name: string) =>
  misfits({ ground: world.inventory.ground, type: (of) => world.inventory.type(of) }, name);
const boxNow = () => readFile(join(home, "types", "box.yaml"), "utf8");
const patched = (name: string, patch: JsonObject): JsonObject =>
  patchedType(world.inventory, name, patch);

test("a dry run tells which entries would not fit, and writes nothing", async () => {
  const wish = patched("Box", { attributes: { size: { type: "integer" } } });
  const told = await change("Box", wish, true);
  expect(told).toMatchObject({
    result: "updated",
    dry_run: true,
    file: null,
    schema_version: 2,
    steps: ["make size integer, it was string"],
    migration: { entries: 2, checked: 2, changed: 1, unfit: 1, misfits: [{ name: "b" }] },
  });
  expect(told.migration?.misfits[0]?.problems).toMatchObject([{ path: "size" }]);
  expect(await boxNow()).toBe(box);
  expect(world.inventory.type("Box").schemaVersion).toBe(1);
});

test("a change is written with the comments that stood there, and entries follow", async () => {
  const done = await change(
    "Box",
    patched("Box", {
      attributes: {
        size: { type: "integer" },
        tone: null,
        weight: { type: "decimal", index: "range" },
      },
    }),
  );
  expect(done).toMatchObject({
    result: "updated",
    file: join(home, "types", "box.yaml"),
    schema_version: 2,
  });
  const text = await boxNow();
  expect(text).toContain("# Boxes of the site");
  expect(text).toContain("size: { type: integer } # in litres");
  expect(text).toContain("keys: [ [ name ] ]");
  expect(text).not.toContain("tone");
  expect(world.inventory.type("Box").attributes.has("weight")).toBe(true);
  await eventually("the misfit is listed", async () => (await misfitsOf("Box")).length === 1);
  expect((await world.inventory.find("Box", "a")).attributes["size"]).toBe(10);
  expect(await typeHistory(world.inventory, "Box")).toMatchObject([
    { op: "updated", actor: "sato", reason: "整理", schema_version: 2 },
    { op: "created", actor: null, schema_version: 1 },
  ]);
  expect(await typeDefinition(world.inventory, files, "Box")).toMatchObject({ yaml: text });
  expect(await change("Box", patched("Box", {}))).toMatchObject({
    result: "unchanged",
    file: null,
  });
});

test("a type of the program is replaced by a file of the site, and comes back without it", async () => {
  const wish = patched("Person", {
    attributes: { badge: { type: "string", label: { ja: "社員証" } } },
  });
  const done = await change("Person", wish);
  expect(done).toMatchObject({ file: join(home, "types", "person.yaml"), result: "updated" });
  expect(parse(await readFile(String(done.file), "utf8"))).toMatchObject({
    replaces: "inventory_core",
  });
  expect(world.inventory.type("Person").attributes.has("badge")).toBe(true);
  expect(await change("Person", undefined)).toMatchObject({
    result: "deleted",
    steps: ["go back to Person as it comes with the program"],
  });
  expect(world.inventory.type("Person").attributes.has("badge")).toBe(false);
  expect((await refusal(change("Person", undefined))).message).toContain("comes with the program");
});

test("what does not compile, or is still needed, is refused with the reason", async () => {
  const wrong = await refusal(
    change("Box", patched("Box", { attributes: { size: { type: "integr" } }, keys: [["nam"]] })),
  );
  expect(wrong.status).toBe(422);
  expect(wrong.details["errors"]).toMatchObject([
    { path: "attributes.size.type" },
    { path: "keys[0]" },
  ]);
  expect((await refusal(change("Box", undefined))).message).toBe(
    "There are 2 entries of type Box; delete them first.",
  );
  expect(
    (await refusal(change("Box", { ...patched("Box", {}), type: "Crate" }))).message,
  ).toContain("renamed_from: Box");
  const shelf = {
    type: "Shelf",
    attributes: { name: { type: "string" }, box: { type: "ref", to: ["Box"] } },
  };
  expect(await change("Shelf", shelf)).toMatchObject({
    result: "created",
    file: join(home, "types", "shelf.yaml"),
  });
  const crate = { ...patched("Box", {}), type: "Crate", renamed_from: "Box" };
  expect((await refusal(change("Box", crate))).message).toContain(
    "Shelf attributes.box.to: no type Box",
  );
  expect(await change("Shelf", undefined)).toMatchObject({ result: "deleted" });
  expect((await refusal(typeHistory(world.inventory, "Nowhere"))).status).toBe(404);
});
