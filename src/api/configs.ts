/** `/configs` and `/config_schemas`. */
import { bestError, schemaErrors } from "../expressions/json-schema.ts";
import type { PackDefinition } from "../model/definitions.ts";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { bodyOf } from "./bodies.ts";
import type { Door } from "./door.ts";
import { idFor } from "./ids.ts";
import { answerList } from "./lists.ts";
import { explained } from "./python-words.ts";
import { refusal, showsSecrets } from "./query.ts";
import { packNamed } from "./resources.ts";
import { on, type Routes } from "./routes.ts";
import { maskedIn } from "../model/secrets.ts";

function notConfigured(ref: string): AppError {
  return new AppError("NOT_FOUND", [`Unable to identify resource with pack_ref "${ref}".`]);
}

function configView({ ref, config, configSchema }: PackDefinition, open: boolean): JsonObject {
  return {
    id: idFor(`config:${ref}`),
    pack: ref,
    values: open ? config : maskedIn(configSchema, config),
  };
}

function schemaView({ ref, configSchema }: PackDefinition): JsonObject {
  return { id: idFor(`config_schema:${ref}`), pack: ref, attributes: configSchema };
}

function unknownPack(ref: string): AppError {
  return new AppError("NOT_FOUND", [`Resource with a ref or id "${ref}" not found`]);
}

/** A value with an expression is known only when it is rendered. */
function isLater(value: unknown): boolean {
  return typeof value === "string" && /\{\{|\{%/.test(value);
}

/** Whether a value that is secret anyway is decrypted by hand. */
function decryptsTwice(schema: unknown, value: unknown): boolean {
  if (!isObject(schema)) return false;
  const { secret, properties, items } = schema;
  if (secret === true) return typeof value === "string" && /\bdecrypt_kv\b/.test(value);
  if (Array.isArray(value)) return value.some((each) => decryptsTwice(items, each));
  return (
    isObject(value) &&
    isObject(properties) &&
    Object.entries(value).some(([name, each]) => decryptsTwice(properties[name], each))
  );
}

/** Throws what StackStorm says of a value that does not fit; what holds an expression is known only later. */
function assertConfig(door: Door, { ref, configSchema }: PackDefinition, values: JsonObject): void {
  if (decryptsTwice({ properties: configSchema }, values))
    throw refusal(
      'Values specified as "secret: True" in config schema are automatically decrypted by default. Use of "decrypt_kv" jinja filter is not allowed for such values. Please check the specified values in the config or the default values in the schema.',
    );
  const fixed = Object.fromEntries(Object.entries(values).filter(([, value]) => !isLater(value)));
  const properties = Object.fromEntries(
    Object.entries(configSchema).map(([name, schema]) => {
      const waived = schema.default !== undefined || isLater(values[name]);
      return [name, waived ? { ...schema, required: false } : schema];
    }),
  );
  const worst = bestError(schemaErrors(fixed, { type: "object", properties }));
  if (worst === undefined) return;
  const attribute = String(worst.path[0] ?? worst.schemaPath[1] ?? "");
  throw refusal(
    `Failed validating attribute "${attribute}" in config for pack "${ref}" (${door.configFile(ref)}): ${explained(worst)}`,
  );
}

export function configRoutes(door: Door, router: Routes): void {
  const { core } = door;
  const viewable = on("pack_view", packNamed(door));
  const all = (): readonly PackDefinition[] =>
    [...core.definitions().content.packs.values()].toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
  const configured = (): readonly PackDefinition[] =>
    all().filter(({ config }) => Object.keys(config).length > 0);
  const limits = { names: ["id", "pack", "values", "attributes"], filters: ["pack"], limit: 100 };
  router.get("/configs", "pack_list", (request, response) => {
    const shown = configured().map((pack) => configView(pack, showsSecrets(request, response)));
    answerList(request, response, shown, limits);
  });
  router.get("/configs/:ref", viewable, (request, response) => {
    const { ref } = request.params;
    const pack = configured().find((each) => each.ref === ref);
    if (pack === undefined) throw notConfigured(ref);
    response.json(configView(pack, showsSecrets(request, response)));
  });
  const named = (ref: string): PackDefinition | undefined =>
    core.definitions().content.packs.get(ref);
  router.put("/configs/:ref", on("pack_config", packNamed(door)), async (request, response) => {
    const { ref } = request.params;
    const pack = named(ref);
    if (pack === undefined) throw unknownPack(ref);
    const values = bodyOf(request);
    assertConfig(door, pack, values);
    await door.writeConfig(ref, values);
    // StackStorm shows what was given, without the defaults of the schema.
    const open = showsSecrets(request, response);
    response.json({
      ...configView(pack, open),
      values: open ? values : maskedIn(pack.configSchema, values),
    });
  });
  const withSchema = (): readonly PackDefinition[] =>
    all().filter(({ configSchema }) => Object.keys(configSchema).length > 0);
  // StackStorm knows no include_attributes here: everything is shown.
  router.get("/config_schemas", "pack_list", (request, response) => {
    answerList(request, response, withSchema().map(schemaView), { ...limits, chosen: false });
  });
  router.get("/config_schemas/:ref", viewable, (request, response) => {
    const { ref } = request.params;
    if (named(ref) === undefined) throw unknownPack(ref);
    const pack = withSchema().find((each) => each.ref === ref);
    if (pack === undefined) throw notConfigured(ref);
    response.json(schemaView(pack));
  });
}
