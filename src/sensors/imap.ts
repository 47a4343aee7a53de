import { ImapFlow } from "imapflow";
import { isObject } from "../model/json.ts";
import { Secret } from "../model/secret.ts";
import { mailEvent, mailPayload, type MailPayload } from "./mail/message.ts";
import type { ParseMail } from "./mail/parse.ts";
import type { Sensor, SensorContext } from "./sensor.ts";

/**
 * Watches one folder of one mailbox. What must stay true:
 * 1. Every message gives one event: its place (UIDVALIDITY, UID) is committed together with the event, in one `emit`.
 * 2. What the server says about \Seen is never asked for and never changed: other readers of the mailbox do no harm.
 * 3. When UIDVALIDITY changes, all messages are read again; the ledger drops the known ones by their Message-ID.
 * 4. A lost connection, a refusing server or a ledger that is down is tried again for ever, with growing pauses.
 */

export interface ImapAccount {
  readonly name: string;
  readonly server: string;
  readonly port: number;
  readonly username: string;
  readonly password: Secret;
  readonly folder: string;
  /** TLS from the first byte; otherwise STARTTLS where the server offers it. */
  readonly secure: boolean;
}

export interface ImapOptions {
  readonly account: ImapAccount;
  readonly parse: ParseMail;
  /** Larger messages are not parsed; their header lines and first part are kept. Default 25 MB. */
  readonly maxBytes?: number;
  /** First pause after a failure in milliseconds; doubles up to 60 times as much. Default 1,000. */
  readonly backoffMs?: number;
  /** The folder is looked at this often in milliseconds even when the server announces nothing. Default 60,000. */
  readonly pollMs?: number;
}

const trigger = "email.imap.message";
/** Messages, and bytes, that are committed together at most. */
const batchMessages = 20;
const batchBytes = 8_000_000;

/** `imap_accounts` of the email pack's configuration. Throws, with the place, when an account lacks what it needs. */
export function imapAccounts(config: unknown): readonly ImapAccount[] {
  if (config === undefined || config === null) return [];
  if (!Array.isArray(config)) throw new Error("email: imap_accounts must be a list of accounts");
  return config.map((value: unknown, n) => {
    const account = isObject(value) ? value : {};
    const text = (key: string, fallback?: string): string => {
      const found = account[key] ?? fallback;
      if (typeof found === "string" && found !== "") return found;
      throw new Error(`email: imap_accounts/${n}: "${key}" is missing or no text`);
    };
    const secure = account["secure"] === true;
    const port = account["port"] ?? (secure ? 993 : 143);
    if (typeof port !== "number") throw new Error(`email: imap_accounts/${n}: "port" is no number`);
    const server = text("server", "localhost");
    const username = text("username");
    return {
      name: text("name", `${username}@${server}`),
      server,
      port,
      username,
      password: new Secret(text("password")),
      folder: text("folder", "INBOX"),
      secure,
    };
  });
}

/** Raises `email.imap.message` for every message of the account's folder, those that are there already included. */
export function imapSensor(options: ImapOptions): Sensor {
  return new ImapWatch(options);
}

interface Place {
  readonly uidvalidity: string;
  /** Last UID that is done. */
  readonly uid: number;
}

