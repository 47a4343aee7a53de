/** The shape of `policies/*.yaml`, and of the parameters of each policy type. */
import type { Field, Shape } from "../shape.ts";

const text: Shape = { kind: "string" };
const name: Field = { shape: { kind: "string", filled: true }, required: true };
const texts: Shape = { kind: "list", items: text };

const concurrency: Readonly<Record<string, Field>> = {
  threshold: { shape: { kind: "number", integer: true, minimum: 0 }, required: true },
  action: { shape: { kind: "word", words: ["delay", "cancel"] } },
};

const seconds: Field = { shape: { kind: "number", minimum: 0.001 }, required: true };
const gateKey: Field = { shape: { kind: "string", expected: "an expression over parameters" } };

/** Parameters of the policy types. */
export const policyTypes: Readonly<Record<string, Shape>> = {
  "action.concurrency": { kind: "record", others: "reject", fields: concurrency },
  "action.concurrency.attr": {
    kind: "record",
    others: "reject",
    fields: { ...concurrency, attributes: { shape: texts } },
  },
  "action.retry": {
    kind: "record",
    others: "reject",
    fields: {
      retry_on: { shape: { kind: "word", words: ["failure", "timeout"] }, required: true },
      max_retry_count: {
        shape: { kind: "number", integer: true, minimum: 1, maximum: 5 },
        required: true,
      },
      delay: { shape: { kind: "number", minimum: 0, maximum: 120 } },
    },
  },
  // Raicho's own.
  "action.rate_limit": {
    kind: "record",
    others: "reject",
    fields: {
      limit: { shape: { kind: "number", integer: true, minimum: 1 }, required: true },
      seconds,
      key: gateKey,
      action: concurrency["action"] ?? seconds,
    },
  },
  "action.debounce": {
    kind: "record",
    others: "reject",
    fields: {
      seconds,
      max_seconds: { shape: { kind: "number", minimum: 0.001 } },
      key: gateKey,
      edge: { shape: { kind: "word", words: ["trailing", "leading"] } },
    },
  },
};

export const policyShape: Shape = {
  kind: "record",
  others: "reject",
  fields: {
    name,
    pack: { shape: text },
    description: { shape: text },
    enabled: { shape: { kind: "boolean" } },
    resource_ref: name,
    policy_type: { shape: { kind: "word", words: Object.keys(policyTypes) }, required: true },
    parameters: { shape: { kind: "mapping" } },
    id: { shape: text },
    ref: { shape: text },
    uid: { shape: text },
    metadata_file: { shape: text },
  },
};
