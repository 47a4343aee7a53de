/** Where requests come from. */
import type { IncomingMessage } from "node:http";
import { addressList } from "../content/sign-in.ts";
import type { SignInSettings } from "../model/sign-in.ts";

export interface Origins {
  /** Who asks: behind proxies that are trusted, the first address that none of them is. */
  clientOf(request: IncomingMessage): string;
  /** Whether it comes straight from a proxy that is trusted. */
  fromProxy(request: IncomingMessage): boolean;
  /** Whether the client speaks TLS, with us or with a proxy that is trusted. */
  isSecure(request: IncomingMessage): boolean;
}

function peerOf({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
}

export function origins({ trustedProxies, publicUrl }: SignInSettings): Origins {
  const trusted = addressList(trustedProxies);
  const fromProxy = (request: IncomingMessage): boolean => trusted(peerOf(request));
  return {
    fromProxy,
    clientOf: (request) => {
      const peer = peerOf(request);
      const header = request.headers["x-forwarded-for"];
      if (!trusted(peer) || typeof header !== "string") return peer;
      // Each proxy adds whom it saw at the end; what stands before the first stranger can be invented.
      const way = header.split(",").map((each) => each.trim());
      return way.findLast((each) => each !== "" && !trusted(each)) ?? peer;
    },
    isSecure: (request) =>
      publicUrl?.startsWith("https:") === true ||
      "encrypted" in request.socket ||
      (fromProxy(request) && request.headers["x-forwarded-proto"] === "https"),
  };
}
