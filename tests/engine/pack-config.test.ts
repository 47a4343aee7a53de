import { expect, test } from "vitest";
import type { Core } from "../../src/engine/core.ts";
import { packConfig } from "../../src/engine/pack-config.ts";
import type { Question } from "../../src/expressions/context.ts";
import type { JsonObject } from "../../src/model/json.ts";

/** A datastore with one secret and one open item; `asked` tells what was looked up. */
function datastore(): { core: Pick<Core, "answer">; asked: Question[] } {
  const asked: Question[] = [];
  const answer = (question: Question): Promise<unknown> => {
    asked.push(question);
    if (question.kind !== "datastore") return Promise.resolve(undefined);
    if (question.name === "system.port") return Promise.resolve("8443");
    return Promise.resolve(question.decrypt ? "sesame" : "CIPHERTEXT");
  };
  return { core: { answer }, asked };
}

const configSchema = {
  url: { type: "string" },
  port: { type: "integer" },
  token: { type: "string", secret: true },
  servers: {
    type: "array",
    items: { type: "object", properties: { key: { type: "string", secret: true } } },
  },
} as const;

async function rendered(config: JsonObject): Promise<unknown> {
  return packConfig(datastore().core as Core, { config, configSchema });
}

test("what holds no lookup is given as it is", async () => {
  const config = { url: "https://jira.example.com", token: "open" };
  expect(await rendered(config)).toBe(config);
  expect(await packConfig(datastore().core as Core, undefined)).toEqual({});
});

test("a lookup for a secret attribute is decrypted, wherever it stands; others are not", async () => {
  const secret = "{{ st2kv.system.secret }}";
  expect(
    await rendered({ url: secret, token: secret, servers: [{ key: secret, host: "ns1" }] }),
  ).toEqual({
    url: "CIPHERTEXT",
    token: "sesame",
    servers: [{ key: "sesame", host: "ns1" }],
  });
});

test("secrets are found through patterns and additional properties, and never decrypted twice", async () => {
  const secret = "{{ st2kv.system.secret }}";
  const inner = { type: "object", properties: { key: { type: "string", secret: true } } };
  const config = { sites: { s1: { key: secret }, other: { key: secret } }, empty: "{{ '' }}" };
  const schema = {
    sites: { type: "object", patternProperties: { "^s": inner }, additionalProperties: inner },
  } as const;
  const core = datastore().core as Core;
  expect(await packConfig(core, { config, configSchema: schema })).toEqual({
    sites: { s1: { key: "sesame" }, other: { key: "sesame" } },
    empty: null,
  });
  const decrypted = "{{ st2kv.system.secret | decrypt_kv }}";
  expect(await packConfig(core, { config: { token: decrypted }, configSchema })).toEqual({
    token: "sesame",
  });
});

test("text around a lookup stays, and values have the type of the schema", async () => {
  const config = { url: "https://h:{{ st2kv.system.port }}/x", port: "{{ st2kv.system.port }}" };
  expect(await rendered(config)).toEqual({ url: "https://h:8443/x", port: 8443 });
});

test("a value that itself looks like a template stays as it is", async () => {
  const core = { answer: () => Promise.resolve("{{ 1 + 1 }}") } as unknown as Core;
  const config = { url: "{{ st2kv.system.odd }}" };
  expect(await packConfig(core, { config, configSchema })).toEqual({ url: "{{ 1 + 1 }}" });
});
