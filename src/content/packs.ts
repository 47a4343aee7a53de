/** `pack.yaml`, `config.schema.yaml`, the configuration of a pack, and overrides. */
import { join } from "node:path";

import type { PackDefinition, ParameterSchemas } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";
import type { JsonObject } from "../model/json.ts";
import { withConfigDefaults } from "../expressions/config-schema.ts";
import { checkValues, isParameterSchemas } from "./check-values.ts";
import { isFile } from "./find-packs.ts";
import type { FoundPack } from "./find-packs.ts";
import type { ProblemList, SourceFile } from "./problems.ts";
import { objectOf, readSource, textOf, textsOf } from "./reading.ts";
import type { OverrideKind, Overrides } from "./reading.ts";
import { overrideShape, packShape, wordKey } from "./schemas/definitions.ts";
import { configAttributeShape } from "./schemas/parameters.ts";
import { checkShape } from "./shape.ts";
import type { Path } from "./yaml.ts";

const semver =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[\da-z-]+(?:\.[\da-z-]+)*)?(?:\+[\da-z-]+(?:\.[\da-z-]+)*)?$/i;

/** Undefined when pack.yaml is broken: nothing of the pack is then used. */
export async function readPack(
  found: FoundPack,
  configs: string | undefined,
  problems: ProblemList,
): Promise<PackDefinition | undefined> {
  const { source } = found;
  const document = source.yaml.value;
  if (!checkShape(packShape, document, { source, path: [] }, problems) || !isObject(document))
    return undefined;
  const version = normalVersion(document["version"]);
  if (!semver.test(version)) {
    problems.error(source, ["version"], `"${version}" is not a version`, {
      expected: "a version like 1.2.3",
    });
    return undefined;
  }
  const configSchema = await readConfigSchema(found, problems);
  return {
    ref: found.ref,
    name: textOf(document, "name"),
    version,
    description: textOf(document, "description"),
    author: textOf(document, "author"),
    email: textOf(document, "email"),
    keywords: textsOf(document, "keywords"),
    dependencies: textsOf(document, "dependencies"),
    path: found.path,
    bundled: found.bundled,
    configSchema: configSchema ?? {},
    config: await readConfig(found.ref, configs, configSchema, problems),
  };
}

/** `0.1` and 0.1 mean 0.1.0. */
function normalVersion(written: unknown): string {
  const text = String(written);
  return text.split(".").length === 2 ? `${text}.0` : text;
}

async function readConfigSchema(
  found: FoundPack,
  problems: ProblemList,
): Promise<ParameterSchemas | undefined> {
  const file = join(found.path, "config.schema.yaml");
  if (!(await isFile(file))) return undefined;
  const source = await readSource(file, found.ref, problems);
  if (source === undefined) return undefined;
  const document = source.yaml.value ?? {};
  const shape = { kind: "map", keys: wordKey, values: configAttributeShape } as const;
  const sound = checkShape(shape, document, { source, path: [] }, problems);
  return sound && isParameterSchemas(document) ? document : undefined;
}

/** The values of `<configs>/<pack>.yaml` with defaults. With faults in it, only defaults: half a configuration helps nobody. */
async function readConfig(
  pack: string,
  configs: string | undefined,
  schema: ParameterSchemas | undefined,
  problems: ProblemList,
): Promise<JsonObject> {
  const defaults = withConfigDefaults(schema ?? {}, {});
  const file = configs === undefined ? undefined : join(configs, `${pack}.yaml`);
  if (file === undefined || !(await isFile(file))) return defaults;
  const source = await readSource(file, pack, problems);
  if (source === undefined) return defaults;
  const values = source.yaml.value ?? {};
  if (!checkShape({ kind: "mapping" }, values, { source, path: [] }, problems) || !isObject(values))
    return defaults;
  if (schema === undefined) return values;
  const before = problems.errors;
  problems.faults(source, checkValues(schema, values, { others: "allow", expressions: true }));
  checkSecrets(source, schema, values, problems);
  return problems.errors === before ? withConfigDefaults(schema, values) : defaults;
}

/** What the datastore gives for a secret attribute is decrypted anyway; doing it twice fails when it is used. */
function checkSecrets(
  source: SourceFile,
  schema: ParameterSchemas,
  values: JsonObject,
  problems: ProblemList,
): void {
  for (const [name, attribute] of Object.entries(schema)) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    const path: Path = [name];
    if (attribute.secret === true && typeof value === "string" && /\bdecrypt_kv\b/.test(value))
      problems.error(source, path, `"${name}" is secret and decrypted without decrypt_kv`, {
        expected: "the lookup alone, {{ st2kv.system.… }}",
      });
  }
}

/** Reads one file of overrides; undefined when there is none or it is not sound. */
export async function readOverrides(
  directory: string | undefined,
  pack: string,
  problems: ProblemList,
): Promise<JsonObject | undefined> {
  const file = directory === undefined ? undefined : join(directory, `${pack}.yaml`);
  if (file === undefined || !(await isFile(file))) return undefined;
  const source = await readSource(file, pack, problems);
  const document = source?.yaml.value;
  if (source === undefined || !checkShape(overrideShape, document, { source, path: [] }, problems))
    return undefined;
  if (!isObject(document)) return undefined;
  const before = problems.errors;
  // Exceptions name resources of one pack.
  for (const kind of Object.keys(document))
    if (pack === "_global" && Object.hasOwn(objectOf(document, kind), "exceptions"))
      problems.errorAtKey(
        source,
        [kind, "exceptions"],
        "exceptions are not allowed in _global.yaml",
        {
          expected: "exceptions in <pack>.yaml",
        },
      );
  return problems.errors === before ? document : undefined;
}

/** The pack's own overrides count before the global ones. */
export function combineOverrides(
  own: JsonObject | undefined,
  global: JsonObject | undefined,
): Overrides {
  const documents = [own, global].filter((one) => one !== undefined);
  return {
    enabled(kind: OverrideKind, name: string, otherwise: boolean): boolean {
      for (const document of documents) {
        const section = objectOf(document, kind);
        for (const place of [
          objectOf(objectOf(section, "exceptions"), name),
          objectOf(section, "defaults"),
        ]) {
          const enabled = place["enabled"];
          if (typeof enabled === "boolean") return enabled;
        }
      }
      return otherwise;
    },
  };
}
