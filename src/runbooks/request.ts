/** A ticket as conditions and documents see it. */
import { isObject, type JsonObject } from "../model/json.ts";
import type { Request } from "./resolve.ts";

/** `サーバ (server): web01`, `env: prod`, `- env： prod`; further lines of a value are indented by two. */
const fieldLine =
  /^[ \t]*(?:[-*■・]\s*)?([^:：\n()（）]{1,60}?)\s*(?:[(（]([\w.-]{1,60})[)）])?\s*[:：][ \t]*(.*)$/;
const furtherLine = /^(?: {2,}|\t)(\S.*)$/;
const serverFields = [
  "servers",
  "server",
  "サーバ",
  "サーバー",
  "サーバ名",
  "サーバー名",
  "対象サーバ",
];

/** Fields that a description lists, by their name in parentheses, else as written. The first line of a name counts. */
export function fieldsIn(description: string): Readonly<Record<string, string>> {
  const fields = new Map<string, string>();
  let last: string | undefined;
  for (const line of description.split(/\r\n|\n|\r/)) {
    const [, further] = furtherLine.exec(line) ?? [];
    if (further !== undefined && last !== undefined) {
      fields.set(last, `${fields.get(last) ?? ""}\n${further}`.trim());
      continue;
    }
    const field = fieldOf(line);
    last = undefined;
    if (field === undefined || fields.has(field.name)) continue;
    fields.set(field.name, field.value);
    last = field.name;
  }
  return Object.fromEntries(fields);
}

function fieldOf(line: string): { readonly name: string; readonly value: string } | undefined {
  const [, label = "", name = label, value = ""] = fieldLine.exec(line) ?? [];
  return label === "" ? undefined : { name: name.trim(), value: value.trim() };
}

/** Names of servers in a field: a list, or text with blanks and commas of both widths between them. */
export function serversIn(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const names = list.flatMap((one) =>
    typeof one === "string" ? one.split(/[\s,、，;]+/).filter((name) => name !== "") : [],
  );
  return [...new Set(names)];
}

/** What a backend says of a ticket → the request. Its own fields win over lines of the description. */
export function requestOf(ticket: JsonObject): Request {
  const { key, description, components, fields } = ticket;
  const own = Object.entries(isObject(fields) ? fields : {}).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  const all = {
    ...fieldsIn(typeof description === "string" ? description : ""),
    ...Object.fromEntries(own),
  };
  const named = serverFields.find((name) => name in all);
  return {
    ticket: { ...ticket, key: typeof key === "string" ? key : "" },
    components: Array.isArray(components) ? components.map(String) : [],
    fields: all,
    servers: named === undefined ? [] : serversIn(all[named]),
    alert: null,
  };
}

/** The ticket of an alert as conditions and documents see it: its fields are the alert's labels and what it is about, its server is the alert's machine. Nothing is read
 * out of texts, which strangers write. */
export function requestOfAlert(
  ticket: JsonObject & { readonly key: string },
  alert: JsonObject,
): Request {
  const { labels, entity, host_raw: written, service, severity, source } = alert;
  const named = isObject(entity) ? entity["name"] : undefined;
  const host = typeof named === "string" && named !== "" ? named : written;
  return {
    ticket,
    components: [],
    fields: { ...(isObject(labels) ? labels : {}), host, service, severity, source },
    servers: typeof host === "string" && host !== "" ? [host] : [],
    alert,
  };
}
