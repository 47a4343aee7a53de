/** TSIG (RFC 8945): a keyed hash over a message, its time and, for an answer, the request's hash. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { ActionFailed } from "raicho/pack";
import { classes, numbers, rcodeName, type ReadMessage, type ReadRecord } from "./message.ts";
import { encodeName, normalName, readName } from "./names.ts";

export interface TsigKey {
  readonly name: string;
  readonly algorithm: string;
  readonly secret: Buffer;
}

export interface Signed {
  readonly message: Buffer;
  readonly mac: Buffer;
}

const tsigType = 250;
const fudgeSeconds = 300;
const hashes: Readonly<Record<string, string>> = {
  "hmac-sha1": "sha1",
  "hmac-sha224": "sha224",
  "hmac-sha256": "sha256",
  "hmac-sha384": "sha384",
  "hmac-sha512": "sha512",
};

export function tsigKey(name: string, algorithm: string, base64: string): TsigKey {
  const normal = normalName(algorithm);
  if (!Object.hasOwn(hashes, normal))
    throw new ActionFailed(
      `dns: the TSIG algorithm "${algorithm}" is not known; there are: ${Object.keys(hashes).join(", ")}`,
    );
  const secret = Buffer.from(base64, "base64");
  if (secret.length === 0 || !/^[A-Za-z0-9+/=\s]+$/.test(base64))
    throw new ActionFailed(`dns: the secret of the TSIG key ${name} is not base64`);
  return { name, algorithm: normal, secret };
}

/** Signs a request. `now` in seconds since the epoch. */
export function signRequest(message: Buffer, key: TsigKey, now: number): Signed {
  const mac = hmac(key, [message, variables(key, numbers([now, 6], [fudgeSeconds, 2]), noError)]);
  const data = Buffer.concat([
    encodeName(key.algorithm),
    numbers([now, 6], [fudgeSeconds, 2], [mac.length, 2]),
    mac,
    message.subarray(0, 2),
    noError,
  ]);
  const record = Buffer.concat([
    encodeName(key.name),
    numbers([tsigType, 2], [classes.ANY, 2], [0, 4], [data.length, 2]),
    data,
  ]);
  const signed = Buffer.concat([message, record]);
  signed.writeUInt16BE(signed.readUInt16BE(10) + 1, 10);
  return { message: signed, mac };
}

/** Error 0 and no other data. */
const noError = Buffer.alloc(4);

/**
 * Checks that an answer was made with our key for our request, in time. Throws ActionFailed otherwise; an error that the server
 * reports about our signature (BADKEY, BADSIG) comes unsigned and is told as such.
 */
export function verifyAnswer(
  answer: ReadMessage,
  request: Signed,
  key: TsigKey,
  now: number,
): void {
  const record = answer.additional.at(-1);
  if (record?.type !== tsigType) {
    if (answer.rcode !== 0) return; // An unsigned refusal is a refusal; only success must be proved.
    throw new ActionFailed("dns: the answer is not signed, it may not come from the server");
  }
  const tsig = readTsig(answer.bytes, record);
  if (tsig.mac.length === 0)
    throw new ActionFailed(
      `dns: the server refused the signature with key ${key.name}: ${rcodeName(tsig.error)}`,
    );
  const unsigned = Buffer.from(answer.bytes.subarray(0, record.start));
  unsigned.writeUInt16BE(unsigned.readUInt16BE(10) - 1, 10);
  unsigned.writeUInt16BE(tsig.originalId, 0);
  const expected = hmac(key, [
    numbers([request.mac.length, 2]),
    request.mac,
    unsigned,
    variables(key, tsig.time, tsig.rest),
  ]);
  const sound = expected.length === tsig.mac.length && timingSafeEqual(expected, tsig.mac);
  if (!sound || record.name !== normalName(key.name) || tsig.algorithm !== key.algorithm)
    throw new ActionFailed(`dns: the answer's signature is not of key ${key.name}`);
  if (tsig.error !== 0)
    throw new ActionFailed(
      `dns: the server refused the signature: ${rcodeName(tsig.error)}${clock(tsig, now)}`,
    );
  if (Math.abs(now - tsig.time.readUIntBE(0, 6)) > fudgeSeconds)
    throw new ActionFailed(`dns: the answer was signed at another time${clock(tsig, now)}`);
}

interface Tsig {
  readonly algorithm: string;
  /** Time and fudge as sent. */
  readonly time: Buffer;
  readonly mac: Buffer;
  readonly originalId: number;
  readonly error: number;
  /** Error and other data as sent. */
  readonly rest: Buffer;
}

function readTsig(bytes: Buffer, { dataStart, dataEnd }: ReadRecord): Tsig {
  const { name: algorithm, end } = readName(bytes, dataStart);
  const macEnd = end + 10 + bytes.readUInt16BE(end + 8);
  return {
    algorithm,
    time: bytes.subarray(end, end + 8),
    mac: bytes.subarray(end + 10, macEnd),
    originalId: bytes.readUInt16BE(macEnd),
    error: bytes.readUInt16BE(macEnd + 2),
    rest: bytes.subarray(macEnd + 2, dataEnd),
  };
}

/** A server that finds our time wrong says its own. */
function clock(tsig: Tsig, now: number): string {
  const server = tsig.rest.length >= 10 ? tsig.rest.readUIntBE(4, 6) : tsig.time.readUIntBE(0, 6);
  return ` (the server's clock says ${stamp(server)}, ours ${stamp(now)})`;
}

function stamp(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}

function variables(key: TsigKey, time: Buffer, rest: Buffer): Buffer {
  const head = [encodeName(key.name), numbers([classes.ANY, 2], [0, 4])];
  return Buffer.concat([...head, encodeName(key.algorithm), time, rest]);
}

function hmac(key: TsigKey, parts: readonly Buffer[]): Buffer {
  return createHmac(hashes[key.algorithm] ?? "sha256", key.secret)
    .update(Buffer.concat(parts))
    .digest();
}
