import { globSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { parse } from "yaml";
import { compileTypes } from "../../src/inventory/compile.ts";
import type { EntityTypes } from "../../src/inventory/definition.ts";
import type { DeclarationFile } from "../../src/model/definitions.ts";

export function declaration(name: string, text: string): DeclarationFile {
  return {
    kind: "entity-type",
    pack: "test",
    name,
    document: parse(text),
    source: { file: `/packs/test/types/${name}.yaml`, line: 1, column: 1 },
  };
}

export function compiled(...texts: readonly string[]): ReturnType<typeof compileTypes> {
  return compileTypes(texts.map((text, index) => declaration(`type${index}`, text)));
}

/** The shipped library. */
export function bundledTypes(): EntityTypes {
  const files = globSync("packs/inventory_core/types/*.yaml").toSorted();
  const { types, problems } = compileTypes(
    files.map((file) => ({
      ...declaration(basename(file, ".yaml"), readFileSync(file, "utf8")),
      pack: "inventory_core",
      source: { file: resolve(file), line: 1, column: 1 },
    })),
  );
  if (problems.length > 0) throw new Error(JSON.stringify(problems, undefined, 1));
  return types;
}
