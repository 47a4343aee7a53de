/** Webhooks that are let in by their signature instead of a token; and `/api/v2/webhooks` to say which. */
import express, { type Request } from "express";
import { notJson } from "./python-words.ts";
import { hookFrom } from "../engine/hook-book.ts";
import { verify } from "../engine/signatures.ts";
import { AppError } from "../model/errors.ts";
import { signatureSchemes, type HookSettings } from "../model/signatures.ts";
import type { JsonObject } from "../model/json.ts";
import { putHook, removeHook } from "../store/webhooks.ts";
import { bodyOf } from "./bodies.ts";
import type { Door } from "./door.ts";
import { fault } from "./faults.ts";
import { parseJson } from "./json-bodies.ts";
import { idempotent } from "./idempotency.ts";
import { refusal } from "./query.ts";
import { parameter } from "./resources.ts";
import { Routes } from "./routes.ts";
import { hookName, takeWebhook } from "./webhooks.ts";

function bytesOf(request: Request): Buffer {
  const body: unknown = request.body;
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/** What the bytes say: JSON, or a form, whose values are lists as in StackStorm. Throws AppError. */
function parsed(request: Request, bytes: Buffer): unknown {
  const text = bytes.toString("utf8");
  if (/^application\/x-www-form-urlencoded/i.test(request.get("content-type") ?? "")) {
    const form = new URLSearchParams(text);
    return Object.fromEntries([...new Set(form.keys())].map((name) => [name, form.getAll(name)]));
  }
  if (text.trim() === "") return {};
  try {
    return parseJson(text);
  } catch (error) {
    throw refusal(notJson(text, error));
  }
}

/** Before the guard: takes what is signed, leaves everything else to the routes behind. */
export function signedWebhookRoutes(door: Door): Routes {
  const router = new Routes();
  const unsigned = express.raw({ limit: "1mb", type: () => true });
  router.post(
    "/webhooks/*name",
    "anyone",
    (request, response, next) => {
      const settings = door.hooks.settings(hookName(request));
      if (settings === undefined) return next("route");
      response.locals["hook"] = settings;
      door.intake.enter(hookName(request), request, response);
      return next();
    },
    unsigned,
    async (request, response, next) => {
      const name = hookName(request);
      if (name !== "st2" && !door.webhooks().has(name))
        return fault(response, 404, `Webhook ${name} not registered with st2`);
      const settings = door.hooks.settings(name);
      if (settings === undefined) return next("route");
      const identity = await checked(door, settings, request);
      response.locals["user"] = { name: `webhook:${name}`, roles: [] };
      response.locals["identity"] = identity;
      return next();
    },
    idempotent(door, { scopeOf: (request) => `webhook:${hookName(request)}`, repeats: true }),
    async (request, response) => {
      const name = hookName(request);
      const body = parsed(request, bytesOf(request));
      const identity: unknown = response.locals["identity"];
      const refused = await takeWebhook(door, name, request, {
        body,
        identity: typeof identity === "string" ? identity : undefined,
      });
      if (refused !== undefined) return fault(response, 400, refused);
      const answer = door.hooks.settings(name)?.answer;
      if (answer === undefined) return void response.status(202).json(body);
      return void response.status(200).type(answer.type).send(answer.body);
    },
  );
  return router;
}

async function checked(
  { hooks }: Door,
  settings: HookSettings,
  request: Request,
): Promise<string | undefined> {
  const secrets = await hooks.secretsOf(settings);
  if (secrets.length === 0)
    throw new AppError("SIGNATURE_SECRET", [settings.secretKeys.join(", ")]);
  const at = request.originalUrl.indexOf("?");
  const delivery = {
    header: (name: string) => request.get(name),
    body: bytesOf(request),
    query: at === -1 ? "" : request.originalUrl.slice(at),
  };
  const end = verify(settings, delivery, { secrets, now: Date.now() / 1_000 });
  if (typeof end === "string") throw new AppError("SIGNATURE_WRONG", [end]);
  return end.identity;
}

function view(name: string, settings: HookSettings): JsonObject {
  const { scheme, secretKeys, toleranceSeconds: tolerance, address, answer } = settings;
  const { header, algorithm, encoding, prefix, timestampHeader } = settings;
  return {
    name,
    scheme,
    secret_key: secretKeys,
    tolerance,
    ...(scheme === "hmac" ? { header, algorithm, encoding, prefix } : {}),
    ...(scheme === "twilio" ? { address } : {}),
    ...(answer === undefined ? {} : { answer: { ...answer } }),
    ...(timestampHeader === undefined ? {} : { timestamp_header: timestampHeader }),
  };
}

const schema = {
  type: "object",
  properties: {
    scheme: { type: "string", enum: signatureSchemes },
    secret_key: { type: ["string", "array"], items: { type: "string" } },
    tolerance: { type: "number", minimum: 1, maximum: 86_400 },
    address: { type: "string" },
    answer: {
      type: "object",
      properties: { type: { type: "string" }, body: { type: "string" } },
      required: ["type", "body"],
    },
    header: { type: "string" },
    algorithm: { type: "string", enum: ["sha1", "sha256", "sha512"] },
    encoding: { type: "string", enum: ["hex", "base64"] },
    prefix: { type: "string" },
    timestamp_header: { type: "string" },
  },
  required: ["scheme", "secret_key"],
} as const;

/** Below `/api/v2`. */
export function webhookSettingRoutes(door: Door): Routes {
  const { db } = door.core.database;
  const router = new Routes();
  router.about({ summary: "Webhooks that check signatures" });
  router.get("/webhooks", "webhook_list", (_request, response) => {
    response.json({ items: [...door.hooks.all].map(([name, each]) => view(name, each)) });
  });
  router.about({ summary: "Let a webhook check signatures", body: schema });
  router.put("/webhooks/*name", "admin", async (request, response) => {
    const body = bodyOf(request);
    const settings = hookFrom(body);
    if (typeof settings === "string") throw refusal(settings);
    const name = parameter(request, "name");
    await putHook(db, name, body);
    await door.hooks.refresh();
    response.json(view(name, settings));
  });
  router.about({ summary: "Let a webhook ask for tokens again" });
  router.delete("/webhooks/*name", "admin", async (request, response) => {
    const name = parameter(request, "name");
    if (!(await removeHook(db, name)))
      throw new AppError("NOT_FOUND", [`No webhook "${name}" was set up through the API.`]);
    await door.hooks.refresh();
    response.status(204).end();
  });
  return router;
}
