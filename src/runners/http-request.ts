import type { ParameterSchemas } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import { deadlineSeconds, watchEnd } from "./ending.ts";
import { bodyOf, queryPairs, textOf } from "./http-body.ts";
import { CookieJar } from "./http-cookies.ts";
import { allowedAddresses, type HostRules } from "./http-hosts.ts";
import { send, type HttpAnswer, type HttpExchange } from "./http-send.ts";
import { anyValue, resultSchema, type RunCall, type Runner } from "./runner.ts";

export interface HttpRequestOptions {
  /** Hosts, addresses and networks that no action may reach: the engine's own database, the cloud's metadata service. */
  readonly forbidden?: readonly string[];
  /** Bytes of an answer's body, after decompression. */
  readonly bodyLimit?: number;
  readonly userAgent?: string;
}

const text = (description: string) => ({ type: "string", description }) as const;
const texts = (description: string) =>
  ({ type: "array", items: { type: "string" }, required: false, description }) as const;

const parameterSchemas = {
  url: { ...text("URL of the endpoint"), required: true },
  headers: { type: "object", description: "Headers of the request" },
  cookies: { type: "object", description: "Cookies of the request" },
  username: text("User for basic authentication"),
  password: { ...text("Password for basic authentication"), secret: true },
  allow_redirects: {
    type: "boolean",
    description: "Follow redirects; each target is checked against the host lists",
    default: false,
  },
  verify_ssl_cert: {
    type: "boolean",
    description: "Refuse servers whose certificate cannot be verified",
    default: true,
  },
  http_proxy: text("URL of the proxy for http (e.g. http://10.10.1.10:3128)"),
  https_proxy: text("URL of the proxy for https (e.g. http://10.10.1.10:3128)"),
  url_hosts_blacklist: texts("Hosts, addresses or networks that must not be reached"),
  url_hosts_whitelist: texts("The only hosts, addresses or networks that may be reached"),
} satisfies ParameterSchemas;

/** Where link-local services such as a cloud's metadata live. */
const linkLocal = ["169.254.0.0/16", "fe80::/10", "fd00:ec2::254"];
const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const redirectLimit = 30;

/** Sends one HTTP request. */
export function httpRequestRunner({
  forbidden = linkLocal,
  bodyLimit = 16_000_000,
  userAgent = "raicho",
}: HttpRequestOptions = {}): Runner {
  return {
    name: "http-request",
    aliases: ["http-runner"],
    description: "Sends an HTTP request",
    parameters: parameterSchemas,
    outputKey: "body",
    outputSchema: resultSchema({
      status_code: { type: "integer" },
      body: anyValue,
      parsed: { type: "boolean" },
      headers: { type: "object" },
    }),
    onWorkerLost: "abandon",
    async run(call) {
      if (call.signal.aborted)
        return {
          status: "canceled",
          result: { error: "The action was canceled before it started." },
        };
      const deadline = deadlineSeconds(call.timeoutSeconds, call.parameters["timeout"], 60);
      const watch = watchEnd(call.signal, deadline);
      const stop = new AbortController();
      void watch.ended.then(({ message }) => stop.abort(new Error(message)));
      try {
        const rules = hostRules(call.parameters, forbidden);
        const request = buildRequest(call, { bodyLimit, userAgent, signal: stop.signal });
        const answer = follow(request, rules, call.parameters["allow_redirects"] === true);
        // Looking up a name cannot be aborted.
        return outcomeOf(await Promise.race([answer, aborted(stop.signal)]));
      } catch (error) {
        if (!watch.ending) throw error;
        return { status: watch.ending.status, result: { error: watch.ending.message } };
      } finally {
        watch.release();
      }
    },
  };
}

type Request = Omit<HttpExchange, "addresses">;

/** Rejects when that signal is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

async function follow(first: Request, rules: HostRules, redirects: boolean): Promise<HttpAnswer> {
  let request = first;
  const jar = new CookieJar();
  for (let hop = 0; hop <= redirectLimit; hop += 1) {
    const answer = await send({ ...request, addresses: await addressesOf(request, rules) });
    const location = header(answer.headers, "location");
    if (!redirects || !redirectStatuses.has(answer.status) || location === undefined) return answer;
    jar.keep(request.url, answer.cookies);
    const next = redirected(request, new URL(location, request.url), answer.status);
    request = { ...next, headers: jar.give(next.url, next.headers) };
  }
  throw new Error(`${first.url.href} redirects more than ${redirectLimit} times`);
}

/** Behind a proxy the name may be the proxy's to resolve: then only lists make us resolve it. */
async function addressesOf(
  { url, proxy }: Request,
  rules: HostRules,
): Promise<HttpExchange["addresses"]> {
  const proxied = (url.protocol === "https:" ? proxy.https : proxy.http) !== undefined;
  const listed = rules.blacklist.length + rules.whitelist.length > 0;
  if (proxied && !listed) return [];
  const addresses = await allowedAddresses(url, rules);
  return proxied ? [] : addresses;
}

