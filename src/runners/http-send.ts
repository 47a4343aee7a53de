/** One HTTP exchange to a checked address: no redirects, no reuse of connections. */
import http from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { createBrotliDecompress, createUnzip } from "node:zlib";
import type { Readable } from "node:stream";
import type { Address } from "./http-hosts.ts";

export interface HttpExchange {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  /** Where the URL's host is; unused behind a proxy. */
  readonly addresses: readonly Address[];
  readonly verifyCertificate: boolean;
  readonly proxy: { readonly http: string | undefined; readonly https: string | undefined };
  readonly bodyLimit: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names as sent; repeated ones joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** `Set-Cookie`, one each. */
  readonly cookies: readonly string[];
  readonly body: string;
}

export async function send(exchange: HttpExchange): Promise<HttpAnswer> {
  const response = await respond(exchange);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of decompressed(response)) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    // Leaving the loop destroys the stream: what is beyond the bound is not read, it may be endless.
    if (length > exchange.bodyLimit)
      throw new RangeError(
        `The answer of ${exchange.url.href} is longer than the ${exchange.bodyLimit} bytes that are kept`,
      );
    chunks.push(bytes);
  }
  const charset = /charset="?([\w.:-]+)/i.exec(response.headers["content-type"] ?? "")?.[1];
  return {
    status: response.statusCode ?? 0,
    headers: headersOf(response.rawHeaders),
    cookies: response.headers["set-cookie"] ?? [],
    body: decode(Buffer.concat(chunks), charset),
  };
}

function respond(exchange: HttpExchange): Promise<http.IncomingMessage> {
  const { url, method, headers, body, signal, addresses } = exchange;
  const secure = url.protocol === "https:";
  const { http: plainProxy, https: secureProxy } = exchange.proxy;
  const agentOptions = {
    keepAlive: false,
    proxyEnv: {
      ...(plainProxy === undefined ? {} : { HTTP_PROXY: plainProxy }),
      ...(secureProxy === undefined ? {} : { HTTPS_PROXY: secureProxy }),
    },
  };
  const options = {
    method,
    headers,
    signal,
    // Only the addresses that were checked; a proxy's own name is resolved as usual.
    ...(addresses.length > 0 ? { lookup: fixedLookup(addresses) } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = secure
      ? https.request(
          url,
          {
            ...options,
            agent: new https.Agent({ ...agentOptions, secureContext: trusted() }),
            rejectUnauthorized: exchange.verifyCertificate,
          },
          resolve,
        )
      : http.request(url, { ...options, agent: new http.Agent(agentOptions) }, resolve);
    request.once("error", reject);
    request.end(body);
  });
}

let context: SecureContext | undefined;

/** Whom to believe: those that come with Node, and those of this machine, among which a site's own authority is. Read once. */
function trusted(): SecureContext {
  context ??= createSecureContext({
    ca: [...new Set([...getCACertificates("default"), ...getCACertificates("system")])],
  });
  return context;
}

function fixedLookup(addresses: readonly Address[]): LookupFunction {
  return (_host, { all }, done) => {
    const [first] = addresses;
    if (all === true) done(null, [...addresses]);
    else done(null, first?.address ?? "", first?.family);
  };
}

function decompressed(response: http.IncomingMessage): Readable {
  const encoding = response.headers["content-encoding"]?.toLowerCase();
  if (encoding === "gzip" || encoding === "x-gzip" || encoding === "deflate")
    return response.compose(createUnzip());
  return encoding === "br" ? response.compose(createBrotliDecompress()) : response;
}

function headersOf(raw: readonly string[]): Record<string, string> {
  const headers = new Map<string, { name: string; values: string[] }>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const [name = "", value = ""] = raw.slice(index, index + 2);
    const found = headers.get(name.toLowerCase());
    if (found) found.values.push(value);
    else headers.set(name.toLowerCase(), { name, values: [value] });
  }
  return Object.fromEntries(
    [...headers.values()].map(({ name, values }) => [name, values.join(", ")]),
  );
}

function decode(bytes: Buffer, charset: string | undefined): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString();
  }
}
