/** What a page asked of the door and what went wrong in it. */
import type { Page, Request } from "playwright-core";

interface Call {
  readonly method: string;
  /** Path and query from `/api`, `/auth` or `/stream` on. */
  readonly path: string;
  /** Undefined while nothing was answered. */
  status: number | undefined;
  failure?: string;
  /** What the answer says when it refuses. */
  refusal?: string;
}

const services = /\/(?:api|auth|stream)\/.*$/;

/** StackStorm answers 404 here as well: actions without a file, packs without a picture, for which the console shows one of its own. */
const absent = /\/actions\/views\/entry_point\/|\/packs\/views\/file\/[^/]+\/icon\.png$/;

/** A picture that is not there is kept from pages of other origins, its 404 included. */
const keptBack = "net::ERR_BLOCKED_BY_ORB";

function isExpected({ method, path, status, failure }: Call): boolean {
  return method === "GET" && (status === 404 || failure === keptBack) && absent.test(path);
}

/** The stream that is opened before the first call of a page was answered, and its token became a cookie. */
function isTooEarly({ path, status }: Call): boolean {
  return path === "/stream/stream" && status === 401;
}

/** What the console throws with any server: after an action was cloned its list of actions asks for parameters it was not given. */
const ownMistake = /reading 'params'\)\s+at ActionsDetails\.get/;

export class Watch {
  /** A console at another origin opens its first stream before it has a cookie, with any server. */
  readonly #apart: boolean;
  readonly #calls = new Map<Request, Call>();
  readonly #errors: string[] = [];
  readonly #said: string[] = [];

  constructor({ apart }: { readonly apart: boolean }) {
    this.#apart = apart;
  }

  /** Looks at that page from now on. */
  add(page: Page): void {
    page.on("request", (request) => {
      const [path] = services.exec(new URL(request.url()).href) ?? [];
      if (path !== undefined)
        this.#calls.set(request, { method: request.method(), path, status: undefined });
    });
    page.on("response", (response) => {
      const call = this.#calls.get(response.request());
      if (call === undefined) return;
      call.status = response.status();
      if (call.status >= 400)
        void response.text().then(
          (text) => void (call.refusal = text),
          () => undefined,
        );
    });
    page.on("requestfailed", (request) => {
      const call = this.#calls.get(request);
      const reason = request.failure()?.errorText ?? "";
      // A page that is left gives up what it asked for; so does a stream that is closed.
      if (call !== undefined && reason !== "net::ERR_ABORTED") call.failure = reason;
      else if (call !== undefined && call.status === undefined) this.#calls.delete(request);
    });
    page.on("pageerror", (error) => void this.#errors.push(error.stack ?? error.message));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "log")
        this.#said.push(`${message.type()}: ${message.text()}`);
    });
  }

  get count(): number {
    return this.#calls.size;
  }

  /** Method and path without ids and query, each once. */
  get kinds(): readonly string[] {
    const all = [...this.#calls.values()].map(
      ({ method, path }) =>
        `${method} ${path.replace(/\?.*$/, "").replace(/\/[0-9a-f]{24}(?=\/|$)/g, "/ID")}`,
    );
    return [...new Set(all)].toSorted();
  }

  /** Calls that were refused, failed or never answered. */
  get unanswered(): readonly string[] {
    return [...this.#calls.values()]
      .filter(({ failure, status = 0 }) => failure !== undefined || status < 200 || status >= 400)
      .filter((call) => !isExpected(call) && !(this.#apart && isTooEarly(call)))
      .map(({ method, path, status, failure, refusal }) =>
        [method, path, status ?? "no answer", failure ?? refusal ?? ""].join(" ").trim(),
      );
  }

  get errors(): readonly string[] {
    return this.#errors.filter((text) => !ownMistake.test(text));
  }

  /** What the page wrote to the console of the browser. */
  get said(): readonly string[] {
    return this.#said;
  }
}
