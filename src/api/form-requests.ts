/** What pages and API read from a request about a form, and which submission it is. */
import { randomBytes } from "node:crypto";
import type { Request } from "express";
import type { Core } from "../engine/core.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { RequestForm } from "../runbooks/form.ts";
import type { Filled } from "../runbooks/form-values.ts";
import { ticketByKey } from "../store/tickets.ts";

/** Values of the form's own fields. */
export function filledIn(form: RequestForm, given: JsonObject): Filled {
  return Object.fromEntries(form.fields.map(({ name }) => [name, valueText(given[name])]));
}

function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  if (typeof value === "number") return String(value);
  return value === true ? "yes" : "";
}

/** What the form shows when it is opened: `?name=value`, else what its file says. */
export function initially(form: RequestForm, request: Request): Filled {
  return Object.fromEntries(
    form.fields.map(({ name, initial }) => [name, valueText(request.query[name]) || initial]),
  );
}

/** Names a submission so that nobody else can, and so that it is the same when it is sent twice. */
export function submissionToken(core: Core, form: string, user: string): string {
  const id = randomBytes(12).toString("base64url");
  return `${id}.${core.sign(`form ${form} ${user} ${id}`)}`;
}

/** The submission that was shown to this user; undefined: it was not. */
export function submissionOf(
  core: Core,
  form: string,
  user: string,
  token: unknown,
): string | undefined {
  if (typeof token !== "string") return undefined;
  const [id = "", signature = ""] = token.split(".");
  return id !== "" && core.sign(`form ${form} ${user} ${id}`) === signature ? id : undefined;
}

const patienceMs = 8_000;

/** The ticket of that key once the tracker has it, or what is known after some seconds. */
export async function ticketSoon(
  { database }: Core,
  key: string,
  patience = patienceMs,
): Promise<JsonObject> {
  const until = performance.now() + patience;
  for (;;) {
    const row = await ticketByKey(database.db, key, undefined);
    const done = row !== undefined && row.remote_key !== null;
    if (done || performance.now() >= until)
      return {
        key: row?.remote_key ?? null,
        url: row?.url ?? null,
        state: row?.state ?? "accepted",
      };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The fields of a JSON body. */
export function fieldsOf(body: JsonObject): JsonObject {
  const { fields } = body;
  return isObject(fields) ? fields : {};
}
