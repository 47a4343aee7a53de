/** Signing in by OpenID Connect, at a real provider in this process. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDoor } from "../../src/api/app.ts";
import { authenticator } from "../../src/engine/auth.ts";
import { LoginDesk } from "../../src/engine/login.ts";
import { RoleBook } from "../../src/engine/role-book.ts";
import { oidcIssuer } from "../../src/identity/oidc.ts";
import { addAccount } from "../../src/store/accounts.ts";
import { doorOf, emptyInventory } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { type Forged, ForgingIssuer } from "./forging-issuer.ts";

let database: TestDatabase;
let engine: TestEngine;
let url: string;
/** The door of an issuer that forges. */
let forgedUrl: string;
let forger: ForgingIssuer;
const servers: Server[] = [];

async function listen(server: Server): Promise<string> {
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A provider whose people are whoever they say; its own pages ask nothing else. */
async function startProvider(redirect: string): Promise<string> {
  const server = createServer();
  const issuer = await listen(server);
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "raicho",
        client_secret: "shared with the provider",
        redirect_uris: [redirect],
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    claims: { openid: ["sub", "preferred_username", "groups"] },
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, groups: ["operators"] }),
    }),
    features: { devInteractions: { enabled: true } },
  });
  server.on("request", (request, response) => void provider.callback()(request, response));
  return issuer;
}

/** A browser of few manners: keeps cookies by host, follows where it is sent, fills in the forms of the provider. */
class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();
  readonly visited: string[] = [];

  async go(address: string, form?: Record<string, string>): Promise<Response> {
    let next = address;
    let body = form;
    for (;;) {
      const { host } = new URL(next);
      const jar = this.#cookies.get(host) ?? new Map<string, string>();
      this.#cookies.set(host, jar);
      this.visited.push(next);
      const response = await fetch(next, {
        redirect: "manual",
        headers: { cookie: [...jar].map((pair) => pair.join("=")).join("; ") },
        ...(body === undefined ? {} : { method: "POST", body: new URLSearchParams(body) }),
      });
      for (const line of response.headers.getSetCookie()) {
        const [pair = ""] = line.split(";");
        jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
      }
      const location = response.headers.get("location");
      if (location === null) return response;
      next = new URL(location, next).href;
      body = undefined;
    }
  }

  cookie(address: string, name: string): string | undefined {
    return this.#cookies.get(new URL(address).host)?.get(name);
  }
}

function actionOf(page: string): string {
  return /action="([^"]+)"/.exec(page)?.[1] ?? "";
}

/** Goes the whole way as that user; gives the last page. */
async function signIn(browser: Browser, user: string): Promise<Response> {
  const login = await browser.go(`${url}/auth/v1/sso/request?back=/somewhere`);
  const asked = await browser.go(actionOf(await login.text()), {
    prompt: "login",
    login: user,
    password: "any",
  });
  return browser.go(actionOf(await asked.text()), { prompt: "consent" });
}

beforeAll(async () => {
  database = await testDatabase();
  engine = testEngine(database.url);
  const book = new RoleBook(database, () => ({
    roles: [],
    assignments: [],
    mappings: [{ group: "operators", roles: ["observer"] }],
    problems: [],
  }));
  const open = async (issuerFor: (url: string) => Promise<string>): Promise<string> => {
    const server = createServer();
    const at = await listen(server);
    const plain = doorOf(engine.core);
    const door = {
      ...plain,
      auth: true,
      book,
      desk: new LoginDesk(database, book),
      signIn: { ...plain.signIn, publicUrl: at },
      authenticate: authenticator(engine.core, book),
      issuer: oidcIssuer({
        issuer: await issuerFor(at),
        clientId: "raicho",
        clientSecret: "shared with the provider",
        scopes: "openid",
        userClaim: "preferred_username",
        groupsClaim: "groups",
      }),
    };
    server.on("request", makeDoor(door, emptyInventory));
    return at;
  };
  url = await open((at) => startProvider(`${at}/auth/v1/sso/callback`));
  forgedUrl = await open(async () => {
    const server = createServer();
    const at = await listen(server);
    forger = new ForgingIssuer(at, "raicho");
    server.on("request", (request, response) => forger.answer(request, response));
    return at;
  });
}, 60_000);

