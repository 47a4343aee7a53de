/** Which webhooks check signatures: those of files and of the API. Asked at every delivery, so the answer is at hand; it is renewed beside. */
import { isObject, type JsonObject } from "../model/json.ts";
import {
  defaultHook,
  type HookAnswer,
  type HookSettings,
  signatureSchemes,
} from "../model/signatures.ts";
import type { Database } from "../store/database.ts";
import { listHooks } from "../store/webhooks.ts";
import type { Datastore } from "./datastore.ts";
import type { Log } from "./core.ts";

const freshMs = 1_000;

export interface HookFile {
  readonly name: string;
  readonly settings: HookSettings;
}

function oneOf<Word extends string>(words: readonly Word[], value: unknown): Word | undefined {
  return words.find((word) => word === value);
}

function texts(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((each) => typeof each === "string").filter((each) => each !== "");
}

function textOr<Otherwise>(value: unknown, otherwise: Otherwise): string | Otherwise {
  return typeof value === "string" ? value : otherwise;
}

/** The first thing that is wrong with a document, or undefined. */
function faultIn(document: JsonObject): string | undefined {
  const { scheme, tolerance = 300, algorithm = "sha256", encoding = "hex", header } = document;
  const checks: readonly (readonly [boolean, string])[] = [
    [
      oneOf(signatureSchemes, scheme) !== undefined,
      `scheme: give one of ${signatureSchemes.join(", ")}`,
    ],
    [
      texts(document["secret_key"]).length > 0,
      "secret_key: name the key of the datastore with the secret",
    ],
    [
      typeof tolerance === "number" && tolerance >= 1 && tolerance <= 86_400,
      "tolerance: give seconds from 1 to 86400",
    ],
    [oneOf(algorithms, algorithm) !== undefined, `algorithm: give one of ${algorithms.join(", ")}`],
    [oneOf(encodings, encoding) !== undefined, "encoding: give hex or base64"],
    [scheme !== "hmac" || typeof header === "string", "header: name the header with the signature"],
    [
      scheme !== "twilio" || /^https?:\/\/[^\s?#]+$/.test(textOr(document["address"], "")),
      "address: give the address at which Twilio reaches this webhook, https://… without ?",
    ],
    [
      document["answer"] === undefined || answerIn(document) !== undefined,
      "answer: give {type: text/xml, body: …}",
    ],
  ];
  return checks.find(([sound]) => !sound)?.[1];
}

function answerIn({ answer }: JsonObject): HookAnswer | undefined {
  const { type, body } = isObject(answer) ? answer : {};
  return typeof type === "string" && /^[\w.+-]+\/[\w.+-]+$/.test(type) && typeof body === "string"
    ? { type, body }
    : undefined;
}

const algorithms = ["sha1", "sha256", "sha512"] as const;
const encodings = ["hex", "base64"] as const;

/** Reads settings as files, the API and the ledger have them. A sentence says what is wrong. */
export function hookFrom(document: JsonObject): HookSettings | string {
  const fault = faultIn(document);
  if (fault !== undefined) return fault;
  const { scheme, tolerance, header, prefix, timestamp_header } = document;
  return {
    scheme: oneOf(signatureSchemes, scheme) ?? "hmac",
    secretKeys: texts(document["secret_key"]),
    toleranceSeconds: typeof tolerance === "number" ? tolerance : defaultHook.toleranceSeconds,
    address: textOr(document["address"], defaultHook.address),
    answer: answerIn(document),
    header: textOr(header, defaultHook.header).toLowerCase(),
    algorithm: oneOf(algorithms, document["algorithm"]) ?? defaultHook.algorithm,
    encoding: oneOf(encodings, document["encoding"]) ?? defaultHook.encoding,
    prefix: textOr(prefix, defaultHook.prefix),
    timestampHeader: textOr(timestamp_header, undefined)?.toLowerCase(),
  };
}

export class HookBook {
  readonly #database: Pick<Database, "db">;
  readonly #datastore: Pick<Datastore, "get">;
  readonly #files: () => readonly HookFile[];
  readonly #log: Log;
  #known: ReadonlyMap<string, HookSettings> = new Map();
  #until = 0;

  constructor(parts: {
    readonly database: Pick<Database, "db">;
    readonly datastore: Pick<Datastore, "get">;
    readonly files: () => readonly HookFile[];
    readonly log: Log;
  }) {
    this.#database = parts.database;
    this.#datastore = parts.datastore;
    this.#files = parts.files;
    this.#log = parts.log;
  }

  /** Reads them again. */
  async refresh(): Promise<void> {
    this.#until = performance.now() + freshMs;
    const stored = await listHooks(this.#database.db);
    const all = new Map(this.#files().map(({ name, settings }) => [name, settings]));
    for (const { name, settings } of stored) {
      const read = isObject(settings) ? hookFrom(settings) : "no settings";
      if (typeof read !== "string") all.set(name, read);
    }
    this.#known = all;
  }

  /** What that webhook checks; undefined = no signature. */
  settings(name: string): HookSettings | undefined {
    if (this.#until < performance.now())
      this.refresh().catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#log("warn", "the settings of webhooks could not be read again", { reason });
      });
    return this.#known.get(name);
  }

  get all(): ReadonlyMap<string, HookSettings> {
    return this.#known;
  }

  /** The secrets of a webhook that are there. */
  async secretsOf({ secretKeys }: HookSettings): Promise<readonly string[]> {
    const found = await Promise.all(
      secretKeys.map((key) => this.#datastore.get("system", key, true)),
    );
    return found.flatMap((pair) => (pair === undefined ? [] : [pair.value]));
  }
}
