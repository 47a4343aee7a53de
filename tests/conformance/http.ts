/** Replays recorded requests against a running Raicho and tells where the answer is not StackStorm's: status, the headers that clients read, the shape of
 * the body, and what is said when something is refused. Ids that an answer brings stand for the recorded ones in later requests. */
import { isObject } from "../../src/model/json.ts";
import { type Answer, answerDiffers, answerOf, type Reading } from "./http-answer.ts";
import { makeUp } from "./http-made-up.ts";
import { reasonForHttp } from "./http-differences.ts";
import { type Asked, steps } from "./http-steps.ts";
import { replayStreams } from "./http-streams.ts";
import type { Difference, Report } from "./workflow-cases.ts";

export interface RecordedCase {
  readonly req?: readonly [method: string, path: string, body?: unknown] | null;
  readonly status?: number | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
/** area → name → case. */
export type RecordedFile = Readonly<Record<string, Readonly<Record<string, RecordedCase>>>>;

interface Case {
  readonly area: string;
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly recorded: RecordedCase;
}

const idPattern = /<id\d+>/g;

function idsIn(value: unknown): readonly string[] {
  return JSON.stringify(value ?? null).match(idPattern) ?? [];
}

function casesOf(file: RecordedFile, areas: readonly string[]): Case[] {
  return areas.flatMap((area) =>
    Object.entries(file[area] ?? {}).flatMap(([name, recorded]): Case[] => {
      if (recorded.req === undefined || recorded.req === null) return [];
      const [method, path, body] = recorded.req;
      return [{ area, name, method, path, body, recorded }];
    }),
  );
}

function numbersIn(value: unknown): readonly number[] {
  return idsIn(value).map((id) => Number(id.slice(3, -1)));
}

/** Read once everything that the answer shows has happened. */
const afterwards = /final|paused|done|attr|output|result/;

/** What makes a thing, by which the times of what has no id of its own are told. */
function makingOf(file: RecordedFile, area: string): number {
  const made = file[area]?.["create"] ?? file[area]?.["type.create"];
  return isObject(made?.body) ? Math.max(0, ...numbersIn(made.body["id"])) * 4 : 0;
}

/** When it was asked where no number of an id tells it; what removes comes last. */
function knownRank({ name, area, method, path }: Case, file: RecordedFile): number | undefined {
  const made = makingOf(file, area);
  if (name === "views") return made + 1;
  if (name === "post.deleted") return 1e6 + 1;
  if (name === "post.disabled") return made + 3;
  if (/^\/(?:webhooks|aliasexecution|actionalias\/match)/.test(path)) return made + 0.5;
  if (/(?:^|\.)dup$|^clone$/.test(name)) return made + 0.5;
  if (name === "clone.again") return made + 0.7;
  if (/again|gone|nope\.?$/.test(name)) return 2e6;
  return method === "DELETE" && !name.startsWith("cancel") ? 1e6 : undefined;
}

/** When it was asked, as far as the numbers of its ids tell. */
function rank(one: Case, file: RecordedFile): number {
  const known = knownRank(one, file);
  if (known !== undefined) return known;
  const { name, method, path, body, recorded } = one;
  const late = afterwards.test(name);
  const own = isObject(recorded.body) ? recorded.body["id"] : undefined;
  const at = Math.max(0, ...numbersIn([path, body, late ? recorded.body : own]));
  if (late) return at * 4 + 3;
  const makes = method === "POST" || (method === "PUT" && path.startsWith("/keys"));
  return at * 4 + (makes ? 0 : method === "GET" ? 1 : 2);
}

export interface ReplayOptions {
  /** Where the API is, e.g. `http://127.0.0.1:9101/v1`. */
  readonly url: string;
  /** Where tokens are. */
  readonly authUrl: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers that say name and password, for requests of tokens. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** What stands for other placeholders, e.g. `<hex32>`. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Directories of ours, with what the recording calls them. */
  readonly places?: Readonly<Record<string, string>>;
  readonly areas: readonly string[];
}

class Replay implements Report {
  cases = 0;
  readonly differences: Difference[] = [];
  readonly #ids = new Map<string, string>();
  readonly #options: ReplayOptions;
  readonly #reading: Reading = {
    ours: (text) => this.#asRecorded(text),
    theirs: (text) => this.#filled(text),
  };

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  knows({ path, body }: Case): boolean {
    return idsIn([path, body]).every((id) => this.#ids.has(id));
  }

  /** Ids that nothing ever brought are of things that do not exist, or whose making the recording leaves out. */
  async makeUp({ area, name, path, body, recorded }: Case): Promise<void> {
    const found = typeof recorded.status === "number" && recorded.status < 400;
    for (const id of idsIn([path, body])) {
      if (this.#ids.has(id)) continue;
      const made = found
        ? await makeUp(this.#beside.bind(this), `${area}/${name}`, recorded)
        : undefined;
      this.#ids.set(id, made ?? "6b00f4facb9f08be3a33e8e2");
    }
  }

  #filled(text: string): string {
    let filled = text.replace(idPattern, (id) => this.#ids.get(id) ?? id);
    filled = filled.replaceAll("<ts>", "2020-01-01T00:00:00.000000Z");
    for (const [name, secret] of Object.entries(this.#options.secrets ?? {}))
      filled = filled.replaceAll(name, secret);
    return filled;
  }

  async #ask(
    { area, name, method, path, body, recorded }: Case,
    own: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const { url, authUrl } = this.#options;
    const headers = "st2-api-key" in own ? own : headersOf({ area, name, path }, this.#options);
    const toAuth =
      name === "authroot" || (area === "auth" && !path.startsWith("/actions") && path !== "/user");
    const base = toAuth ? authUrl : url;
    const sent =
      typeof body === "string" ? body : body === undefined ? undefined : JSON.stringify(body);
    const response = await fetch(
      base.replace(path.startsWith("/v1/") ? /\/v1$/ : /$^/, "") + this.#filled(path),
      {
        method,
        headers: {
          ...headers,
          ...(sent === undefined ? {} : { "content-type": typeOf(sent, recorded) }),
        },
        ...(sent === undefined ? {} : { body: this.#filled(sent) }),
        signal: AbortSignal.timeout(20_000),
      },
    );
    return answerOf(response);
  }

  async #beside(method: string, path: string, body?: unknown): Promise<Asked> {
    return this.#ask({ area: "", name: "", method, path, body, recorded: {} }, {});
  }

  async run(one: Case): Promise<void> {
    const asks = one.recorded.status === 200 && one.area === "apikeys";
    const step = asks ? undefined : steps[`${one.area}/${one.name}`];
    const headers = (await step?.before(this.#beside.bind(this), one.path)) ?? {};
    await this.#runPrepared(one, headers);
    await step?.after?.(this.#beside.bind(this));
  }

  async #runPrepared(one: Case, headers: Readonly<Record<string, string>>): Promise<void> {
    const wanted = isObject(one.recorded.body) ? one.recorded.body["status"] : undefined;
    const waits = one.method === "GET" && typeof wanted === "string";
    const until = performance.now() + 15_000;
    for (;;) {
      const answer = await this.#ask(one, headers);
      const status = isObject(answer.body) ? (answer.body["status"] ?? wanted) : wanted;
      if (!waits || status === wanted || performance.now() > until)
        return this.#compare(one, answer);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  #compare(one: Case, answer: Answer): void {
    const { recorded } = one;
    this.cases += 1;
    if (!Array.isArray(recorded.body) && !one.path.startsWith("/executions/last"))
      this.#bind(recorded.body, answer.body);
    const found = answerDiffers(recorded, answer, this.#reading);
    if (found.length === 0) return;
    const name = `${one.area}/${one.name}`;
    const what = `${one.method} ${one.path}`;
    this.differences.push({
      case: name,
      what,
      expected: recorded.body,
      actual: found,
      reason: reasonForHttp(name, found),
    });
  }

  /** Our directories by the names that they have in the recording. */
  #asRecorded(text: string): string {
    let shown = text;
    for (const [ours, theirs] of Object.entries(this.#options.places ?? {}))
      shown = shown.replaceAll(ours, theirs);
    return shown;
  }

  #bind(recorded: unknown, actual: unknown): void {
    if (typeof recorded === "string" && typeof actual === "string") {
      if (/^<id\d+>$/.test(recorded) && !this.#ids.has(recorded)) this.#ids.set(recorded, actual);
    } else if (Array.isArray(recorded) && Array.isArray(actual))
      for (const [index, each] of recorded.entries()) this.#bind(each, actual[index]);
    else if (isObject(recorded) && isObject(actual))
      for (const [name, each] of Object.entries(recorded)) this.#bind(each, actual[name]);
  }
}

/** What the recording does not show: who asked for tokens, and with which. */
function headersOf(
  { area, name, path }: Pick<Case, "area" | "name" | "path">,
  { headers, credentials }: ReplayOptions,
): Readonly<Record<string, string>> | undefined {
  if (area !== "auth") return headers;
  if (name === "wrong") return { authorization: `Basic ${btoa("admin:wrong")}` };
  if (/(?:^|\.)none$|\.query$/.test(name)) return {};
  if (name.endsWith(".badtoken")) return { "x-auth-token": "wrong" };
  return /^(?:\/v1)?\/tokens$/.test(path) ? credentials : headers;
}

/** A form is what StackStorm took for one. */
function typeOf(sent: string, { status }: RecordedCase): string {
  return /^\w+=/.test(sent) && Number(status) < 400
    ? "application/x-www-form-urlencoded"
    : "application/json";
}

/** Asks everything of these areas, in the order in which ids become known. */
export async function replayHttp(file: RecordedFile, options: ReplayOptions): Promise<Report> {
  const replay = new Replay(options);
  for (const area of options.areas) {
    const waiting = casesOf(file, [area]).toSorted((a, b) => rank(a, file) - rank(b, file));
    while (waiting.length > 0) {
      const ready = waiting.findIndex((each) => replay.knows(each));
      const [next] = waiting.splice(Math.max(0, ready), 1);
      if (next === undefined) break;
      if (ready < 0) await replay.makeUp(next);
      await replay.run(next);
    }
  }
  const streams = await replayStreams(file, options);
  // Held back by a policy: `policies/second.while` is seen on the way to its end.
  const beside = file["policies"]?.["second.while"] === undefined ? 0 : 1;
  return {
    cases: replay.cases + streams.cases + beside,
    differences: [...replay.differences, ...streams.differences],
  };
}
