/**
 * Requests to JIRA.
 *
 * 1. 429, and 503 with Retry-After, are waited out, in all no longer than the configuration allows.
 * 2. What only reads, or sets what is set already, is tried again after a lost connection or a server's fault.
 * 3. A POST whose answer was lost may have been done: `Unsure` is thrown, the caller looks before it tries again.
 */
import { ActionFailed, type ActionContext, type JsonObject } from "raicho/pack";
import { isObject, list, textOf } from "./json.ts";
import type { Settings } from "./settings.ts";

export interface JiraRequest {
  readonly method: "GET" | "POST" | "PUT";
  /** Below the URL, e.g. `/rest/api/3/issue`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: JsonObject;
  /** Sent instead of `body`: files. */
  readonly form?: FormData;
  /** A POST that only reads (a search). */
  readonly reads?: boolean;
}

/** Why something failed, for who decides whether to try again. */
export type Reason = "unsure" | "busy" | "away" | "unconfigured" | "refused";

/** JIRA said no. `fields` holds its words per field. */
export class Refusal extends ActionFailed {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  constructor(request: JiraRequest, status: number, answer: unknown) {
    const { messages, fields } = errorsOf(answer);
    const words = [
      ...messages,
      ...Object.entries(fields).map(([field, word]) => `${field}: ${word}`),
    ];
    super({
      error: `jira refused ${request.method} ${request.path} (${status}): ${words.join("; ")}${hint(status)}`,
      reason: (status === 401 || status === 403 ? "away" : "refused") satisfies Reason,
      status_code: status,
      error_messages: messages,
      errors: fields,
    });
    this.status = status;
    this.fields = fields;
  }
}

/** Nobody knows whether JIRA did it. */
export class Unsure extends ActionFailed {}

const retries = 3;

export class JiraHttp {
  readonly #settings: Settings;
  readonly #context: Pick<ActionContext, "fetch" | "sleep" | "log" | "signal">;
  #waited = 0;

  constructor(
    settings: Settings,
    context: Pick<ActionContext, "fetch" | "sleep" | "log" | "signal">,
  ) {
    this.#settings = settings;
    this.#context = context;
  }

  /** Resolves with the JSON of a 2xx answer (null when it has none); throws Refusal, Unsure or ActionFailed. */
  async send(request: JiraRequest): Promise<unknown> {
    const repeatable = request.method !== "POST" || request.reads === true;
    for (let tries = 1; ; tries += 1) {
      const response = await this.#attempt(request);
      if (response.kind === "answer") return response.json;
      if (response.kind === "busy") await this.#wait(response, request, 2 ** (tries - 1));
      else if (!response.sent || repeatable) {
        if (tries >= retries) throw failure(request, response.reason);
        await this.#context.sleep(250 * 2 ** tries);
      } else throw unsure(request, response.reason);
    }
  }

  async #attempt(request: JiraRequest): Promise<Attempt> {
    const url = new URL(this.#settings.url + request.path);
    for (const [name, value] of Object.entries(request.query ?? {}))
      url.searchParams.set(name, value);
    let response: Response;
    let answer: string;
    try {
      response = await this.#context.fetch(url, this.#init(request));
      answer = await response.text();
    } catch (error) {
      this.#context.signal.throwIfAborted();
      return { kind: "lost", sent: !neverSent(error), reason: reasonOf(error) };
    }
    return response.ok ? { kind: "answer", json: parsed(answer) } : no(request, response, answer);
  }

  #init({ method, body, form }: JiraRequest): RequestInit {
    return {
      method,
      headers: {
        Authorization: this.#settings.authorization,
        Accept: "application/json",
        ...(body ? { "Content-Type": "application/json" } : {}),
        ...(form ? { "X-Atlassian-Token": "no-check" } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      ...(form ? { body: form } : {}),
      redirect: "error",
    };
  }

  async #wait({ seconds: asked, scope }: Busy, request: JiraRequest, own: number): Promise<void> {
    const seconds = asked ?? own;
    const { maxWaitSeconds } = this.#settings;
    if (this.#waited + seconds > maxWaitSeconds)
      throw new ActionFailed({
        error: `jira is too busy for ${request.method} ${request.path}: it asks to wait ${seconds} s, and at most ${maxWaitSeconds} s are allowed (max_wait in <configs>/jira.yaml)`,
        reason: "busy" satisfies Reason,
        scope,
        retry_after: seconds,
      });
    this.#waited += seconds;
    this.#context.log.info(`jira asks to wait ${seconds} s`);
    await this.#context.sleep(seconds * 1_000);
  }
}

interface Busy {
  readonly kind: "busy";
  readonly seconds: number | undefined;
  /** What it is too busy for: anything, or this issue alone. */
  readonly scope: "ticket" | "backend";
}

type Attempt =
  | { readonly kind: "answer"; readonly json: unknown }
  | Busy
  /** `sent`: the request may have arrived. */
  | { readonly kind: "lost"; readonly sent: boolean; readonly reason: string };

/** What an answer means that is no success. Throws Refusal. */
function no(request: JiraRequest, { status, headers }: Response, answer: string): Attempt {
  const seconds = retryAfter(headers.get("retry-after"));
  if (status === 429 || (status === 503 && seconds !== undefined)) {
    const issue = headers.get("ratelimit-reason") === "jira-per-issue-on-write";
    return { kind: "busy", seconds, scope: issue ? "ticket" : "backend" };
  }
  if (status < 500) throw new Refusal(request, status, parsed(answer));
  return { kind: "lost", sent: true, reason: `it answered ${status}` };
}

function failure(request: JiraRequest, reason: string): ActionFailed {
  return new ActionFailed({
    error: `jira cannot be used for ${request.method} ${request.path}: ${reason}`,
    reason: "away" satisfies Reason,
  });
}

function unsure(request: JiraRequest, reason: string): Unsure {
  return new Unsure({
    error: `jira may or may not have done ${request.method} ${request.path}: its answer was lost (${reason})`,
    reason: "unsure" satisfies Reason,
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
  return isObject(cause) && beforeConnected.has(textOf(cause["code"]) ?? "");
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}

/** Seconds from a number or an HTTP date; undefined when it is neither. */
export function retryAfter(value: string | null, now: number = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1_000));
}

function errorsOf(answer: unknown) {
  if (!isObject(answer)) return { messages: [String(answer).slice(0, 300)], fields: {} };
  const fields = isObject(answer["errors"]) ? answer["errors"] : {};
  return {
    messages: list(answer["errorMessages"]).map(String),
    fields: Object.fromEntries(Object.entries(fields).map(([name, word]) => [name, String(word)])),
  };
}

function hint(status: number): string {
  return status === 401 ? " Check auth_method, username and token in <configs>/jira.yaml." : "";
}

function parsed(text: string): unknown {
  try {
    return text === "" ? null : (JSON.parse(text) as unknown);
  } catch {
    return text;
  }
}
