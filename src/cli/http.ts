/** One request to a server. Plain node:http takes certificates, and loads faster than `fetch`; importing it would load `fetch` with it, for the names
 * it exports. */
import { readFileSync } from "node:fs";
import type { IncomingMessage, RequestOptions } from "node:http";
import { CliError, exitCodes } from "./cli.ts";

export interface HttpOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** File of certificates to trust; false = trust everybody. */
  readonly cacert: string | false | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte; undefined = wait for ever. */
  readonly idleMs?: number | undefined;
}

function trust(
  cacert: string | false | undefined,
): RequestOptions & { ca?: Buffer; rejectUnauthorized?: boolean } {
  if (cacert === undefined) return {};
  if (cacert === false) return { rejectUnauthorized: false };
  try {
    return { ca: readFileSync(cacert) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(exitCodes.usage, `--cacert ${cacert} cannot be read: ${why}`);
  }
}

const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there; is the server started, and is --url (RAICHO_URL) right?",
  ENOTFOUND: "there is no machine of that name",
  EAI_AGAIN: "there is no machine of that name, or no name server answers",
  ETIMEDOUT: "no answer",
  ECONNRESET: "the connection was closed before an answer came",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself; trust it with --cacert FILE",
  SELF_SIGNED_CERT_IN_CHAIN:
    "its certificate is signed by nobody we know; trust them with --cacert FILE",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "its certificate is signed by nobody we know; trust them with --cacert FILE",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "its certificate is signed by nobody we know; trust them with --cacert FILE",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  EPROTO: "it does not speak TLS; is it http:// instead of https://?",
};

function unreachable(url: URL, error: Error): CliError {
  const code = "code" in error ? String(error.code) : "";
  if (error.name === "AbortError" || code === "ABORT_ERR")
    return new CliError(exitCodes.interrupted, "interrupted");
  return new CliError(
    exitCodes.unreachable,
    `${url.origin} cannot be reached: ${hints[code] ?? error.message}`,
  );
}

/** The answer, its body unread. Throws CliError when there is none. */
export async function send(address: string, options: HttpOptions): Promise<IncomingMessage> {
  if (!URL.canParse(address) || !/^https?:/.test(address))
    throw new CliError(
      exitCodes.usage,
      `${address} is no address of a server: give one such as http://127.0.0.1:9101`,
    );
  const url = new URL(address);
  const { request } =
    url.protocol === "https:"
      ? process.getBuiltinModule("node:https")
      : process.getBuiltinModule("node:http");
  const { method, headers, body, cacert, signal, idleMs } = options;
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
      },
      ...(url.protocol === "https:" ? trust(cacert) : {}),
      ...(signal === undefined ? {} : { signal }),
    });
    if (idleMs !== undefined)
      sent.setTimeout(idleMs, () =>
        sent.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })),
      );
    sent.once("response", resolve);
    sent.once("error", (error) => reject(unreachable(url, error)));
    sent.end(body);
  });
}

/** The whole body as text. */
export async function readBody(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of answer) chunks.push(Buffer.from(chunk));
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    throw name === "AbortError"
      ? new CliError(exitCodes.interrupted, "interrupted")
      : new CliError(exitCodes.unreachable, "the connection broke in the middle of the answer");
  }
  return Buffer.concat(chunks).toString("utf8");
}
