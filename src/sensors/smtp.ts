import { passing } from "../model/crash-points.ts";
import type { AddressInfo } from "node:net";
import {
  SMTPServer,
  type SMTPServerDataStream,
  type SMTPServerOptions,
  type SMTPServerSession,
} from "smtp-server";
import { Rates } from "../model/rates.ts";
import { mailEvent, mailPayload, type MailPayload } from "./mail/message.ts";
import type { ParseMail } from "./mail/parse.ts";
import type { Sensor, SensorContext } from "./sensor.ts";

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface SmtpOptions {
  readonly host: string;
  /** 0 = any free port; the bound one is in `address()`. */
  readonly port: number;
  /** PEM; with it senders may use STARTTLS, and none must. */
  readonly tls?: Certificate | undefined;
  /** Parses a mail in a killable child. */
  readonly parse: ParseMail;
  /** Largest mail in bytes; larger ones get 552. Default 25 MB. */
  readonly maxBytes?: number;
  /** Connections at a time; more get 421. Default 100. */
  readonly maxClients?: number;
  /** Bytes of mails that are being received or stored, of all connections together; beyond that 452. Default 128 MiB. */
  readonly maxBufferedBytes?: number;
  /** Mails that are parsed and stored at a time; the others wait their turn. Default 16. */
  readonly concurrency?: number;
  /** Mails a second to one recipient; more get 452. Default: no limit. */
  readonly rate?: number | undefined;
}

export interface SmtpSensor extends Sensor {
  /** Where it listens; throws before `start` has resolved. */
  address(): { readonly host: string; readonly port: number };
  /** For connections from now on. Only for a sensor that was made with a certificate. */
  renew(certificate: Certificate): void;
}

const trigger = "email.smtp.message";

/** An answer of the SMTP server other than 250. */
class Refusal extends Error {
  override readonly name = "Refusal";
  readonly responseCode: number;
  constructor(responseCode: number, message: string) {
    super(message);
    this.responseCode = responseCode;
  }
}

/**
 * Receives mail by SMTP and raises `email.smtp.message`. 250 is answered only when the event is committed; 451 when it could not
 * be, so that the sender keeps the mail and tries again. No authentication: bind it to loopback or behind a mail server.
 */
export function smtpSensor(options: SmtpOptions): SmtpSensor {
  const maxBytes = options.maxBytes ?? 25_000_000;
  const inFlight = new Set<Promise<void>>();
  const receive = receiver(options, maxBytes);
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  // A sensor that nobody watches must not take the process down.
  failed.catch(() => {});
  let server: SMTPServer | undefined;

  return {
    name: "smtp",
    failed,
    address() {
      const bound = server?.server.address();
      if (!isAddressInfo(bound)) throw new Error("The SMTP sensor is not listening.");
      return { host: bound.address, port: bound.port };
    },
    renew(certificate) {
      server?.updateSecureContext({ ...certificate });
    },
    async start(context) {
      const listening = new SMTPServer({
        ...dialogueOf(options, maxBytes),
        onData(stream, session, answer) {
          const done = receive(stream, session, context)
            .then(() => {
              passing("mail.before-answer");
              return answer(null, "stored");
            })
            .catch((error: unknown) =>
              answer(error instanceof Error ? error : new Refusal(451, String(error))),
            )
            .finally(() => inFlight.delete(done));
          inFlight.add(done);
        },
      });
      server = listening;
      await listen(listening, options);
      // Errors of single connections arrive here too; only a closed listener ends the sensor.
      listening.on("error", (error) => {
        if (listening.server.listening) context.log("warn", `SMTP: ${error.message}`);
        else fail(error);
      });
    },
    async stop() {
      const listening = server;
      server = undefined;
      if (listening === undefined) return;
      const closed = new Promise<void>((resolve) => listening.close(resolve));
      await Promise.allSettled(inFlight);
      await closed;
    },
  };
}

/** How it speaks with senders. */
function dialogueOf(options: SmtpOptions, maxBytes: number): SMTPServerOptions {
  const rates = options.rate === undefined ? undefined : new Rates(options.rate);
  return {
    authOptional: true,
    disabledCommands: options.tls === undefined ? ["AUTH", "STARTTLS"] : ["AUTH"],
    ...options.tls,
    disableReverseLookup: true,
    logger: false,
    banner: "raicho",
    size: maxBytes,
    maxClients: options.maxClients ?? 100,
    socketTimeout: 60_000,
    closeTimeout: 5_000,
    onRcptTo: ({ address }, _session, answer) => answer(tooMany(rates, address)),
  };
}

