/** Calls of Twilio's REST API (2010-04-01). */
import { ActionFailed, type ActionContext } from "raicho/pack";
import type { Config } from "./phone.ts";

export interface Placed {
  readonly sid: string;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

/** A setting without which there is no call. Throws ActionFailed. */
export function needed(config: Partial<Config>, name: "user" | "password" | "caller" | "answers") {
  const value = config[name];
  if (value !== undefined && value !== "") return value;
  throw new ActionFailed(`phone: ${name} is missing in <configs>/phone.yaml; Twilio needs it`);
}

/** How often it is asked to wait before we give up. */
const mostTries = 5;
/** How often the call is looked for whose answer was lost. */
const mostLooks = 5;

export class TwilioApi {
  readonly #context: ActionContext<Config>;
  readonly #calls: string;
  readonly #credentials: string;

  constructor(context: ActionContext<Config>) {
    const { config } = context;
    const account = needed(config, "user");
    this.#context = context;
    this.#calls = `${config.api ?? "https://api.twilio.com"}/2010-04-01/Accounts/${encodeURIComponent(account)}/Calls`;
    this.#credentials = Buffer.from(`${account}:${needed(config, "password")}`).toString("base64");
  }

  /** Makes the call, or says in Twilio's words why that number is not called. */
  async place(
    form: Readonly<Record<string, string>>,
  ): Promise<Placed | { readonly refused: string }> {
    const { sleep } = this.#context;
    for (let attempt = 1; ; attempt++) {
      const since = performance.now();
      const answer = await this.#ask(`${this.#calls}.json`, form).catch(() => undefined);
      if (answer === undefined || answer.status >= 500) return this.#lost(form, since);
      if (answer.status === 429 && attempt < mostTries) {
        const wait = Number(answer.headers.get("retry-after") ?? "");
        await sleep((wait > 0 && wait <= 30 ? wait : 2 ** attempt) * 1_000);
        continue;
      }
      const sid = answer.body["sid"];
      if (answer.status === 201 && typeof sid === "string") return { sid };
      return { refused: this.#refusal(answer) };
    }
  }

  /** Why that number is not called. Throws where Twilio calls nobody for us. */
  #refusal({ status, body }: Answer): string {
    const { message, code } = body;
    const number = typeof code === "number" ? code : status;
    const words = `${typeof message === "string" ? message : ""} (${number})`;
    // Without those about our own number, 400 is about the one that is called.
    if (status === 400 && number !== 21_210 && number !== 21_212) return words;
    throw new ActionFailed(
      `phone: Twilio does not take the call: ${words}; look at user, password and caller in <configs>/phone.yaml`,
    );
  }

  /** The call of a request whose answer did not come. It may have been made: it is found, or nobody is called. */
  async #lost(
    { To = "", From = "" }: Readonly<Record<string, string>>,
    since: number,
  ): Promise<Placed | { readonly refused: string }> {
    const query = String(new URLSearchParams({ To, From, PageSize: "20" }));
    let reached = false;
    for (let look = 1; look <= mostLooks; look++) {
      const answer = await this.#ask(`${this.#calls}.json?${query}`).catch(() => undefined);
      if (answer?.status === 200) {
        reached = true;
        // By Twilio's clock, to the second.
        const now = Date.parse(answer.headers.get("date") ?? "") || Date.now();
        const begin = now - (performance.now() - since) - 2_000;
        const found = list(answer.body["calls"]).find(
          (each) => Date.parse(String(each["date_created"])) >= begin,
        );
        if (typeof found?.["sid"] === "string") return { sid: found["sid"] };
      }
      await this.#context.sleep(look * 500);
    }
    if (reached) return { refused: "Twilio's answer was lost, and it knows of no such call" };
    throw new ActionFailed(
      "phone: Twilio cannot be reached; whether it called is not known, and nobody is called again",
    );
  }

  /** queued, initiated, ringing, in-progress, completed, busy, no-answer, failed, canceled; "" when it cannot be asked now. */
  async statusOf({ sid }: Placed): Promise<string> {
    const answer = await this.#ask(`${this.#calls}/${sid}.json`).catch(() => undefined);
    const status = answer?.status === 200 ? answer.body["status"] : undefined;
    return typeof status === "string" ? status : "";
  }

  async hangUp({ sid }: Placed): Promise<void> {
    await this.#ask(`${this.#calls}/${sid}.json`, { Status: "completed" });
  }

  async #ask(url: string, form?: Readonly<Record<string, string>>): Promise<Answer> {
    const response = await this.#context.fetch(url, {
      headers: { accept: "application/json", authorization: `Basic ${this.#credentials}` },
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
    });
    const text = await response.text();
    return { status: response.status, body: objectOf(text), headers: response.headers };
  }
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse(text);
    return isRecord(body) ? body : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function list(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
