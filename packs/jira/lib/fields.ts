/** Values of fields: from what a rule can write to what a field's schema takes. */
import { ActionFailed, type JsonObject } from "raicho/pack";
import { mustFindUser } from "./assignee.ts";
import type { Jira } from "./client.ts";
import { isObject, list, object, objects, textOf } from "./json.ts";

/** Texts for rich-text fields among `extra` become documents on Cloud; everything else stays. */
export async function richFields(
  jira: Jira,
  project: string,
  type: JsonObject,
  extra: JsonObject,
): Promise<JsonObject> {
  const texts = Object.entries(extra).filter(
    ([name, value]) => typeof value === "string" && mayBeRich(name),
  );
  if (!jira.cloud || texts.length === 0) return extra;
  const rich = new Set(
    (await schemasOf(jira, project, type))
      .filter(({ schema }) => isRich(object(schema)))
      .map(({ fieldId, key }) => textOf(fieldId) ?? textOf(key)),
  );
  const changed = texts.filter(([name]) => rich.has(name));
  return {
    ...extra,
    ...Object.fromEntries(changed.map(([name, value]) => [name, jira.richText(String(value))])),
  };
}

const mayBeRich = (name: string): boolean =>
  name === "environment" || name.startsWith("customfield_");

const isRich = ({ system, custom }: JsonObject): boolean =>
  system === "description" ||
  system === "environment" ||
  (textOf(custom)?.endsWith(":textarea") ?? false);

async function schemasOf(
  jira: Jira,
  project: string,
  type: JsonObject,
): Promise<readonly JsonObject[]> {
  const types = await jira.issueTypes(project);
  const found = types.find(({ id, name }) => id === type["id"] || name === type["name"]);
  return found ? await jira.createFields(project, String(found["id"])) : [];
}

/** Text as the value of an existing issue's field, by the field's own schema. `field` is an id or the name people see. */
export async function fieldValue(
  jira: Jira,
  issueKey: string,
  field: string,
  value: string,
): Promise<{ readonly id: string; readonly value: unknown }> {
  const fields = await jira.editableFields(issueKey);
  const id = Object.hasOwn(fields, field)
    ? field
    : Object.keys(fields).find((key) => sameText(object(fields[key])["name"], field));
  if (id === undefined)
    throw new ActionFailed(
      `jira: the issue ${issueKey} has no field "${field}" that can be edited; there are: ${Object.keys(fields).join(", ")}`,
    );
  const schema = object(object(fields[id])["schema"]);
  return { id, value: await typed(jira, issueKey, schema, value) };
}

async function typed(
  jira: Jira,
  issueKey: string,
  schema: JsonObject,
  value: string,
): Promise<unknown> {
  if (isRich(schema)) return jira.richText(value);
  switch (schema["type"]) {
    case "number":
      return Number(value);
    case "array":
      return itemsOf(value, schema["items"]);
    case "user":
      return (await mustFindUser(jira, issueKey.replace(/-\d+$/, ""), value)).field;
    case "option":
      return { value };
    case "priority":
    case "resolution":
    case "version":
    case "component":
    case "securitylevel":
      return { name: value };
    default:
      return value;
  }
}

/** A JSON list, or words (labels have no spaces), or names on lines or between commas. */
function itemsOf(value: string, kind: unknown): readonly unknown[] {
  const json = parsedList(value);
  const names =
    json ?? value.split(kind === "string" ? /[\s,]+/ : /[\n,]+/).map((name) => name.trim());
  const items = names.filter((name) => name !== "");
  if (kind === "string") return items;
  return items.map((item) =>
    isObject(item) ? item : { [kind === "option" ? "value" : "name"]: item },
  );
}

function parsedList(value: string): readonly unknown[] | undefined {
  if (!value.trim().startsWith("[")) return undefined;
  try {
    return list(JSON.parse(value));
  } catch {
    return undefined;
  }
}

export function labelsOf(extra: JsonObject): readonly string[] {
  return list(extra["labels"]).map(String);
}

/** The type of sub-tasks in a project: names differ by language, so it is looked up. */
export async function subtaskType(jira: Jira, project: string): Promise<JsonObject> {
  const types = await jira.issueTypes(project);
  const found = objects(types).find(({ subtask }) => subtask === true);
  if (found) return { id: found["id"] };
  throw new ActionFailed(`jira: the project ${project} has no type for sub-tasks`);
}

function sameText(left: unknown, right: string): boolean {
  return textOf(left)?.toLowerCase() === right.toLowerCase();
}