/** The answer for a recipient who gets too many mails; null: one more may come. */
function tooMany(rates: Rates | undefined, address: string): Refusal | null {
  const name = address.toLowerCase();
  if (rates?.take(name, performance.now()) !== false) return null;
  return new Refusal(452, `Too many mails to ${name}; try again later`);
}

/** Reads, parses and stores one mail at a time per connection; rejects with the answer for the sender when it is not stored. */
function receiver(options: SmtpOptions, maxBytes: number) {
  const budget = { left: options.maxBufferedBytes ?? 134_217_728 };
  const turn = turnstile(options.concurrency ?? 16);
  return async (
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    context: SensorContext,
  ): Promise<void> => {
    const reserved = { bytes: 0 };
    try {
      const raw = await collect(stream, reserved, budget);
      if (stream.sizeExceeded) throw new Refusal(552, `The mail is larger than ${maxBytes} bytes`);
      await turn(async () => {
        const payload = await payloadOrRefuse(raw, options.parse, context);
        if (payload.parse_error !== null) {
          context.log("warn", "A mail could not be parsed; it is kept as it came.", {
            message_key: payload.message_key,
            reason: payload.parse_error,
          });
        }
        await emitOrRefuse(context, payload, session);
      });
    } finally {
      budget.left += reserved.bytes;
    }
  };
}

/** A mail that nobody could look at is left with its sender. */
async function payloadOrRefuse(
  raw: Buffer,
  parse: ParseMail,
  context: SensorContext,
): Promise<MailPayload> {
  try {
    return await mailPayload(raw, parse);
  } catch (error) {
    context.log("error", "A mail could not be read now; the sender was asked to try again.", {
      reason: error instanceof Error ? error.message : String(error),
    });
    throw new Refusal(451, "The mail could not be read now; try again later");
  }
}

async function emitOrRefuse(
  context: SensorContext,
  payload: MailPayload,
  session: SMTPServerSession,
): Promise<void> {
  const { mailFrom, rcptTo } = session.envelope;
  const sender = mailFrom === false ? "" : mailFrom.address;
  const recipients = rcptTo.map((recipient) => recipient.address);
  try {
    passing("mail.before-emit");
    await context.emit([
      mailEvent(trigger, "smtp", payload, {
        from: payload.from === "" ? sender : payload.from,
        to: payload.to === "" ? recipients.join(", ") : payload.to,
        body_plain: payload.text,
        body_html: payload.html,
        envelope: { from: sender, to: recipients, remote: session.remoteAddress },
      }),
    ]);
  } catch (error) {
    context.log("error", "A mail was not stored; the sender was asked to try again.", {
      message_key: payload.message_key,
      reason: error instanceof Error ? error.message : String(error),
    });
    throw new Refusal(451, "The mail could not be stored; try again later");
  }
}

/** Reads the stream to its end always (the protocol needs it), but keeps nothing of a mail that is refused. */
async function collect(
  stream: SMTPServerDataStream,
  reserved: { bytes: number },
  budget: { left: number },
): Promise<Buffer> {
  let chunks: Buffer[] = [];
  let full = false;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    full ||= chunk.length > budget.left;
    if (full || stream.sizeExceeded) {
      chunks = [];
      continue;
    }
    budget.left -= chunk.length;
    reserved.bytes += chunk.length;
    chunks.push(chunk);
  }
  if (full && !stream.sizeExceeded) {
    throw new Refusal(452, "Too many mails are being received; try again later");
  }
  return Buffer.concat(chunks);
}

function listen(server: SMTPServer, options: SmtpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function isAddressInfo(address: AddressInfo | string | null | undefined): address is AddressInfo {
  return typeof address === "object" && address !== null;
}

/** Lets `width` tasks run at a time; the others wait in order. */
function turnstile(width: number): (task: () => Promise<void>) => Promise<void> {
  const waiting: Array<() => void> = [];
  let running = 0;
  return async (task) => {
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
