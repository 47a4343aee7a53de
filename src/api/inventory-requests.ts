/** Reads what inventory requests carry beside their documents: who, why, which version, which page. */
import type { Request, Response } from "express";
import type { Author } from "../engine/inventory-write.ts";
import { noCause, readCause } from "../inventory/cause.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { nearest } from "../inventory/text.ts";
import { shown } from "../inventory/validate.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { userOf } from "./guard.ts";

export function bodyOf(request: Request): JsonObject {
  const body: unknown = request.body;
  if (isObject(body)) return body;
  throw badRequest("the body is not a JSON object; send Content-Type: application/json");
}

/** Throws INVENTORY_REQUEST for a member that is none of these, with the nearest right one. */
export function onlyMembers(body: JsonObject, members: readonly string[], what: string): void {
  const odd = Object.keys(body).find((name) => !members.includes(name));
  if (odd === undefined) return;
  const near = nearest(odd, members);
  const hint = near === undefined ? `expected ${members.join(", ")}` : `did you mean ${near}?`;
  throw badRequest(`${odd} is no part of ${what}; ${hint}`);
}

/** A text of the body, or undefined; anything else is a fault of the caller. */
export function textOf(body: JsonObject, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw badRequest(`${name} is ${shown(value)}; expected text`);
}

/** A list of texts of the body, or undefined. */
export function textsOf(body: JsonObject, name: string): readonly string[] | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw badRequest(`${name} is ${shown(value)}; expected a list of texts`);
}

/** An object of attributes in the body. */
export function attributesOf(body: JsonObject, name: string): JsonObject {
  const value = body[name];
  if (isObject(value)) return value;
  throw badRequest(`${name} is ${shown(value)}; expected an object of attributes`);
}

/** Header values are Latin-1 on the wire; UTF-8 arrives either raw or percent-encoded. */
function headerText(request: Request, name: string): string | undefined {
  const raw = request.get(name);
  if (raw === undefined || raw === "") return undefined;
  const bytes = Buffer.from(raw, "latin1").toString("utf8");
  const text = bytes.includes("\uFFFD") ? raw : bytes;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `override` of the body, or the header `X-Raicho-Override`. Throws INVENTORY_REQUEST for another word than true or false. */
function overrides(request: Request, { override }: JsonObject): boolean {
  const given = override ?? headerText(request, "X-Raicho-Override") ?? false;
  if (given === true || given === "true") return true;
  if (given === false || given === "false") return false;
  throw badRequest(`override is ${shown(given)}; expected true or false`);
}

/** The caller, with the reason from the body or the header `X-Raicho-Reason` (ticket: `X-Raicho-Ticket`). */
export function authorOf(request: Request, response: Response, body: JsonObject = {}): Author {
  const { name, run } = userOf(response);
  return {
    actor: name,
    kind: run === undefined ? "api" : "workflow",
    source: textOf(body, "source"),
    ...(overrides(request, body) ? { override: true } : {}),
    reason: textOf(body, "reason") ?? headerText(request, "X-Raicho-Reason"),
    ticket: textOf(body, "ticket") ?? headerText(request, "X-Raicho-Ticket"),
    // Of an action that shows its own token: nothing that it says itself.
    cause:
      run === undefined
        ? noCause
        : { ...readCause(run.context["inventory_cause"]), execution: run.id },
  };
}

/**
 * The version in `If-Match: "7"`, the newest of several; undefined when there is none, or `*`. Tags that are no version, and weak ones (a proxy that
 * compresses makes them), never match: RFC 9110, 13.1.1.
 */
export function ifVersion(request: Request): number | undefined {
  const header = request.get("If-Match")?.trim();
  if (header === undefined || header === "*") return undefined;
  const tags = header.split(",").map((tag) => tag.trim());
  if (!tags.every((tag) => /^(?:W\/)?"[\x21\x23-\x7E\x80-\xFF]*"$/.test(tag)))
    throw badRequest(`If-Match is ${shown(header)}; expected the ETag of the entry, as "7"`);
  const versions = tags.flatMap((tag) => /^"(\d{1,9})"$/.exec(tag)?.[1] ?? []).map(Number);
  if (versions.length > 0) return Math.max(...versions);
  throw new InventoryError("INVENTORY_STALE", [
    `If-Match is ${header}, which no version matches; expected the ETag as it was answered, as "7" (a weak tag, W/"7", never matches).`,
  ]);
}

export function etag(version: number): string {
  return `"${version}"`;
}

export function queryText(request: Request, name: string): string | undefined {
  const value = request.query[name];
  if (value === undefined || value === "") return undefined;
  if (typeof value === "string") return value;
  throw badRequest(`${name} is given more than once`);
}

export function queryNumber(request: Request, name: string): number | undefined {
  const text = queryText(request, name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw badRequest(`${name} is ${shown(text)}; expected a whole number`);
}
