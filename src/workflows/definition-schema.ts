/** The schema of a workflow definition: what may stand where. Orquesta's, so its paths appear in what inspection reports. */
import { Float } from "../expressions/python/values.ts";
import type { Schema } from "./inspect-schema.ts";

const text: Schema = { type: "string", minLength: 1 };
const natural: Schema = { type: "integer", minimum: 0 };
const textOrNatural: Schema = { oneOf: [text, natural] };
const texts: Schema = { type: "array", items: text, uniqueItems: true, minItems: 1 };
const anything: Schema = {
  anyOf: (["null", "array", "boolean", "integer", "number", "object", "string"] as const).map(
    (type) => ({ type }),
  ),
};
const dict: Schema = { type: "object", minProperties: 1, wordProperties: anything };
const oneKeyDict: Schema = { ...dict, maxProperties: 1 };

function listOf(items: Schema): Schema {
  return { type: "array", items, uniqueItems: true, minItems: 1 };
}

/** `<% … %>`, `x in <% … %>` or `x, y in <% … %>`; the second pattern is what Raicho takes besides. */
const items = [
  /^\s*(?:(?:[\p{L}\p{N}_]+,\s*)*[\p{L}\p{N}_]+\s+in\s+)?(?:\{\{[^\n]*?\}\}|<%[^\n]*?%>)\s*$/u,
  /^\s*(?:(?:[\p{L}\p{N}_]+,\s*)*[\p{L}\p{N}_]+\s+in\s+)?<\$[^]*?\$>\s*$/u,
] as const;
const itemsText = String.raw`^(\s+)?({{.*?}}|<%.*?%>)(\s+)?$|^(\s+)?((\w+,\s?|\s+)+)?(\w+)\s+in\s+({{.*?}}|<%.*?%>)(\s+)?$`;

const withItems: Schema = {
  type: "object",
  properties: {
    items: {
      type: "string",
      minLength: 1,
      pattern: {
        text: itemsText,
        matches: (value) => items.some((pattern) => pattern.test(value)),
      },
    },
    concurrency: textOrNatural,
  },
  additionalProperties: false,
};

const retry: Schema = {
  type: "object",
  properties: { when: text, count: textOrNatural, delay: textOrNatural },
  required: ["count"],
  additionalProperties: false,
};

const transition: Schema = {
  type: "object",
  properties: {
    when: text,
    publish: { oneOf: [text, listOf(oneKeyDict)] },
    do: { oneOf: [text, texts] },
  },
  additionalProperties: false,
};

const task: Schema = {
  type: "object",
  properties: {
    delay: textOrNatural,
    join: { oneOf: [{ enum: ["all"] }, natural] },
    with: withItems,
    action: text,
    input: { oneOf: [text, dict] },
    retry,
    next: { type: "array", items: transition },
  },
  additionalProperties: false,
};

export const definitionSchema: Schema = {
  type: "object",
  properties: {
    name: text,
    version: {
      anyOf: [text, natural, { type: "number", minimum: 0 }],
      enum: ["1.0", new Float(1)],
    },
    description: text,
    tags: texts,
    vars: listOf(oneKeyDict),
    input: listOf({ oneOf: [text, oneKeyDict] }),
    output: listOf(oneKeyDict),
    tasks: { type: "object", minProperties: 1, wordProperties: task },
  },
  required: ["tasks"],
  additionalProperties: false,
};
