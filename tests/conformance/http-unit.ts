/** Replays the traffic of StackStorm's own tests of its API, test by test: ids that an answer brings stand for the recorded ones, and what a test made is
 * removed after it. */
import { isObject, type JsonObject } from "../../src/model/json.ts";
import { type Answer, answerDiffers, answerOf } from "./http-answer.ts";
import { groundOf, reasonForUnit, ungrounded } from "./http-unit-ground.ts";
import type { Difference, Report } from "./workflow-cases.ts";

interface UnitRequest {
  /** Method, path, body, headers, status, headers of the answer, its body. */
  readonly m: string;
  readonly p: string;
  readonly body?: unknown;
  readonly h?: Readonly<Record<string, string>>;
  readonly s: number;
  readonly rh?: Readonly<Record<string, string>>;
  readonly r: unknown;
}
/** test → its requests. */
export type UnitFile = Readonly<Record<string, UnitTest>>;

interface UnitTest {
  readonly requests: readonly UnitRequest[];
}

export interface UnitOptions {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const idPattern = /\b[0-9a-f]{24}\b/g;

class UnitReplay {
  readonly #options: UnitOptions;
  readonly #ids = new Map<string, string>();
  /** Paths of what was made and not removed. */
  readonly #made = new Set<string>();

  constructor(options: UnitOptions) {
    this.#options = options;
  }

  #filled(text: string): string {
    // Files of actions lie in their pack here.
    return text
      .replaceAll('"/tmp/test/', '"test/')
      .replace(idPattern, (id) => this.#ids.get(id) ?? id);
  }

  #bind(recorded: unknown, actual: unknown): void {
    if (typeof recorded === "string" && typeof actual === "string") {
      if (/^[0-9a-f]{24}$/.test(recorded) && !this.#ids.has(recorded))
        this.#ids.set(recorded, actual);
    } else if (isObject(recorded) && isObject(actual))
      for (const [name, each] of Object.entries(recorded)) this.#bind(each, actual[name]);
  }

  async #ask({ m, p, body, h }: Pick<UnitRequest, "m" | "p" | "body" | "h">): Promise<Answer> {
    const { url, headers } = this.#options;
    const sent =
      body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(url + this.#filled(p), {
      method: m,
      headers: { ...h, ...headers },
      redirect: "manual",
      ...(sent === undefined ? {} : { body: this.#filled(sent) }),
      signal: AbortSignal.timeout(20_000),
    });
    return answerOf(response);
  }

  #note({ m, p }: Pick<UnitRequest, "m" | "p">, { status, body }: Answer): void {
    const [path = ""] = this.#filled(p).split("?");
    if (m === "DELETE" && status < 300) this.#made.delete(path);
    const id = isObject(body) ? body["id"] : undefined;
    if (m === "POST" && status === 201 && typeof id === "string" && !path.includes("/tokens"))
      this.#made.add(`${path.replace(/\/$/, "")}/${id}`);
    if (m === "PUT" && status === 200 && path.startsWith("/v1/keys/")) this.#made.add(path);
  }

  /** What differs; `going`: whether what follows means anything. */
  async run(asked: UnitRequest): Promise<{ readonly found: readonly string[]; going: boolean }> {
    const answer = await this.#ask(asked);
    this.#note(asked, answer);
    this.#bind(asked.r, answer.body);
    const recorded = {
      status: asked.s,
      headers: asked.rh,
      body: isObject(asked.r) && "$truncated" in asked.r ? undefined : asked.r,
    };
    const found = answerDiffers(recorded, answer, {
      ours: (text) => text,
      theirs: (text) => this.#filled(text),
    });
    return { found, going: answer.status === asked.s };
  }

  /** What a test finds when it begins. */
  async make(p: string, body: JsonObject): Promise<void> {
    const asked = { m: "POST", p, body, h: { "content-type": "application/json" } };
    const answer = await this.#ask(asked);
    if (answer.status !== 201) throw new Error(`${p}: ${JSON.stringify([body, answer.body])}`);
    this.#note(asked, answer);
  }

  async leave(): Promise<void> {
    for (const path of [...this.#made].toReversed()) await this.#ask({ m: "DELETE", p: path });
  }
}

async function replayTest(
  name: string,
  requests: readonly UnitRequest[],
  options: UnitOptions,
): Promise<Report> {
  const replay = new UnitReplay(options);
  const differences: Difference[] = [];
  let cases = 0;
  for (const asked of requests) {
    const { found, going } = await replay.run(asked);
    cases += 1;
    if (found.length > 0)
      differences.push({
        case: name,
        what: `${asked.m} ${asked.p}`,
        expected: asked.r,
        actual: found,
        reason: reasonForUnit(name, found),
      });
    if (!going) break;
  }
  await replay.leave();
  return { cases, differences };
}

function packIn(value: unknown): readonly string[] {
  return isObject(value) && typeof value["pack"] === "string" ? [value["pack"]] : [];
}

/** Packs in which something could be made, but for those that are shipped. */
export function packsOf(file: UnitFile): readonly string[] {
  const requests = Object.values(file).flatMap((test) => test.requests);
  const made = requests.flatMap(({ s: status, body }) => (status === 201 ? packIn(body) : []));
  return [...new Set(made)].filter((ref) => ref !== "core");
}

/** Asks what those tests asked whose ground is the API itself, not rows that they wrote or fixtures that they loaded beside it. */
export async function replayUnit(file: UnitFile, options: UnitOptions): Promise<Report> {
  const reports: Report[] = [];
  const byFile = Map.groupBy(Object.entries(file), ([test]) => test.replace(/^.*\/|::.*$/g, ""));
  for (const [of, tests] of byFile) {
    const ground = new UnitReplay(options);
    for (const { path, body } of groundOf(of)) await ground.make(path, body);
    for (const [test, { requests }] of tests) {
      const name = test.replace(/^.*\//, "");
      if (!ungrounded(name)) reports.push(await replayTest(name, requests, options));
    }
    await ground.leave();
  }
  return {
    cases: reports.reduce((sum, { cases }) => sum + cases, 0),
    differences: reports.flatMap(({ differences }) => differences),
  };
}
