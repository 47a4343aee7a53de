/** Python's longer sentences: what jsonschema says of a value, with the schema and the instance printed as `pprint` does. */
import type { SchemaError, SchemaPath } from "../expressions/json-schema-types.ts";
import { loads } from "../expressions/python/json-read.ts";
import { isObject } from "../model/json.ts";
import { pythonText } from "./bodies.ts";

const width = 72;

/** `pprint.pformat(value, width=72, sort_dicts=False)`, `indent` columns from the left. */
function pretty(value: unknown, indent: number, allowance: number): string {
  const flat = pythonText(value);
  if (flat.length <= width - indent - allowance) return flat;
  if (Array.isArray(value)) {
    const last = value.length - 1;
    const items = value.map((each, index) =>
      pretty(each, indent + 1, index === last ? allowance + 1 : 1),
    );
    return `[${items.join(`,\n${" ".repeat(indent + 1)}`)}]`;
  }
  if (!isObject(value)) return flat;
  const entries = Object.entries(value);
  const items = entries.map(([name, each], index) => {
    const key = pythonText(name);
    const at = indent + key.length + 3;
    return `${key}: ${pretty(each, at, index === entries.length - 1 ? allowance + 1 : 1)}`;
  });
  return `{${items.join(`,\n${" ".repeat(indent + 1)}`)}}`;
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}

function steps(path: SchemaPath): string {
  return path.map((step) => `[${pythonText(step)}]`).join("");
}

/** `str(ValidationError)` of Python's jsonschema. */
export function explained({
  message,
  keyword,
  schema,
  instance,
  path,
  schemaPath,
}: SchemaError): string {
  return `${message}

Failed validating ${pythonText(keyword)} in schema${steps(schemaPath.slice(0, -1))}:
${indented(pretty(schema, 0, 0))}

On instance${steps(path)}:
${indented(pretty(instance, 0, 0))}`;
}

/** Python's words for a text that is no JSON; the parser's own where Python would take it (`NaN`). */
export function notJson(text: string, error: unknown): string {
  let reason = error;
  try {
    loads(text);
  } catch (said) {
    reason = said;
  }
  return `Failed to parse request body: ${reason instanceof Error ? reason.message : String(reason)}`;
}
