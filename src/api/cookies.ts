/** The cookie in which browsers keep the token, for what cannot set headers: streams and pictures. */
import type { IncomingMessage } from "node:http";
import type { Response } from "express";

/** StackStorm's name for it. */
export const cookieName = "auth-token";

/** The value of a cookie. */
export function cookieOf({ headers }: IncomingMessage, name: string): string | undefined {
  for (const part of (headers.cookie ?? "").split(";")) {
    const [key, ...rest] = part.split("=");
    if (key?.trim() === name) return rest.join("=").trim() || undefined;
  }
  return undefined;
}

/** Scripts of a page cannot read it. */
export function setCookie(response: Response, name: string, value: string, more: string): void {
  response.append("Set-Cookie", `${name}=${value}; Path=/; HttpOnly; ${more}`);
}

interface KeptToken {
  readonly secret: string;
  /** Undefined: until the browser is closed. */
  readonly expiry?: Date | null | undefined;
}

/** Other sites cannot make a browser send it along with what they ask for. */
export function keepToken(
  response: Response,
  { secret, expiry }: KeptToken,
  secure: boolean,
): void {
  const until = expiry == null ? "" : `; Expires=${expiry.toUTCString()}`;
  setCookie(response, cookieName, secret, `SameSite=Strict${until}${secure ? "; Secure" : ""}`);
}
