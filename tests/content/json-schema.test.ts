import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { schemaFiles, schemaOf } from "../../src/content/json-schema.ts";
import { parseYaml } from "../../src/content/yaml.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { needs } from "../support/needs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Documents against schemas, by Python's own validator: the faults of each document, in order. */
function validate(
  documents: readonly { readonly schema: string; readonly document: unknown }[],
): readonly (readonly string[])[] {
  const program = `import json, sys, jsonschema
given = json.load(sys.stdin)
checks = {}
for name, schema in given["schemas"].items():
    jsonschema.Draft7Validator.check_schema(schema)
    checks[name] = jsonschema.Draft7Validator(schema)
print(json.dumps([[e.message for e in checks[d["schema"]].iter_errors(d["document"])] for d in given["documents"]]))`;
  const schemas = Object.fromEntries(schemaFiles.map(([name]) => [name, schemaOf(name)]));
  const input = JSON.stringify({ schemas, documents });
  const answer = execFileSync("/usr/bin/python3", ["-c", program], { input, maxBuffer: 1e8 });
  return JSON.parse(answer.toString()) as string[][];
}

const places: Readonly<Record<string, readonly string[]>> = {
  pack: ["packs/*/pack.yaml"],
  action: ["packs/*/actions/*.yaml"],
  workflow: ["packs/*/actions/workflows/*.yaml", "workflows/*.yaml"],
  rule: ["packs/*/rules/*.yaml", "rules/*.yaml"],
  trigger: ["packs/*/triggers/*.yaml"],
  sensor: ["packs/*/sensors/*.yaml"],
  alias: ["packs/*/aliases/*.yaml"],
  policy: ["packs/*/policies/*.yaml"],
  config: ["packs/*/config.schema.yaml"],
};

test.skipIf(!needs("jsonschema"))("the schemas take every shipped file", () => {
  const files = Object.entries(places).flatMap(([schema, globs]) =>
    globSync([...globs], { cwd: root }).map((file) => ({ schema, file })),
  );
  expect(files.length).toBeGreaterThan(50);
  const documents = files.map(({ schema, file }) => ({
    schema,
    document: parseYaml(readFileSync(`${root}/${file}`, "utf8"), "python").value,
  }));
  const faults = validate(documents);
  const wrong = files.flatMap(({ file }, index) => {
    const found = faults[index] ?? [];
    return found.length === 0 ? [] : [{ file, found }];
  });
  expect(wrong).toEqual([]);
});

const rule = { name: "r", trigger: { type: "a.b" }, action: { ref: "core.noop" } };
const action = { name: "a", runner_type: "noop" };
const broken: readonly (readonly [schema: string, document: JsonObject])[] = [
  ["rule", { ...rule, name: undefined }],
  ["rule", { ...rule, name: "" }],
  ["rule", { ...rule, enabled: "yes" }],
  ["rule", { ...rule, critera: {} }],
  ["rule", { ...rule, criteria: { "trigger.a": { pattern: 1 } } }],
  ["rule", { ...rule, action: { ref: "core.noop", params: {} } }],
  ["rule", { ...rule, type: { ref: "backstopp" } }],
  ["action", { ...action, runner_type: null }],
  ["action", { ...action, parameters: { host: { type: "text" } } }],
  ["action", { ...action, parameters: { host: { required: "yes" } } }],
  ["action", { ...action, parameters: { "no-name": {} } }],
  ["action", { ...action, parameters: { o: { properties: { deep: { type: "text" } } } } }],
  ["action", { ...action, on_worker_lost: "forget" }],
  ["pack", { name: "p", description: "", author: "" }],
  ["pack", { name: "p", description: "", author: "", version: "1.0.0", ref: "No-Pack" }],
  ["sensor", { class_name: "S", entry_point: "s.py", poll_interval: 1 }],
  ["alias", { name: "a", action_ref: "core.noop", formats: "deploy" }],
  ["policy", { name: "p", resource_ref: "a.b", policy_type: "action.concurency" }],
  ["config", { url: { type: "text" } }],
  ["workflow", { version: 1, tasks: { a: { actoin: "core.noop" } } }],
  ["workflow", { version: 1 }],
  ["workflow", { tasks: { a: { next: [{ doo: "b" }] } } }],
  ["chain", { chain: [{ name: "a" }] }],
  ["override", { actions: { defaults: { enable: true } } }],
];

test.skipIf(!needs("jsonschema"))("the schemas refuse what the loader refuses", () => {
  const faults = validate(broken.map(([schema, document]) => ({ schema, document })));
  expect(broken.filter((_, index) => faults[index]?.length === 0)).toEqual([]);
  expect(validate([rule].map((document) => ({ schema: "rule", document })))).toEqual([[]]);
});
