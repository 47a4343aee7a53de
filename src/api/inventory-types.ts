/** Entity types as callers see them: below `/api/v2/inventory/types`. */
import { migrations, misfits } from "../engine/inventory-migration-view.ts";
import type { KnownType } from "../inventory/catalogue.ts";
import type { Attribute } from "../inventory/definition.ts";
import { isReference } from "../inventory/references.ts";
import type { JsonObject } from "../model/json.ts";
import { inventoryOf } from "./inventory-view.ts";
import type { Routes } from "./routes.ts";

/** What is not said is null, so that every attribute has the same members. */
function orNull(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, value ?? null]));
}

function attributeView(attribute: Attribute): JsonObject {
  const { name, label, description, array, element, computed, convert, renamedFrom } = attribute;
  const { required, index, scope, expiry, aliases, authority, search, impact } = attribute;
  return {
    name,
    label,
    description,
    type: array ? "array" : element.type,
    ...(array ? { items: element.type } : {}),
    required,
    ...(element.to.length > 0 ? { to: element.to } : {}),
    ...(isReference(attribute) ? { on_delete: element.onDelete } : {}),
    ...(element.type === "enum" ? { values: Object.fromEntries(element.values) } : {}),
    ...orNull({
      default: attribute.default,
      pattern: element.pattern?.source,
      min: element.min,
      max: element.max,
      index,
      scope,
      convert: convert?.source,
    }),
    expiry,
    aliases,
    authority,
    search,
    impact,
    computed:
      computed === undefined
        ? null
        : { expression: computed.formula.source, stored: computed.stored },
    renamed_from: renamedFrom,
  };
}

function typeView(type: KnownType): JsonObject {
  const { name, pack, label, description, keys, title, schemaVersion, host, views } = type;
  return {
    name,
    pack,
    label,
    description,
    title,
    keys: keys.map((key) => ({ ...key, unless: key.unless ?? null })),
    host: host ?? null,
    allocate: type.allocate ?? null,
    schema_version: schemaVersion,
    attributes: [...type.attributes.values()].map(attributeView),
    validate: type.assertions.map(({ formula, message, attribute }) => ({
      assert: formula.source,
      message,
      attribute,
    })),
    views,
  };
}

export function typeRoutes(router: Routes): void {
  router.get("/types", "inventory_list", async (_request, response) => {
    const counts = await inventoryOf(response).counts();
    const types = [...inventoryOf(response).known.byName.values()].toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    response.json({
      types: types.map(({ name, pack, label, description, schemaVersion }) => ({
        name,
        pack,
        label,
        description,
        schema_version: schemaVersion,
        entries: counts.get(name) ?? 0,
      })),
    });
  });
  router.about({ summary: "How far entries have followed changes of their types" });
  router.get("/migrations", "inventory_list", async (_request, response) => {
    response.json({ migrations: await migrations(inventoryOf(response)) });
  });
  router.about({ summary: "Entries that the present version of their type does not fit" });
  router.get("/types/:type/misfits", "inventory_list", async (request, response) => {
    const given = request.params.type;
    const inventory = inventoryOf(response);
    response.json({
      misfits: await misfits(
        { ground: inventory.ground, type: (name) => inventory.type(name) },
        given,
      ),
    });
  });
  router.get("/types/:type", "inventory_list", (request, response) => {
    response.json(typeView(inventoryOf(response).type(request.params.type)));
  });
}
