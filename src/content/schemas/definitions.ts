/** The shape of every kind of definition file. `others` says what StackStorm does with keys it does not know: it rejects them in
 * actions, rules, aliases and policies, and ignores them in packs, sensors and triggers. */
import { poolExpected, poolPattern } from "../../model/pools.ts";
import type { Field, Shape } from "../shape.ts";

const text: Shape = { kind: "string" };
const name: Field = { shape: { kind: "string", filled: true }, required: true };
const boolean: Shape = { kind: "boolean" };
const mapping: Shape = { kind: "mapping" };
const texts: Shape = { kind: "list", items: text };
export const wordKey = /^\w+$/;

/** Version numbers may be written without quotes: `0.1` is 0.1.0. */
const version: Shape = { kind: "either", of: [text, { kind: "number" }] };

export const packShape: Shape = {
  kind: "record",
  others: "ignore",
  fields: {
    ref: {
      shape: { kind: "string", pattern: /^[a-z0-9_]+$/, expected: "small letters, digits and _" },
    },
    name,
    description: { shape: text, required: true },
    author: { shape: text, required: true },
    version: { shape: version, required: true },
    email: {
      shape: { kind: "string", pattern: /^(?:[^@\s]+@[^@\s]+)?$/, expected: "a mail address" },
    },
    keywords: { shape: texts },
    dependencies: { shape: texts },
    contributors: { shape: texts },
    stackstorm_version: { shape: text },
    python_versions: { shape: { kind: "list", items: { kind: "word", words: ["2", "3"] } } },
    system: { shape: mapping },
  },
};

const pool: Field = {
  shape: { kind: "string", pattern: poolPattern, expected: poolExpected },
};

const tags: Field = {
  shape: {
    kind: "list",
    items: {
      kind: "record",
      others: "ignore",
      fields: { name: { shape: text }, value: { shape: text } },
    },
  },
};

const notifySection: Field = {
  shape: {
    kind: "record",
    others: "reject",
    fields: {
      message: { shape: text },
      data: { shape: mapping },
      routes: { shape: texts },
      channels: { shape: texts },
    },
  },
};

const notify: Field = {
  shape: {
    kind: "record",
    others: "reject",
    fields: {
      "on-complete": notifySection,
      "on-success": notifySection,
      "on-failure": notifySection,
    },
  },
};

export const actionShape: Shape = {
  kind: "record",
  others: "reject",
  fields: {
    name,
    pack: { shape: text },
    runner_type: { shape: { kind: "string", filled: true }, required: true },
    description: { shape: text },
    enabled: { shape: boolean },
    entry_point: { shape: text },
    // Each schema is checked by parameter-schema.ts.
    parameters: { shape: { kind: "map", keys: wordKey, values: mapping } },
    output_schema: { shape: mapping },
    notify,
    tags,
    // Computed by StackStorm, accepted when written.
    id: { shape: text },
    ref: { shape: text },
    uid: { shape: text },
    metadata_file: { shape: text },
    // Raicho's own.
    on_worker_lost: { shape: { kind: "word", words: ["rerun", "abandon"] } },
    pool,
  },
};

export const criterionShape: Shape = {
  kind: "record",
  others: "ignore",
  fields: {
    type: { shape: text, required: true },
    pattern: { shape: { kind: "any" }, required: true },
    condition: { shape: text },
  },
};

export const ruleShape: Shape = {
  kind: "record",
  others: "reject",
  fields: {
    name,
    pack: { shape: text },
    description: { shape: text },
    enabled: { shape: boolean },
    trigger: {
      required: true,
      shape: {
        kind: "record",
        others: "ignore",
        fields: {
          type: { shape: { kind: "string", filled: true }, required: true },
          parameters: { shape: mapping },
          description: { shape: text },
          ref: { shape: text },
        },
      },
    },
    criteria: { shape: { kind: "map", values: criterionShape } },
    action: {
      required: true,
      shape: {
        kind: "record",
        others: "reject",
        fields: {
          ref: { shape: { kind: "string", filled: true }, required: true },
          parameters: { shape: mapping },
          description: { shape: text },
          // Raicho's own.
          pool,
        },
      },
    },
    type: {
      shape: {
        kind: "record",
        others: "reject",
        fields: {
          ref: { shape: { kind: "word", words: ["standard", "backstop"] }, required: true },
          parameters: { shape: mapping },
        },
      },
    },
    context: { shape: mapping },
    tags,
    id: { shape: text },
    ref: { shape: text },
    uid: { shape: text },
    metadata_file: { shape: text },
    // Raicho's own.
    when: { shape: { kind: "string", filled: true, expected: "a JSONata expression" } },
  },
};

export const triggerShape: Shape = {
  kind: "record",
  others: "ignore",
  fields: {
    name,
    pack: { shape: text },
    description: { shape: text },
    payload_schema: { shape: mapping },
    parameters_schema: { shape: mapping },
    tags,
  },
};

export const namedTriggerShape: Shape = {
  kind: "record",
  others: "reject",
  fields: {
    name,
    pack: { shape: text },
    description: { shape: text },
    type: { shape: text, required: true },
    parameters: { shape: mapping },
  },
};

export const sensorShape: Shape = {
  kind: "record",
  others: "ignore",
  fields: {
    class_name: name,
    entry_point: name,
    pack: { shape: text },
    description: { shape: text },
    enabled: { shape: boolean },
    // StackStorm refuses to poll more often than every four seconds.
    poll_interval: { shape: { kind: "number", minimum: 4 } },
    trigger_types: { shape: { kind: "list", items: triggerShape } },
  },
};

const aliasReply: Shape = {
  kind: "record",
  others: "reject",
  fields: {
    enabled: { shape: boolean },
    format: { shape: text },
    extra: { shape: mapping },
    append_url: { shape: boolean },
  },
};

export const aliasShape: Shape = {
  kind: "record",
  others: "reject",
  fields: {
    name,
    pack: { shape: text },
    description: { shape: text },
    enabled: { shape: boolean },
    action_ref: name,
    formats: {
      shape: {
        kind: "list",
        items: {
          kind: "either",
          of: [
            text,
            {
              kind: "record",
              others: "ignore",
              fields: {
                display: { shape: text },
                representation: { shape: texts },
                match_multiple: { shape: boolean },
              },
            },
          ],
        },
      },
    },
    ack: { shape: aliasReply },
    result: { shape: aliasReply },
    extra: { shape: mapping },
    immutable_parameters: { shape: mapping },
    id: { shape: text },
    ref: { shape: text },
    uid: { shape: text },
    metadata_file: { shape: text },
  },
};

const switches: Field = {
  shape: {
    kind: "record",
    others: "reject",
    fields: {
      defaults: {
        shape: { kind: "record", others: "reject", fields: { enabled: { shape: boolean } } },
      },
      exceptions: {
        shape: {
          kind: "map",
          values: { kind: "record", others: "reject", fields: { enabled: { shape: boolean } } },
        },
      },
    },
  },
};

export const overrideShape: Shape = {
  kind: "record",
  others: "reject",
  fields: { sensors: switches, actions: switches, rules: switches, aliases: switches },
};
