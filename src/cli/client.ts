/** What every command that asks a server speaks through: addresses, signing in, errors in words, pages, streams. */
import type { IncomingMessage } from "node:http";
import { isObject, type JsonObject } from "../model/json.ts";
import { CliError, exitCodes, type Cli } from "./cli.ts";
import { readEvents, type StreamEvent } from "./events.ts";
import { readBody, send } from "./http.ts";
import { cachedToken, forgetToken, rememberToken, type Settings } from "./settings.ts";

/** `own` = Raicho's own API (`/api/v2`). */
type Service = "api" | "auth" | "stream" | "own";
type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Call {
  readonly query?: Query | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly service?: Service;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** The server refused: its status and its words. */
export class Refused extends CliError {
  readonly status: number;
  constructor(status: number, message: string) {
    const code =
      status === 401 || status === 403
        ? exitCodes.denied
        : status === 404
          ? exitCodes.notFound
          : status === 502 || status === 503 || status === 504
            ? exitCodes.unreachable
            : exitCodes.failed;
    super(code, message);
    this.status = status;
  }
}

export interface IssuedToken {
  readonly user: string;
  readonly token: string;
  readonly expiry?: string;
}

function withQuery(address: string, query: Query | undefined): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? address : `${address}?${search.toString()}`;
}

/** What went wrong, out of an error body of either API. */
function wordsOf(status: number, text: string): string {
  try {
    const said: unknown = JSON.parse(text);
    if (isObject(said)) {
      const { faultstring, detail, title, message } = said;
      const words = [faultstring, detail, title, message].find((each) => typeof each === "string");
      if (typeof words === "string" && words !== "") return words;
    }
  } catch {
    // Not JSON: a proxy, perhaps.
  }
  const line = text
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, 200);
  return line === "" ? `the server answered ${status}` : `the server answered ${status}: ${line}`;
}

