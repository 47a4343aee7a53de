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

function pack(root: string, ref: string): void {
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
      write(root, `${schema["pack"]}/config.schema.yaml`, schema["attributes"]);
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
}
