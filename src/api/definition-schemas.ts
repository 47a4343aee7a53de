/** What bodies of definitions must look like, as StackStorm's models say it (`required` on a property is draft 3's). */
import { bestError, schemaErrors } from "../expressions/json-schema.ts";
import type { JsonObject } from "../model/json.ts";
import { poolPattern } from "../model/pools.ts";
import { explained } from "./python-words.ts";
import { refusal } from "./query.ts";

const text = { type: "string" } as const;
const needed = { type: "string", required: true } as const;
const maybeText = { type: ["string", "null"] } as const;
const flag = { type: "boolean" } as const;
const mapping = { type: "object" } as const;
const pool = { type: "string", pattern: poolPattern.source } as const;

/** Computed by the server; clients put them back as they got them. */
const computed = { id: maybeText, uid: maybeText, ref: maybeText, metadata_file: maybeText };

const tags = {
  type: "array",
  items: { type: "object", properties: { name: text, value: text } },
} as const;

const types = ["array", "boolean", "integer", "null", "number", "object", "string"] as const;

const parameter = {
  type: "object",
  properties: {
    type: { anyOf: [{ enum: types }, { type: "array", items: { enum: types } }] },
    description: text,
    required: flag,
    secret: flag,
    immutable: flag,
    position: { type: "number", minimum: 0 },
    enum: { type: "array" },
  },
} as const;

function record(properties: JsonObject): JsonObject {
  return {
    type: "object",
    properties: { ...computed, ...properties },
    additionalProperties: false,
  };
}

const notifySection = { type: ["object", "null"] } as const;

export const actionSchema = record({
  name: needed,
  pack: maybeText,
  description: maybeText,
  enabled: flag,
  runner_type: needed,
  entry_point: maybeText,
  parameters: {
    type: "object",
    patternProperties: { "^\\w+$": parameter },
    additionalProperties: false,
  },
  output_schema: { type: ["object", "null"] },
  tags,
  notify: {
    type: ["object", "null"],
    properties: {
      "on-complete": notifySection,
      "on-success": notifySection,
      "on-failure": notifySection,
    },
    additionalProperties: false,
  },
  data_files: {
    type: "array",
    items: {
      type: "object",
      properties: { file_path: needed, content: needed },
      additionalProperties: false,
    },
  },
  on_worker_lost: { enum: ["rerun", "abandon"] },
  pool,
});

export const ruleSchema = record({
  name: needed,
  pack: maybeText,
  description: maybeText,
  enabled: flag,
  trigger: {
    type: "object",
    required: true,
    properties: { type: needed, parameters: mapping, description: maybeText },
    additionalProperties: true,
  },
  criteria: mapping,
  when: text,
  action: {
    type: "object",
    required: true,
    properties: { ref: needed, parameters: mapping, description: maybeText, pool },
    additionalProperties: false,
  },
  type: {
    type: ["object", "null"],
    properties: { ref: needed, parameters: mapping },
    additionalProperties: false,
  },
  context: { type: ["object", "null"] },
  tags,
});

export const triggerSchema = record({
  name: maybeText,
  pack: maybeText,
  description: maybeText,
  type: needed,
  parameters: { type: ["object", "null"] },
});

export const triggerTypeSchema = record({
  name: maybeText,
  pack: maybeText,
  description: maybeText,
  payload_schema: mapping,
  parameters_schema: mapping,
  tags,
});

const reply = (...more: readonly [string, JsonObject][]): JsonObject => ({
  type: ["object", "null"],
  properties: {
    enabled: flag,
    format: text,
    extra: mapping,
    ...Object.fromEntries(more),
  },
  additionalProperties: false,
});

export const aliasSchema = record({
  name: needed,
  pack: maybeText,
  description: maybeText,
  enabled: flag,
  action_ref: needed,
  formats: {
    type: "array",
    items: {
      anyOf: [
        text,
        {
          type: "object",
          properties: {
            display: text,
            representation: { type: "array", items: text },
            match_multiple: flag,
          },
        },
      ],
    },
  },
  ack: reply(["append_url", flag]),
  result: reply(),
  extra: { type: ["object", "null"] },
  immutable_parameters: { type: ["object", "null"] },
});

export const policySchema = record({
  name: needed,
  pack: maybeText,
  description: maybeText,
  enabled: flag,
  resource_ref: needed,
  policy_type: needed,
  parameters: mapping,
});

/** Throws with Python's sentence for what is most wrong; `whole`: with the schema and the instance. */
export function assertFits(body: JsonObject, schema: JsonObject, how?: "whole"): void {
  const worst = bestError(schemaErrors(body, schema));
  if (worst === undefined) return;
  throw refusal(how === "whole" ? explained(worst) : worst.message);
}
