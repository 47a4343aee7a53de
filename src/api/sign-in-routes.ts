/** `/auth/v1`: tokens for passwords, for whom a proxy let in, for whom an issuer knows; and signing out. */
import type { Request, Response } from "express";
import { digest, type Issued } from "../engine/auth.ts";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Errand } from "../model/sign-in.ts";
import { removeTokenByHash } from "../store/accounts.ts";
import { type Origins, origins } from "./addresses.ts";
import { bodyOf, countIn, optionalTextIn, textIn } from "./bodies.ts";
import { cookieName, cookieOf, keepToken, setCookie } from "./cookies.ts";
import type { Door } from "./door.ts";
import { fault } from "./faults.ts";
import { guard, shownIn } from "./guard.ts";
import { isoTime } from "./ids.ts";
import { jsonBodies } from "./json-bodies.ts";
import { refusal, text } from "./query.ts";
import { Routes } from "./routes.ts";

const maxTtl = 86_400;
const wrong = "Invalid or missing credentials";

function basicCredentials(
  header: string | undefined,
): { name: string; password: string } | undefined {
  if (header?.startsWith("Basic ") !== true) return undefined;
  const decoded = Buffer.from(header.slice(6), "base64").toString();
  const colon = decoded.indexOf(":");
  return colon < 1
    ? undefined
    : { name: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function tokenView({ id, user, secret, expiry }: Issued): JsonObject {
  return {
    id,
    user,
    token: secret,
    ...(expiry === undefined ? {} : { expiry: isoTime(expiry) }),
    service: false,
    metadata: {},
  };
}

interface Desk {
  readonly door: Door;
  readonly from: Origins;
}

/** Who a trusted proxy says it let in. */
function vouchedFor({ door, from }: Desk, request: Request): JsonObject | undefined {
  const { proxy } = door.signIn;
  if (proxy === undefined || !from.fromProxy(request)) return undefined;
  const name = request.headers[proxy.userHeader];
  if (typeof name !== "string" || name === "") return undefined;
  const groups = request.headers[proxy.groupsHeader];
  return { name, groups: typeof groups === "string" ? groups.split(/[,;]\s*/) : [] };
}

async function issuedFor(
  desk: Desk,
  request: Request,
  response: Response,
  ttlSeconds: number,
): Promise<Issued | undefined> {
  const { door, from } = desk;
  const vouched = vouchedFor(desk, request);
  if (vouched !== undefined)
    return door.desk.admit(
      { name: String(vouched["name"]), groups: groupsOf(vouched["groups"]) },
      "proxy",
      ttlSeconds,
    );
  const credentials = basicCredentials(request.headers.authorization);
  if (credentials === undefined) return undefined;
  const address = from.clientOf(request);
  const end = await door.desk.signIn({ ...credentials, address, ttlSeconds });
  if (end.kind === "in") return end.issued;
  if (end.kind === "wrong") return undefined;
  response.setHeader("Retry-After", String(end.seconds));
  throw new AppError("TOO_MANY_TRIES", [String(end.seconds)]);
}

function groupsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

/** `POST /tokens` with Basic authentication or behind a proxy, `POST /tokens/validate`, `DELETE /tokens`. */
export function tokenRoutes(door: Door): Routes {
  const { core, tokenTtl } = door;
  const desk = { door, from: origins(door.signIn) };
  const router = new Routes();
  const json = jsonBodies({ limit: "10kb" });
  router.post("/tokens", "anyone", json, async (request, response) => {
    const body = bodyOf(request);
    const ttl = countIn(body, "ttl", 1) ?? tokenTtl;
    if (ttl > maxTtl) throw refusal(`TTL specified ${ttl} is greater than max allowed ${maxTtl}.`);
    const issued = await issuedFor(desk, request, response, ttl);
    if (issued === undefined) return fault(response, 401, wrong);
    const other = optionalTextIn(body, "user") ?? issued.user;
    if (other !== issued.user)
      throw refusal("Current user is not a service and cannot request impersonated tokens");
    response.locals["account"] = issued.user;
    response.setHeader("X-API-URL", core.webUrl);
    // Only browsers say where a request comes from; others have no use for a cookie.
    if (request.headers["sec-fetch-site"] !== undefined)
      keepToken(response, issued, desk.from.isSecure(request));
    return void response.status(201).json(tokenView(issued));
  });
  // Who may ask is known already: it is no place to try tokens at.
  router.post("/tokens/validate", "signed in", guard(door), json, async (request, response) => {
    const user = await door.authenticate(textIn(bodyOf(request), "token"));
    response.json({ valid: user?.shown?.kind === "token" });
  });
  router.delete("/tokens", "anyone", async (request, response) => {
    const shown = shownIn(request, door.signIn);
    if (shown !== undefined) await removeTokenByHash(core.database.db, digest(shown.secret));
    setCookie(response, cookieName, "", "SameSite=Strict; Max-Age=0");
    response.status(204).end();
  });
  ssoRoutes(desk, router);
  return router;
}

const errandCookie = "raicho-sign-in";
const errandSeconds = 600;

/** Where the browser goes afterwards: only places of our own. */
function placeIn(value: unknown): string {
  return typeof value === "string" && /^\/(?![/\\])[\w\-./#?=&%]*$/.test(value) ? value : "/";
}

interface KeptErrand extends Errand {
  readonly back: string;
}

function errandIn(door: Door, kept: string | undefined): KeptErrand | undefined {
  const [payload = "", signature = ""] = (kept ?? "").split(".");
  if (payload === "" || signature !== door.core.sign(`sign-in ${payload}`)) return undefined;
  const parsed: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
  if (!isObject(parsed)) return undefined;
  const { state, nonce, verifier, back, until } = parsed;
  if (typeof until !== "number" || until < Date.now()) return undefined;
  return {
    state: String(state),
    nonce: String(nonce),
    verifier: String(verifier),
    back: placeIn(back),
  };
}

function ssoRoutes({ door, from }: Desk, router: Routes): void {
  const { issuer, core, signIn } = door;
  const base = (): string => signIn.publicUrl ?? core.webUrl;
  const back = (): string => `${base()}/auth/v1/sso/callback`;
  const absent = new AppError("NOT_FOUND", ["Signing in through another service is not set up."]);
  router.get("/sso", "anyone", (_request, response) => {
    response.json({ enabled: issuer !== undefined });
  });
  router.get("/sso/request", "anyone", async (request, response) => {
    if (issuer === undefined) throw absent;
    const { url, errand } = await issuer.begin(back()).catch((error: unknown) => {
      throw new AppError("DIRECTORY_DOWN", [], { cause: error });
    });
    const kept = {
      ...errand,
      back: placeIn(text(request.query["back"])),
      until: Date.now() + errandSeconds * 1_000,
    };
    const payload = Buffer.from(JSON.stringify(kept)).toString("base64url");
    const secure = from.isSecure(request) ? "; Secure" : "";
    // Lax: the way back is a step from another site.
    const value = `${payload}.${core.sign(`sign-in ${payload}`)}`;
    setCookie(response, errandCookie, value, `SameSite=Lax; Max-Age=${errandSeconds}${secure}`);
    response.redirect(307, url);
  });
  router.get("/sso/callback", "anyone", async (request, response) => {
    if (issuer === undefined) throw absent;
    const errand = errandIn(door, cookieOf(request, errandCookie));
    setCookie(response, errandCookie, "", "SameSite=Lax; Max-Age=0");
    if (errand === undefined) return fault(response, 401, "This sign-in was not begun here.");
    const url = `${base()}${request.originalUrl}`;
    const user = await issuer.finish(url, errand).catch((error: unknown) => {
      core.log("warn", "a sign-in through the issuer failed", {
        reason: error instanceof Error ? error.message : String(error),
      });
    });
    if (user === undefined) return fault(response, 401, "The sign-in could not be completed.");
    const issued = await door.desk.admit(user, "oidc", door.tokenTtl);
    keepToken(response, issued, from.isSecure(request));
    return response.redirect(302, errand.back);
  });
}
