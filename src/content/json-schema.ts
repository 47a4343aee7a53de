/** The shapes of definition files as JSON Schemas, for editors: completion, descriptions on the way, faults while one types.
 * They are made of the same shapes that the loader checks with, so that they cannot say anything else. */
import type { JsonObject } from "../model/json.ts";
import {
  actionShape,
  aliasShape,
  overrideShape,
  packShape,
  ruleShape,
  sensorShape,
  triggerShape,
} from "./schemas/definitions.ts";
import { configAttributeShape, parameterShape } from "./schemas/parameters.ts";
import { policyShape } from "./schemas/policies.ts";
import { chainShape, workflowShape } from "./schemas/workflows.ts";
import type { Field, Shape } from "./shape.ts";

/** A parameter's own schema is checked apart by the loader; here it stands where it belongs. */
const described: Shape =
  actionShape.kind === "record"
    ? {
        ...actionShape,
        fields: {
          ...actionShape.fields,
          parameters: { shape: { kind: "map", keys: /^\w+$/, values: parameterShape } },
        },
      }
    : actionShape;

/** Every kind of content file: its schema's name, where its files stand, and their shape. */
const kinds: Readonly<Record<string, { readonly files: string; readonly shape: Shape }>> = {
  pack: { files: "pack.yaml", shape: packShape },
  action: { files: "actions/*.yaml", shape: described },
  workflow: { files: "actions/workflows/*.yaml and workflows/*.yaml", shape: workflowShape },
  chain: { files: "the entry point of an action-chain", shape: chainShape },
  rule: { files: "rules/*.yaml", shape: ruleShape },
  trigger: { files: "triggers/*.yaml", shape: triggerShape },
  sensor: { files: "sensors/*.yaml", shape: sensorShape },
  alias: { files: "aliases/*.yaml", shape: aliasShape },
  policy: { files: "policies/*.yaml", shape: policyShape },
  config: {
    files: "config.schema.yaml",
    shape: { kind: "map", keys: /^\w+$/, values: configAttributeShape },
  },
  override: { files: "overrides/*.yaml", shape: overrideShape },
};

/** Names of the schemas, with the files each is for. */
export const schemaFiles: readonly (readonly [name: string, files: string])[] = Object.entries(
  kinds,
).map(([name, { files }]) => [name, files]);

/** The JSON Schema (draft 7) of one kind of file; undefined for a name that is none. */
export function schemaOf(name: string): JsonObject | undefined {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined) return undefined;
  const writer = new SchemaWriter();
  const root = writer.schema(kind.shape);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    $id: `https://raicho.dev/schemas/${name}.json`,
    title: `Raicho: ${kind.files}`,
    ...root,
    definitions: writer.definitions(),
  };
}

/** Every record becomes a definition of its own, so that shapes may hold themselves. */
class SchemaWriter {
  readonly #names = new Map<Shape, string>();
  readonly #made = new Map<string, JsonObject>();

  definitions(): JsonObject {
    return Object.fromEntries(this.#made);
  }

  schema(shape: Shape): JsonObject {
    switch (shape.kind) {
      case "any":
        return {};
      case "boolean":
        return { type: "boolean" };
      case "mapping":
        return { type: "object" };
      case "word":
        return { enum: shape.words };
      case "string":
        return textSchema(shape);
      case "number":
        return numberSchema(shape);
      case "list":
        return {
          type: "array",
          items: this.schema(shape.items),
          ...(shape.filled === true ? { minItems: 1 } : {}),
        };
      case "either":
        return { anyOf: shape.of.map((one) => this.schema(one)) };
      case "map":
        return this.#map(shape);
      case "record":
        return this.#reference(shape);
    }
  }

  #map({ keys, values }: Shape & { kind: "map" }): JsonObject {
    const inner = this.schema(values);
    if (keys === undefined) return { type: "object", additionalProperties: inner };
    const named = { propertyNames: { pattern: keys.source } };
    return { type: "object", additionalProperties: inner, ...named };
  }

  #reference(shape: Shape & { kind: "record" }): JsonObject {
    const known = this.#names.get(shape);
    const name = known ?? `part${this.#names.size + 1}`;
    if (known === undefined) {
      this.#names.set(shape, name);
      this.#made.set(name, this.#record(shape));
    }
    return { $ref: `#/definitions/${name}` };
  }

  #record({ fields, others }: Shape & { kind: "record" }): JsonObject {
    const entries = Object.entries(fields);
    const required = entries.filter(([, field]) => field.required === true).map(([name]) => name);
    return {
      type: "object",
      properties: Object.fromEntries(entries.map(([name, field]) => [name, this.#field(field)])),
      ...(required.length === 0 ? {} : { required }),
      ...(others === "reject" ? { additionalProperties: false } : {}),
    };
  }

  /** A key with nothing behind it counts as not written, which only a required one must not be. */
  #field({ shape, required }: Field): JsonObject {
    const schema = this.schema(shape);
    if (required !== true)
      return shape.kind === "any" ? schema : { anyOf: [schema, { type: "null" }] };
    return shape.kind === "any" ? { not: { type: "null" } } : schema;
  }
}

function textSchema({ pattern, filled, expected }: Shape & { kind: "string" }): JsonObject {
  return {
    type: "string",
    ...(filled === true ? { minLength: 1 } : {}),
    ...(pattern === undefined ? {} : { pattern: pattern.source }),
    ...(expected === undefined ? {} : { description: expected }),
  };
}

function numberSchema({ integer, minimum, maximum }: Shape & { kind: "number" }): JsonObject {
  return {
    type: integer === true ? "integer" : "number",
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
  };
}
