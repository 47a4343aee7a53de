/** What an HTTP action sends along: its body and its query. */
import { randomBytes } from "node:crypto";
import { dumps } from "../expressions/python/json.ts";
import { literalEval } from "../expressions/python/literal.ts";
import { isObject, type JsonObject } from "../model/json.ts";

/** What a request carries. */
interface Body {
  readonly body: Uint8Array | undefined;
  /** Set when the body decides it. */
  readonly contentType: string | undefined;
}

/** The body of the parameters `body`, or `file_name`, `file_content` and `file_content_type`. Throws when it should be JSON and is not. */
export function bodyOf(parameters: JsonObject, contentType: string | undefined): Body {
  const { body, file_name: name, file_content: content } = parameters;
  if (textOf(name) !== undefined && textOf(content) !== undefined)
    return formFile(String(name), String(content), textOf(parameters["file_content_type"]));
  if (body === undefined || body === null || body === "")
    return { body: undefined, contentType: undefined };
  const asText = typeof body === "string" ? body : JSON.stringify(body);
  const sent = contentType === "application/json" ? jsonText(asText) : asText;
  return { body: Buffer.from(sent), contentType: undefined };
}

/** The text when it is JSON; else the value that it is as a literal of Python, which a template makes of an object, as JSON. */
function jsonText(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    try {
      return dumps(literalEval(text));
    } catch {
      throw new Error(`Request body (${text}) can't be parsed as JSON`, { cause: error });
    }
  }
}

/** One file as a form sends it: field and file carry the same name, as StackStorm does. */
function formFile(name: string, content: string, type: string | undefined): Body {
  const boundary = `raicho-${randomBytes(12).toString("hex")}`;
  const safe = name.replaceAll(/["\r\n]/g, (sign) => encodeURIComponent(sign));
  const part = `Content-Disposition: form-data; name="${safe}"; filename="${safe}"\r\n`;
  const typeLine = type === undefined ? "" : `Content-Type: ${type}\r\n`;
  return {
    body: Buffer.from(`--${boundary}\r\n${part}${typeLine}\r\n${content}\r\n--${boundary}--\r\n`),
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}

/** The parameter `params` as it goes into the query; a list is given several times. */
export function* queryPairs(params: unknown): Generator<[string, string]> {
  if (!isObject(params)) return;
  for (const [name, value] of Object.entries(params))
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value])
      if (item !== undefined && item !== null) yield [name, queryText(item)];
}

/** As StackStorm sends it: the text of Python for what is true or false. */
function queryText(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A parameter that was given and is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