function rowsIn(text: string): readonly JsonObject[] {
  const value: unknown = JSON.parse(text);
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export interface EventStream {
  readonly events: AsyncGenerator<StreamEvent>;
  close(): void;
}

const unauthorized = "sign in with raicho login, or set RAICHO_TOKEN or RAICHO_API_KEY";
/** A server that says nothing for so long is lost. */
const idleMs = 120_000;

export class Client {
  readonly settings: Settings;
  readonly #cli: Cli;
  #token: string | undefined;

  constructor(cli: Cli, settings: Settings) {
    this.#cli = cli;
    this.settings = settings;
  }

  /** The answer, or Refused. */
  async request(method: string, path: string, call: Call = {}): Promise<Answer> {
    const answer = await this.#send(method, path, call);
    const status = answer.statusCode ?? 0;
    const text = await readBody(answer);
    if (status >= 200 && status < 300) return { status, headers: answer.headers, text };
    throw new Refused(status, this.#refusal(status, text));
  }

  /** The answer's JSON; undefined when it is empty. */
  async json(method: string, path: string, call: Call = {}): Promise<unknown> {
    const { text } = await this.request(method, path, call);
    if (text === "") return undefined;
    try {
      return JSON.parse(text);
    } catch {
      throw new CliError(
        exitCodes.unreachable,
        `the answer is not JSON: is ${this.settings.api} the API of a server? It says ${JSON.stringify(text.slice(0, 60))}`,
      );
    }
  }

  /** The answer's bytes: a file. */
  async bytes(path: string, call: Call = {}): Promise<Buffer> {
    const answer = await this.#send("GET", path, call);
    const status = answer.statusCode ?? 0;
    if (status < 200 || status > 299)
      throw new Refused(status, this.#refusal(status, await readBody(answer)));
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(Buffer.from(part));
    return Buffer.concat(parts);
  }

  async object(method: string, path: string, call: Call = {}): Promise<JsonObject> {
    const value = await this.json(method, path, call);
    if (isObject(value)) return value;
    throw new CliError(exitCodes.unreachable, `${method} ${path} was not answered with an object`);
  }

  async list(path: string, call: Call = {}): Promise<readonly JsonObject[]> {
    const value = await this.json("GET", path, call);
    if (Array.isArray(value)) return value.filter(isObject);
    throw new CliError(exitCodes.unreachable, `GET ${path} was not answered with a list`);
  }

  /** As many as asked for, in pages that everybody may have; undefined = all. */
  async pages(
    path: string,
    query: Query,
    wanted: number | undefined,
  ): Promise<{ readonly rows: readonly JsonObject[]; readonly total: number | undefined }> {
    const rows: JsonObject[] = [];
    let total: number | undefined;
    for (;;) {
      const limit = Math.min(100, (wanted ?? Infinity) - rows.length);
      const offset = rows.length === 0 ? undefined : rows.length;
      const answer = await this.request("GET", path, { query: { ...query, limit, offset } });
      const page = rowsIn(answer.text);
      rows.push(...page);
      const said = answer.headers["x-total-count"];
      if (typeof said === "string") total = Number(said);
      const enough = rows.length >= Math.min(wanted ?? Infinity, total ?? Infinity);
      // Without a count a short page is the last one.
      const last = page.length === 0 || (total === undefined && page.length !== limit);
      if (enough || last) return { rows: rows.slice(0, wanted), total };
    }
  }

  /** Server-sent events until the server ends them, Ctrl-C, or `close`. Resolves when the server has begun to send. */
  async events(path: string, query: Query, signal?: AbortSignal): Promise<EventStream> {
    const answer = await this.#send("GET", path, { query, service: "stream" }, signal);
    const status = answer.statusCode ?? 0;
    if (status !== 200) throw new Refused(status, this.#refusal(status, await readBody(answer)));
    answer.on("error", () => undefined);
    return { events: readEvents(answer), close: () => void answer.destroy() };
  }

  /** A token for name and password. */
  async signIn(user: string, password: string, ttl?: number): Promise<IssuedToken> {
    const body = ttl === undefined ? {} : { ttl };
    const basic = Buffer.from(`${user}:${password}`).toString("base64");
    const issued = await this.object("POST", "/tokens", {
      service: "auth",
      body,
      headers: { authorization: `Basic ${basic}` },
    });
    const { token, expiry, user: name } = issued;
    if (typeof token !== "string")
      throw new CliError(exitCodes.unreachable, "the answer holds no token");
    return {
      user: typeof name === "string" ? name : user,
      token,
      ...(typeof expiry === "string" ? { expiry } : {}),
    };
  }

  #refusal(status: number, text: string): string {
    const words = wordsOf(status, text).trim();
    if (status !== 401) return words;
    return `${words.replace(/\.?$/, ".")} You can ${unauthorized}.`;
  }

  #address(path: string, service: Service): string {
    return `${this.settings[service]}${path}`;
  }

  async #send(
    method: string,
    path: string,
    call: Call,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const first = await this.#once(method, path, call, signal);
    // A remembered token may have been revoked: once more, with a new one.
    if (first.statusCode !== 401 || !(await this.#renew(call))) return first;
    first.resume();
    return this.#once(method, path, call, signal);
  }

  async #renew({ service }: Call): Promise<boolean> {
    const { token, apiKey, user, password } = this.settings;
    if (service === "auth" || token !== undefined || apiKey !== undefined) return false;
    if (user === undefined || this.#token === undefined) return false;
    forgetToken(this.#cli.environment, this.settings, user);
    this.#token = undefined;
    return password !== undefined;
  }

  async #once(
    method: string,
    path: string,
    call: Call,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const { query, body, service = "api", headers } = call;
    const address = withQuery(this.#address(path, service), query);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const given = {
      accept: service === "stream" ? "text/event-stream" : "application/json, text/plain, */*",
      ...(text === undefined ? {} : { "content-type": "application/json" }),
      ...(service === "auth" ? this.#proxy() : await this.#credentials()),
      ...headers,
    };
    if (this.settings.debug) this.#tell(method, address, given, text);
    const { cacert } = this.settings;
    return send(address, {
      method,
      headers: given,
      body: text,
      cacert,
      signal,
      idleMs: service === "stream" ? undefined : idleMs,
    });
  }

  #proxy(): Record<string, string> {
    const { basic } = this.settings;
    if (basic === undefined) return {};
    return { authorization: `Basic ${Buffer.from(basic).toString("base64")}` };
  }

  async #credentials(): Promise<Record<string, string>> {
    const { token, apiKey } = this.settings;
    if (token !== undefined) return { ...this.#proxy(), "x-auth-token": token };
    if (apiKey !== undefined) return { ...this.#proxy(), "st2-api-key": apiKey };
    this.#token ??= await this.#remembered();
    return this.#token === undefined
      ? this.#proxy()
      : { ...this.#proxy(), "x-auth-token": this.#token };
  }

  async #remembered(): Promise<string | undefined> {
    const { user, password, cacheTokens } = this.settings;
    const cached = cachedToken(this.#cli.environment, this.settings, Date.now());
    if (cached !== undefined) return cached;
    if (user === undefined || password === undefined) return undefined;
    const issued = await this.signIn(user, password);
    if (cacheTokens) rememberToken(this.#cli.environment, this.settings, issued);
    return issued.token;
  }

  /** The request as a command for curl, secrets left out. */
  #tell(
    method: string,
    address: string,
    headers: Record<string, string>,
    body: string | undefined,
  ): void {
    const secret = new Set(["x-auth-token", "st2-api-key", "authorization"]);
    const shown = Object.entries(headers).map(
      ([name, value]) => `-H ${quote(`${name}: ${secret.has(name) ? "********" : value}`)}`,
    );
    const data = body === undefined ? [] : [`--data-binary ${quote(body)}`];
    const parts = ["# curl", "-X", method, ...shown, ...data, quote(address)];
    this.#cli.terminal.note(`${parts.join(" ")}\n`);
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
