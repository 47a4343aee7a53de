/** Webhooks that check signatures, from YAML: `<directory>/*.yaml`, one each. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isObject, type JsonObject } from "../model/json.ts";
import { type Problem, ProblemList } from "./problems.ts";
import { readSources, textOf } from "./reading.ts";
import { checkShape, type Shape } from "./shape.ts";

const text: Shape = { kind: "string" };
const shape: Shape = {
  kind: "record",
  others: "reject",
  fields: {
    name: { shape: { kind: "string", filled: true }, required: true },
    scheme: { shape: text, required: true },
    secret_key: {
      shape: { kind: "either", of: [text, { kind: "list", items: text }] },
      required: true,
    },
    address: { shape: text },
    answer: {
      shape: {
        kind: "record",
        others: "reject",
        fields: { type: { shape: text }, body: { shape: text } },
      },
    },
    tolerance: { shape: { kind: "number", minimum: 1 } },
    header: { shape: text },
    algorithm: { shape: text },
    encoding: { shape: text },
    prefix: { shape: text },
    timestamp_header: { shape: text },
  },
};

/** `read` makes settings of a document, or says what is wrong with it. */
export async function readWebhooks<Settings extends object>(
  directory: string,
  read: (document: JsonObject) => Settings | string,
): Promise<{
  readonly hooks: readonly { readonly name: string; readonly settings: Settings }[];
  readonly problems: readonly Problem[];
}> {
  const problems = new ProblemList();
  const names = await readdir(directory).catch(() => []);
  const files = names
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => join(directory, name));
  const hooks: { readonly name: string; readonly settings: Settings }[] = [];
  for await (const source of readSources(files, "", problems)) {
    const document = source.yaml.value;
    if (!checkShape(shape, document, { source, path: [] }, problems) || !isObject(document))
      continue;
    const settings = read(document);
    if (typeof settings === "string") problems.error(source, [], settings);
    else hooks.push({ name: textOf(document, "name"), settings });
  }
  return { hooks, problems: problems.problems };
}