afterAll(async () => {
  for (const server of servers) server.close().closeAllConnections();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

describe("signing in by OpenID Connect", () => {
  test("brings the browser back signed in, with the roles of its groups", async () => {
    expect(await (await fetch(`${url}/auth/v1/sso`)).json()).toStrictEqual({ enabled: true });
    const browser = new Browser();
    await signIn(browser, "haru");
    expect(browser.visited.at(-1)).toBe(`${url}/somewhere`);
    const token = browser.cookie(url, "auth-token") ?? "";
    const user = await fetch(`${url}/v1/user`, { headers: { cookie: `auth-token=${token}` } });
    expect(await user.json()).toMatchObject({
      username: "haru",
      authentication: { location: "cookie" },
      rbac: { roles: ["observer"] },
    });
  });

  test("never takes over an account of our own", async () => {
    await addAccount(database.db, { name: "chief", password: "!", roles: ["admin"] });
    const browser = new Browser();
    const last = await signIn(browser, "chief");
    expect(last.status).toBe(403);
    expect(browser.cookie(url, "auth-token")).toBeUndefined();
  });

  test.each([
    ["without the cookie of its beginning", ""],
    ["with a cookie that we did not sign", "raicho-sign-in=e30.AAAA"],
  ])("is refused %s", async (_name, cookie) => {
    const answer = await fetch(`${url}/auth/v1/sso/callback?code=x&state=y`, {
      headers: { cookie },
    });
    expect(answer.status).toBe(401);
  });

  test("is refused with a state of another beginning", async () => {
    const begun = await fetch(`${url}/auth/v1/sso/request`, { redirect: "manual" });
    expect(begun.status).toBe(307);
    const [cookie = ""] = (begun.headers.getSetCookie()[0] ?? "").split(";");
    const answer = await fetch(`${url}/auth/v1/sso/callback?code=x&state=y`, {
      headers: { cookie },
    });
    expect(answer.status).toBe(401);
  });

  test.each(["https://evil.example/", "//evil.example/", "/\\evil.example"])(
    "does not lead on to %s",
    async (back) => {
      const begun = await fetch(`${url}/auth/v1/sso/request?back=${encodeURIComponent(back)}`, {
        redirect: "manual",
      });
      const [, payload = ""] =
        /raicho-sign-in=([^.]+)\./.exec(begun.headers.getSetCookie()[0] ?? "") ?? [];
      expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toMatchObject({ back: "/" });
    },
  );
});

/** Comes back from the issuer with a code, as a browser would. */
async function comeBack(forged: Forged): Promise<Response> {
  const begun = await fetch(`${forgedUrl}/auth/v1/sso/request`, { redirect: "manual" });
  const asked = new URL(begun.headers.get("location") ?? "").searchParams;
  expect(asked.get("code_challenge_method")).toBe("S256");
  forger.forged = forged;
  forger.nonce = asked.get("nonce") ?? "";
  const [cookie = ""] = (begun.headers.getSetCookie()[0] ?? "").split(";");
  const query = new URLSearchParams({ code: "any", state: asked.get("state") ?? "" });
  return fetch(`${forgedUrl}/auth/v1/sso/callback?${String(query)}`, {
    headers: { cookie },
    redirect: "manual",
  });
}

function signedInBy(answer: Response): boolean {
  return answer.headers.getSetCookie().some((line) => /^auth-token=[0-9a-f]/.test(line));
}

describe("an id token", () => {
  test("that is right lets in", async () => {
    const answer = await comeBack({});
    expect([answer.status, signedInBy(answer)]).toStrictEqual([302, true]);
  });

  test.each<[string, Forged]>([
    ["of another issuer", { claims: { iss: "https://id.example.com" } }],
    ["for somebody else", { claims: { aud: "another-client" } }],
    ["for several, of whom we were not asked", { claims: { aud: ["raicho", "x"], azp: "x" } }],
    ["that has expired", { claims: { exp: Math.floor(Date.now() / 1_000) - 600 } }],
    ["without an end", { claims: { exp: undefined } }],
    ["of another sign-in", { claims: { nonce: "another" } }],
    ["without a nonce", { claims: { nonce: undefined } }],
    ["without a name", { claims: { preferred_username: undefined } }],
    ["with a name that is none", { claims: { preferred_username: "" } }],
    ["signed by nobody", { algorithm: "none" }],
    ["signed by a foreign key", { foreign: true }],
    ["signed in another way", { algorithm: "HS256" }],
  ])("%s lets nobody in", async (_what, forged) => {
    const answer = await comeBack(forged);
    expect([answer.status, signedInBy(answer)]).toStrictEqual([401, false]);
  });
});