class ImapWatch implements Sensor {
  readonly name: string;
  readonly failed = Promise.withResolvers<never>().promise;
  readonly #options: ImapOptions;
  readonly #stopping = new AbortController();
  #client: ImapFlow | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: ImapOptions) {
    this.#options = options;
    this.name = `imap:${options.account.name}`;
  }

  /** Resolves when the folder is open for the first time (or on `stop`); a server that is down is waited for. */
  start(context: SensorContext): Promise<void> {
    const listening = Promise.withResolvers<undefined>();
    this.#stopping.signal.addEventListener("abort", () => listening.resolve(undefined));
    this.#loop = this.#run(context, () => listening.resolve(undefined));
    return listening.promise;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#client?.close();
    await this.#loop;
  }

  async #run(context: SensorContext, opened: () => void): Promise<void> {
    const { signal } = this.#stopping;
    const first = this.#options.backoffMs ?? 1_000;
    let pause = first;
    while (!signal.aborted) {
      try {
        await this.#session(context, () => {
          pause = first;
          opened();
        });
      } catch (error) {
        if (signal.aborted) return;
        const reason = error instanceof Error ? error.message : String(error);
        context.log("warn", "A mailbox cannot be read now; it is tried again.", {
          account: this.#options.account.name,
          reason,
          pause_ms: pause,
        });
        await sleep(pause, signal);
        pause = Math.min(pause * 2, first * 60);
      } finally {
        this.#client?.close();
      }
    }
  }

  /** One connection, until it ends. Calls `working` whenever everything that is there was taken. */
  async #session(context: SensorContext, working: () => void): Promise<void> {
    const { account, pollMs = 60_000 } = this.#options;
    const client = this.#connection();
    this.#client = client;
    const bell = doorbell(client, this.#stopping.signal);
    await client.connect();
    const mailbox = await client.mailboxOpen(account.folder, { readOnly: true });
    const uidvalidity = String(mailbox.uidValidity);
    const stored = placeOf(await context.cursor(this.#cursorName()));
    let place: Place = stored?.uidvalidity === uidvalidity ? stored : { uidvalidity, uid: 0 };
    if (stored !== undefined && stored !== place) {
      context.log("warn", "A mailbox was rebuilt (UIDVALIDITY changed); it is read again.", {
        account: account.name,
      });
    }
    while (!this.#stopping.signal.aborted) {
      bell.reset();
      place = await this.#takeNew(client, context, place);
      working();
      // Rejects when the next command ends it badly; the bell tells of a lost connection.
      client.idle().catch(() => {});
      await bell.wait(pollMs);
    }
  }

  /** Emits every message after `place`, in order; gives the place after the last one. */
  async #takeNew(client: ImapFlow, context: SensorContext, from: Place): Promise<Place> {
    const found = await client.search({ uid: `${from.uid + 1}:*` }, { uid: true });
    if (!Array.isArray(found)) throw new Error("the server refused the search for new messages");
    // `n:*` always includes the newest message, also an old one.
    const uids = found.filter((uid) => uid > from.uid).toSorted((a, b) => a - b);
    let place = from;
    let batch: Array<{ uid: number; payload: MailPayload }> = [];
    let bytes = 0;
    for (const [n, uid] of uids.entries()) {
      if (this.#stopping.signal.aborted) return place;
      const payload = await this.#read(client, uid);
      if (payload !== undefined) {
        batch.push({ uid, payload });
        bytes += payload.raw.length;
      }
      if (batch.length >= batchMessages || bytes >= batchBytes || n === uids.length - 1) {
        const next = { ...from, uid };
        await this.#emit(context, batch, next);
        place = next;
        batch = [];
        bytes = 0;
      }
    }
    return place;
  }

  /** Undefined when the message was expunged meanwhile. */
  async #read(client: ImapFlow, uid: number): Promise<MailPayload | undefined> {
    const { maxBytes = 25_000_000, parse } = this.#options;
    const wanted = { uid: true, size: true, source: { start: 0, maxLength: maxBytes } };
    const message = await client.fetchOne(String(uid), wanted, { uid: true });
    if (typeof message !== "object" || message.source === undefined) return undefined;
    const size = message.size ?? message.source.length;
    if (size <= maxBytes) return mailPayload(message.source, parse);
    const tooLarge = () => Promise.reject(new Error(`the mail is larger than ${maxBytes} bytes`));
    return { ...(await mailPayload(message.source, tooLarge)), size, raw_truncated: true };
  }

  async #emit(
    context: SensorContext,
    batch: ReadonlyArray<{ uid: number; payload: MailPayload }>,
    place: Place,
  ): Promise<void> {
    const { account } = this.#options;
    const events = batch.map(({ uid, payload }) =>
      mailEvent(trigger, this.name, payload, {
        uid,
        uidvalidity: place.uidvalidity,
        body: payload.text === "" ? payload.html : payload.text,
        mailbox_metadata: {
          server: account.server,
          port: account.port,
          user: account.username,
          folder: account.folder,
          ssl: account.secure,
        },
      }),
    );
    await context.emit(events, { name: this.#cursorName(), value: place });
  }

  #cursorName(): string {
    return `${this.name}:${this.#options.account.folder}`;
  }

  #connection(): ImapFlow {
    const { account } = this.#options;
    return new ImapFlow({
      host: account.server,
      port: account.port,
      secure: account.secure,
      auth: { user: account.username, pass: account.password.reveal() },
      logger: false,
      disableAutoIdle: true,
      // Servers and firewalls drop silent connections after about half an hour.
      maxIdleTime: 300_000,
      connectionTimeout: 30_000,
      socketTimeout: 600_000,
    });
  }
}

/** Rings when the server announces messages; the wait rejects when the connection ends. */
function doorbell(client: ImapFlow, signal: AbortSignal) {
  let rung = false;
  let lost: Error | undefined;
  let wake: (() => void) | undefined;
  client.on("exists", () => {
    rung = true;
    wake?.();
  });
  client.on("error", (error: Error) => {
    lost ??= error;
    wake?.();
  });
  client.on("close", () => {
    lost ??= new Error("the connection was closed");
    wake?.();
  });
  return {
    reset: () => {
      rung = false;
    },
    async wait(longestMs: number): Promise<void> {
      if (!rung && lost === undefined && !signal.aborted) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          timer = setTimeout(resolve, longestMs);
        });
        clearTimeout(timer);
      }
      if (lost !== undefined) throw lost;
    },
  };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}

function placeOf(value: unknown): Place | undefined {
  if (!isObject(value)) return undefined;
  const { uidvalidity, uid } = value;
  return typeof uidvalidity === "string" && typeof uid === "number"
    ? { uidvalidity, uid }
    : undefined;
}
