/** The outer shape of workflows and chains, for editors. What they mean is checked by their inspection. */
import type { Field, Shape } from "../shape.ts";

const text: Shape = { kind: "string" };
const any: Field = { shape: { kind: "any" } };
const mapping: Shape = { kind: "mapping" };
const filled: Field = { shape: { kind: "string", filled: true }, required: true };
const textOrMapping: Field = { shape: { kind: "either", of: [mapping, text] } };
const textOrNumber: Field = { shape: { kind: "either", of: [text, { kind: "number" }] } };

/** Names, or names with a value: `[host, {port: 22}]`. */
const assignments: Field = {
  shape: { kind: "list", items: { kind: "either", of: [text, mapping] } },
};

const transition: Shape = {
  kind: "record",
  others: "reject",
  fields: {
    when: { shape: text },
    publish: { shape: { kind: "either", of: [text, { kind: "list", items: mapping }] } },
    do: { shape: { kind: "either", of: [text, { kind: "list", items: text }] } },
  },
};

const task: Shape = {
  kind: "record",
  others: "reject",
  fields: {
    action: { shape: text },
    input: textOrMapping,
    delay: textOrNumber,
    join: textOrNumber,
    with: {
      shape: {
        kind: "either",
        of: [
          text,
          {
            kind: "record",
            others: "reject",
            fields: { items: { shape: text, required: true }, concurrency: textOrNumber },
          },
        ],
      },
    },
    retry: {
      shape: {
        kind: "record",
        others: "reject",
        fields: {
          count: { ...textOrNumber, required: true },
          when: { shape: text },
          delay: textOrNumber,
        },
      },
    },
    next: { shape: { kind: "list", items: transition } },
  },
};

/** An Orquesta workflow. */
export const workflowShape: Shape = {
  kind: "record",
  others: "reject",
  fields: {
    version: textOrNumber,
    name: { shape: text },
    description: { shape: text },
    tags: any,
    input: assignments,
    vars: { shape: { kind: "list", items: mapping } },
    tasks: { shape: { kind: "map", values: task }, required: true },
    output: { shape: { kind: "list", items: mapping } },
  },
};

const node: Shape = {
  kind: "record",
  others: "ignore",
  fields: {
    name: filled,
    ref: filled,
    parameters: { shape: mapping },
    params: { shape: mapping },
    "on-success": { shape: text },
    "on-failure": { shape: text },
    publish: { shape: mapping },
    notify: { shape: mapping },
  },
};

/** StackStorm's action-chain. */
export const chainShape: Shape = {
  kind: "record",
  others: "ignore",
  fields: {
    chain: { shape: { kind: "list", items: node }, required: true },
    default: { shape: text },
    vars: { shape: mapping },
  },
};
