import express, { type Request } from "express";
import type { IncomingMessage } from "node:http";
import { causing } from "../engine/announcement.ts";
import type { User } from "../engine/auth.ts";
import { ingest } from "../engine/ingest.ts";
import { payloadFault } from "../engine/trigger-payload.ts";
import { isObject } from "../model/json.ts";
import type { NewEvent } from "../model/events.ts";
import { builtinTriggerTypes } from "../model/builtin-triggers.ts";
import { pythonWord } from "./bodies.ts";
import type { Door } from "./door.ts";
import { fault } from "./faults.ts";
import { userOf } from "./guard.ts";
import { idempotent } from "./idempotency.ts";
import { jsonBodies, readable } from "./json-bodies.ts";
import { parameter, plain } from "./resources.ts";
import { on, Routes } from "./routes.ts";

const hidden = new Set(["x-auth-token", "st2-api-key", "cookie", "authorization", "st2-trace-tag"]);
/** Headers in which senders put the identity of a delivery; a repetition is stored once. */
const deliveryHeaders = [
  "idempotency-key",
  "webhook-id",
  "x-github-delivery",
  "x-atlassian-webhook-identifier",
  "x-gitlab-event-uuid",
];

interface HeaderName {
  readonly small: string;
  /** `X-Github-Event`; undefined: not for the eyes of rules. */
  readonly title: string | undefined;
}

/** Senders use few names: each is read once. */
const headerNames = new Map<string, HeaderName>();
const mostHeaderNames = 1_000;

function headerName(name: string): HeaderName {
  const known = headerNames.get(name);
  if (known !== undefined) return known;
  const small = name.toLowerCase();
  const made = {
    small,
    title: hidden.has(small)
      ? undefined
      : small.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()),
  };
  if (headerNames.size < mostHeaderNames) headerNames.set(name, made);
  return made;
}

function headersOf({ rawHeaders }: IncomingMessage): {
  headers: Record<string, string>;
  headers_lower: Record<string, string>;
} {
  const headers: Record<string, string> = {};
  const lower: Record<string, string> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const { small, title } = headerName(rawHeaders[index] ?? "");
    if (title === undefined) continue;
    headers[title] = lower[small] = rawHeaders[index + 1] ?? "";
  }
  return { headers, headers_lower: lower };
}

function deliveryOf(request: IncomingMessage): string | undefined {
  for (const name of deliveryHeaders) {
    const value = request.headers[name];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

/** Why an event cannot be one of that trigger. A rule may listen to a trigger that no file describes: then anything fits. */
function triggerFault(
  { core, validatePayloads }: Door,
  ref: string,
  payload: unknown,
): string | undefined {
  const definitions = core.definitions();
  const { content } = definitions;
  const known = content.triggerTypes.has(ref) || builtinTriggerTypes.has(ref);
  if (known ? !validatePayloads : definitions.listens(ref)) return undefined;
  return payloadFault(content, ref, payload)?.text;
}

export interface Delivered {
  readonly body: unknown;
  /** Who delivers it, where that is known: what an action sends goes on in its chain of causes. */
  readonly caller?: User | undefined;
  /** What a signature says of which delivery it is; better than what headers say. */
  readonly identity?: string | undefined;
}

function tagOf(request: IncomingMessage): Pick<NewEvent, "traceTag"> {
  const tag = request.headers["st2-trace-tag"];
  return typeof tag === "string" ? { traceTag: tag } : {};
}

function eventOf(
  door: Door,
  name: string,
  request: IncomingMessage,
  { body, identity, caller }: Delivered,
): NewEvent | string {
  const delivery = identity ?? deliveryOf(request);
  const key = delivery === undefined ? {} : { dedupeKey: `${name}:${delivery}` };
  const trace = { ...tagOf(request), ...causing(caller?.run) };
  if (name !== "st2")
    return {
      trigger: "core.st2.webhook",
      parameters: { url: name },
      payload: { ...headersOf(request), body },
      source: "webhook",
      ...key,
      ...trace,
    };
  if (Array.isArray(body)) return "Webhook body needs to be an object, got: array";
  if (!isObject(body) || typeof body["trigger"] !== "string") return "Trigger not specified.";
  const misfit = triggerFault(door, body["trigger"], body["payload"] ?? {});
  if (misfit !== undefined)
    return `Trigger payload validation failed and validation is enabled, not dispatching a trigger "${body["trigger"]}" (${pythonWord(body["payload"] ?? {})}): ${misfit}`;
  return {
    trigger: body["trigger"],
    payload: body["payload"] ?? {},
    source: "webhook",
    ...key,
    ...trace,
  };
}

/** Whether events may come in under that name. */
export function listensTo(door: Door, name: string): boolean {
  return name === "st2" || door.webhooks().has(name);
}

/** Resolves when the event is on disk; with a sentence when the body cannot be one. Rejects when it could not be stored. */
export async function takeWebhook(
  door: Door,
  name: string,
  request: IncomingMessage,
  delivered: Delivered,
): Promise<string | undefined> {
  const event = eventOf(door, name, request, delivered);
  if (typeof event === "string") return event;
  await ingest(door.core, [event]);
  return undefined;
}

/** The name in the path; slashes around it do not count. */
export function hookName(request: Pick<Request, "params">): string {
  return parameter(request, "name").replaceAll(/^\/+|\/+$/g, "");
}

/** The values of a form, each a list as in StackStorm; undefined when the body is none. */
function formOf(request: Request): Readonly<Record<string, readonly string[]>> | undefined {
  const body: unknown = request.body;
  if (typeof body !== "string" || request.is("application/x-www-form-urlencoded") === false)
    return undefined;
  const form = new URLSearchParams(body);
  return Object.fromEntries([...new Set(form.keys())].map((name) => [name, form.getAll(name)]));
}

const form = /^application\/x-www-form-urlencoded(?:$|[; ])/i;

/** `POST /webhooks/{name}`: 202 with the body once the event is on disk; 503 when it is not. */
export function webhookRoutes(door: Door): Routes {
  const router = new Routes();
  router.post(
    "/webhooks/*name",
    on("webhook_send", plain("webhook", "name")),
    (request, response, next) => {
      door.intake.enter(hookName(request), request, response);
      next();
    },
    // What cannot be read is refused: taken as nothing it would be lost.
    readable(form),
    express.text({ type: "application/x-www-form-urlencoded", limit: "1mb" }),
    jsonBodies({ limit: "1mb", strict: false, type: () => true }),
    // The event's own identity keeps it from being stored twice.
    idempotent(door, { repeats: true }),
    async (request, response) => {
      const name = hookName(request);
      if (name !== "st2" && !door.webhooks().has(name))
        return fault(response, 404, `Webhook ${name} not registered with st2`);
      const body = formOf(request) ?? request.body ?? {};
      const refusal = await takeWebhook(door, name, request, { body, caller: userOf(response) });
      if (refusal !== undefined) return fault(response, 400, refusal);
      response.status(202).json(body);
    },
  );
  return router;
}
