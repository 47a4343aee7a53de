/** Content that the recorded requests expect: the workflows they run, and what they would have made through the API. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isObject } from "../../src/model/json.ts";
import type { RecordedFile } from "./http.ts";

function write(root: string, path: string, content: unknown): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
}

/** An empty pack. */
export function pack(root: string, ref: string): void {
  write(root, `${ref}/pack.yaml`, {
    ref,
    name: ref,
    description: ref,
    version: "1.0.0",
    author: "tests",
    email: "tests@example.com",
  });
}

/** Workflows of `examples` that some recorded execution shows. */
function examples(
  root: string,
  file: RecordedFile,
  definitions: Readonly<Record<string, string>>,
): void {
  pack(root, "examples");
  for (const area of Object.values(file))
    for (const { body } of Object.values(area)) {
      const action = isObject(body) ? body["action"] : undefined;
      if (!isObject(action) || action["pack"] !== "examples") continue;
      const { name, description, runner_type, parameters, entry_point } = action;
      const key = Object.keys(definitions).find((each) => each.endsWith(`/${String(name)}`));
      if (runner_type !== "orquesta" || key === undefined) continue;
      write(root, `examples/actions/${String(name)}.yaml`, {
        name,
        description,
        runner_type,
        enabled: true,
        entry_point,
        parameters,
      });
      write(root, `examples/actions/${String(entry_point)}`, definitions[key] ?? "");
    }
}

/** `config.schema.yaml` of packs, as the recording shows them. */
function configSchemas(root: string, file: RecordedFile): void {
  const { cs, "cs.ex": one } = file["packs"] ?? {};
  const shown: readonly unknown[] = Array.isArray(cs?.body) ? cs.body : [];
  for (const schema of [...shown, one?.body])
    if (isObject(schema) && (schema["pack"] === "fixtures" || schema["pack"] === "examples"))
      write(root, `${schema["pack"]}/config.schema.yaml`, typeFirst(schema["attributes"]));
}

/** As the schemas say it; the recording sorts the names. */
function typeFirst(attributes: unknown): unknown {
  if (!isObject(attributes)) return attributes;
  return Object.fromEntries(
    Object.entries(attributes).map(([name, schema]) => [
      name,
      isObject(schema) ? { type: schema["type"], ...schema } : schema,
    ]),
  );
}

/** What the workflow of a new machine calls: says who the machine is. */
function newMachine(root: string): void {
  const parameters = {
    vm_name: { type: "string" },
    ip: { type: "string" },
    cpu_cores: { type: "integer", default: 1 },
    memory_mb: { type: "integer", default: 1024 },
  };
  write(root, "examples/actions/python-mock-create-vm.yaml", {
    name: "python-mock-create-vm",
    runner_type: "python-script",
    entry_point: "machine.py",
    parameters,
    enabled: true,
  });
  write(
    root,
    "examples/actions/machine.py",
    "from st2common.runners.base_action import Action\n\n\nclass Machine(Action):\n    def run(self, ip, **facts):\n        return {'vm_id': 'vm-1', ip: facts}\n",
  );
}

/** The action that shows a value of its pack's configuration. */
function configured(root: string, file: RecordedFile): void {
  const { body } = file["packs"]?.["cfg.use"] ?? {};
  const action = isObject(body) && isObject(body["action"]) ? body["action"] : {};
  const { name, description, runner_type, parameters, entry_point } = action;
  write(root, "fixtures/actions/render_config_context.yaml", {
    name,
    description,
    runner_type,
    entry_point,
    parameters,
    enabled: true,
  });
  write(
    root,
    `fixtures/actions/${String(entry_point)}`,
    "from st2common.runners.base_action import Action\n\n\nclass Show(Action):\n    def run(self, value1):\n        return {'context_value': value1}\n",
  );
}

/** Writes the packs `examples`, `fixtures` and `default` below a directory. */
export function writeRecordedContent(
  root: string,
  file: RecordedFile,
  definitions: Readonly<Record<string, string>>,
): void {
  examples(root, file, definitions);
  pack(root, "default");
  pack(root, "fixtures");
  configSchemas(root, file);
  configured(root, file);
  newMachine(root);
}
