/** An issuer whose id tokens say whatever a test wants them to. */
import { createSign, generateKeyPairSync } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

export interface Forged {
  /** Claims beside or instead of the right ones. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** `RS256` unless it is something else; `none` has no signature. */
  readonly algorithm?: string;
  /** Signed by a key that nobody published. */
  readonly foreign?: boolean;
}

const pair = (): ReturnType<typeof generateKeyPairSync> =>
  generateKeyPairSync("rsa", { modulusLength: 2048 });

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

export class ForgingIssuer {
  /** What the next id token is like. */
  forged: Forged = {};
  /** The claims of the request that is answered. */
  nonce = "";
  readonly #url: string;
  readonly #clientId: string;
  readonly #keys = { own: pair(), foreign: pair() };

  constructor(url: string, clientId: string) {
    this.#url = url;
    this.#clientId = clientId;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const body = this.#document(request.url ?? "");
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(body ?? {}));
  }

  #document(path: string): unknown {
    const url = this.#url;
    if (path === "/.well-known/openid-configuration")
      return {
        issuer: url,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        jwks_uri: `${url}/keys`,
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
      };
    if (path === "/keys") {
      const jwk = this.#keys.own.publicKey.export({ format: "jwk" });
      return { keys: [{ ...jwk, kid: "own", alg: "RS256", use: "sig" }] };
    }
    return path === "/token"
      ? { access_token: "opaque", token_type: "Bearer", expires_in: 60, id_token: this.#idToken() }
      : undefined;
  }

  #idToken(): string {
    const { claims = {}, algorithm = "RS256", foreign = false } = this.forged;
    const now = Math.floor(Date.now() / 1_000);
    const right = {
      iss: this.#url,
      aud: this.#clientId,
      sub: "kaito",
      preferred_username: "kaito",
      nonce: this.nonce,
      iat: now,
      exp: now + 300,
    };
    const signed = `${part({ alg: algorithm, kid: "own" })}.${part({ ...right, ...claims })}`;
    if (algorithm === "none") return `${signed}.`;
    const key = foreign ? this.#keys.foreign.privateKey : this.#keys.own.privateKey;
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(key, "base64url")}`;
  }
}