/** The next request of a redirect: a GET after 303 and, as everybody does, after a POST that met 301 or 302. */
function redirected(request: Request, url: URL, status: number): Request {
  const { method } = request;
  const toGet =
    (status === 303 && method !== "HEAD") ||
    ((status === 301 || status === 302) && method === "POST");
  const dropped = new Set([
    ...(toGet ? ["content-type", "content-length"] : []),
    ...(url.host === request.url.host ? [] : ["authorization", "cookie"]),
  ]);
  const headers = Object.entries(request.headers).filter(
    ([name]) => !dropped.has(name.toLowerCase()),
  );
  return {
    ...request,
    url: checkedUrl(url.href),
    headers: Object.fromEntries(headers),
    ...(toGet ? { method: "GET", body: undefined } : {}),
  };
}

/** Methods that change nothing: doing them twice needs no key. */
const reading = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/** The service that is called can tell a repetition from a second wish. */
function keyOf(
  method: string,
  own: Readonly<Record<string, string>>,
  key: string,
): Record<string, string> {
  const given = reading.has(method.toUpperCase()) || header(own, "idempotency-key") !== undefined;
  return given ? {} : { "Idempotency-Key": key };
}

function buildRequest(
  { action, parameters, idempotencyKey }: RunCall,
  options: { bodyLimit: number; userAgent: string; signal: AbortSignal },
): Request {
  const own = stringRecord(parameters["headers"]);
  const { body, contentType } = bodyOf(parameters, header(own, "content-type"));
  const method = textOf(parameters["method"]) ?? (body ? "POST" : "GET");
  const url = checkedUrl(textOf(parameters["url"]) ?? "");
  for (const [name, value] of queryPairs(parameters["params"]))
    url.searchParams.append(name, value);
  const cookies = Object.entries(stringRecord(parameters["cookies"]));
  const headers = {
    Accept: "*/*",
    "Accept-Encoding": "gzip, deflate, br",
    ...keyOf(method, own, idempotencyKey),
    ...own,
    ...(contentType === undefined ? {} : { "Content-Type": contentType }),
    ...(cookies.length === 0
      ? {}
      : { Cookie: cookies.map(([name, value]) => `${name}=${value}`).join("; ") }),
    ...authorization(parameters),
    "User-Agent": options.userAgent,
    "X-Stanley-Action": action.ref.slice(action.pack.length + 1),
  };
  return {
    url,
    method,
    headers,
    body,
    verifyCertificate: parameters["verify_ssl_cert"] !== false,
    proxy: { http: textOf(parameters["http_proxy"]), https: textOf(parameters["https_proxy"]) },
    bodyLimit: options.bodyLimit,
    signal: options.signal,
  };
}

/** Basic authentication, or the `auth` parameter: one header written as `name=value`. */
function authorization(parameters: JsonObject): Record<string, string> {
  const [user, password] = [textOf(parameters["username"]), textOf(parameters["password"])];
  if (user !== undefined || password !== undefined) {
    const pair = Buffer.from(`${user ?? ""}:${password ?? ""}`).toString("base64");
    return { Authorization: `Basic ${pair}` };
  }
  const auth = textOf(parameters["auth"]);
  if (auth === undefined) return {};
  const [, name, value] = /^([\w-]+)=(.*)$/s.exec(auth) ?? [];
  if (name === undefined || value === undefined)
    throw new Error(
      'Parameter "auth" must be a header written as name=value, e.g. x-auth-token=XYZ',
    );
  return { [name]: value };
}

function outcomeOf({ status, headers, body }: HttpAnswer): Outcome {
  const type = header(headers, "content-type")?.split(";")[0]?.trim();
  const json = type === "application/json" ? parsedJson(body) : undefined;
  return {
    status: status >= 200 && status < 300 ? "succeeded" : "failed",
    result: {
      status_code: status,
      body: json ? json.value : body,
      parsed: json !== undefined,
      headers,
    },
  };
}

function parsedJson(body: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(body) as unknown };
  } catch {
    return undefined;
  }
}

function hostRules(parameters: JsonObject, forbidden: readonly string[]): HostRules {
  const blacklist = stringList(parameters["url_hosts_blacklist"]);
  const whitelist = stringList(parameters["url_hosts_whitelist"]);
  if (blacklist.length > 0 && whitelist.length > 0)
    throw new Error(
      '"url_hosts_blacklist" and "url_hosts_whitelist" parameters are mutually exclusive. Only one should be provided.',
    );
  return { blacklist, whitelist, forbidden };
}

function checkedUrl(href: string): URL {
  const url = URL.parse(href);
  if (url && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new Error(`Parameter "url" must be an http or https URL, not "${href}"`);
}

function header(headers: Readonly<Record<string, string>>, wanted: string): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1];
}

function stringRecord(value: unknown): Record<string, string> {
  const entries = isObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.map(([name, item]) => [name, typeof item === "string" ? item : JSON.stringify(item)]),
  );
}

function stringList(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
