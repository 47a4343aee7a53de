/** Requests to Redmine. Failures say their `reason`, so that who asks knows whether to try again. */
import { ActionFailed, type ActionContext, type JsonObject } from "raicho/pack";
import { list, object, textOf } from "./json.ts";

export interface Config {
  readonly url: string;
  readonly api_key: string;
  readonly project: string;
}

export interface RedmineRequest {
  readonly method: "GET" | "POST" | "PUT";
  /** Below the URL, e.g. `/issues.json`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: JsonObject | Uint8Array<ArrayBuffer>;
  /** Doing it twice is the same as once. */
  readonly repeatable?: boolean;
}

/** Redmine said no to what was asked; `words` are its sentences, in its own language. */
export class Refusal extends ActionFailed {
  readonly status: number;
  readonly words: readonly string[];
  constructor({ method, path }: RedmineRequest, status: number, words: readonly string[]) {
    super({
      error: `redmine refused ${method} ${path} (${status}): ${words.join("; ")}`,
      reason: status === 401 || status === 403 ? "away" : "refused",
      status_code: status,
    });
    this.status = status;
    this.words = words;
  }
}

type Means = Pick<ActionContext, "fetch" | "signal">;

export class RedmineHttp {
  readonly url: string;
  readonly project: string;
  readonly #key: string;
  readonly #means: Means;

  constructor(config: Partial<Config>, means: Means) {
    this.url = needed(config, "url").replace(/\/+$/, "");
    this.#key = needed(config, "api_key");
    this.project = needed(config, "project");
    this.#means = means;
  }

  /** The JSON of a 2xx answer; an empty object when it has none. */
  async send(request: RedmineRequest): Promise<JsonObject> {
    const { method, path, query = {}, body } = request;
    const url = new URL(this.url + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const binary = body instanceof Uint8Array;
    const type = binary ? "application/octet-stream" : "application/json";
    try {
      const response = await this.#means.fetch(url, {
        method,
        headers: {
          "X-Redmine-API-Key": this.#key,
          Accept: "application/json",
          ...(body === undefined ? {} : { "Content-Type": type }),
        },
        ...(body === undefined ? {} : { body: binary ? body : JSON.stringify(body) }),
        redirect: "error",
      });
      return await read(request, response);
    } catch (error) {
      if (error instanceof ActionFailed) throw error;
      this.#means.signal.throwIfAborted();
      throw lost(request, reasonOf(error), !neverSent(error));
    }
  }
}

async function read(request: RedmineRequest, response: Response): Promise<JsonObject> {
  const text = await response.text();
  const { status } = response;
  if (response.ok) return object(parsed(text));
  if (status === 429 || status === 503) {
    const seconds = Number(response.headers.get("retry-after") ?? "5");
    throw new ActionFailed({
      error: `redmine is too busy for ${request.method} ${request.path} (${status})`,
      reason: "busy",
      retry_after: Number.isFinite(seconds) ? seconds : 5,
    });
  }
  if (status >= 500) throw lost(request, `it answered ${status}`, true);
  const words = list(object(parsed(text))["errors"]).map(String);
  throw new Refusal(request, status, words.length > 0 ? words : [text.slice(0, 200)]);
}

function lost(
  { method, path, repeatable }: RedmineRequest,
  why: string,
  sent: boolean,
): ActionFailed {
  const unsure = sent && method !== "GET" && repeatable !== true;
  const what = unsure ? "may or may not have done" : "cannot be used for";
  return new ActionFailed({
    error: `redmine ${what} ${method} ${path}: ${why}`,
    reason: unsure ? "unsure" : "away",
  });
}

const beforeConnected = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function neverSent(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return beforeConnected.has(textOf(object(cause)["code"]) ?? "");
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return {};
  }
}

function needed(config: Partial<Config>, key: keyof Config): string {
  const value = textOf(config[key]);
  if (value !== undefined) return value;
  throw new ActionFailed({
    error: `redmine is not configured: set ${key} in <configs>/redmine.yaml`,
    reason: "unconfigured",
  });
}
