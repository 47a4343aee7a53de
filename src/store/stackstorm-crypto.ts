/** StackStorm's encryption of datastore secrets, byte for byte (st2common/util/crypto.py): a key file in keyczar's JSON, and ciphertexts as upper-case
 * hex of 5 bytes of header (ignored), 16 of IV, AES-CBC with PKCS #5 padding, and 20 of HMAC-SHA1 over all before. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { isObject, type JsonObject } from "../model/json.ts";

export interface StackStormKey {
  readonly aes: Buffer;
  readonly hmac: Buffer;
}

/** A file that is no key of StackStorm; the message says what is wrong with it. */
export class StackStormKeyError extends Error {
  override readonly name = "StackStormKeyError";
}

const headerLength = 5;
const ivLength = 16;
const macLength = 20;
/** What StackStorm writes there: five times the digit 0. */
const header = Buffer.from("00000");
const aesLengths: ReadonlySet<number> = new Set([16, 24, 32]);

function bytesOf(value: unknown, name: string): Buffer {
  const text = typeof value === "string" ? value.replaceAll(/\s/g, "") : "";
  if (!/^[\w-]+={0,2}$/.test(text))
    throw new StackStormKeyError(`${name}: expected bytes as base64url`);
  return Buffer.from(text, "base64url");
}

/** Reads a key file. Throws StackStormKeyError. */
export function parseStackStormKey(file: unknown): StackStormKey {
  if (!isObject(file))
    throw new StackStormKeyError("expected an object with hmacKey and aesKeyString");
  const { aesKeyString, hmacKey, mode = "CBC", size } = file;
  if (typeof mode !== "string" || mode.toUpperCase() !== "CBC")
    throw new StackStormKeyError(`mode: ${JSON.stringify(mode)} is not supported, only CBC is`);
  if (!isObject(hmacKey))
    throw new StackStormKeyError("hmacKey: expected an object with hmacKeyString");
  const hmac = bytesOf(hmacKey["hmacKeyString"], "hmacKey.hmacKeyString");
  const aes = bytesOf(aesKeyString, "aesKeyString");
  if (!aesLengths.has(aes.length))
    throw new StackStormKeyError(
      `aesKeyString: ${aes.length * 8} bits, but an AES key has 128, 192 or 256; is the file whole?`,
    );
  if (size !== undefined && size !== aes.length * 8)
    throw new StackStormKeyError(
      `size: says ${JSON.stringify(size)} bits, but aesKeyString has ${aes.length * 8}`,
    );
  return { aes, hmac };
}

/** The key as StackStorm's key file holds it. */
export function stackStormKeyFile({ aes, hmac }: StackStormKey): JsonObject {
  return {
    hmacKey: { hmacKeyString: hmac.toString("base64url"), size: hmac.length * 8 },
    aesKeyString: aes.toString("base64url"),
    mode: "CBC",
    size: aes.length * 8,
  };
}

/** Tells keys apart without telling them: 16 hex digits. */
export function fingerprint({ aes, hmac }: StackStormKey): string {
  return createHash("sha256").update(aes).update(hmac).digest("hex").slice(0, 16);
}

function mac(key: StackStormKey, message: Buffer): Buffer {
  return createHmac("sha1", key.hmac).update(message).digest();
}

export function encryptForStackStorm(key: StackStormKey, plain: string): string {
  const iv = randomBytes(ivLength);
  const cipher = createCipheriv(`aes-${key.aes.length * 8}-cbc`, key.aes, iv);
  const message = Buffer.concat([header, iv, cipher.update(plain, "utf8"), cipher.final()]);
  return Buffer.concat([message, mac(key, message)])
    .toString("hex")
    .toUpperCase();
}

/** The text of a ciphertext; undefined when it is none, was changed, or was made with another key. */
export function decryptFromStackStorm(key: StackStormKey, text: string): string | undefined {
  if (text.length % 2 !== 0 || !/^[\da-f]+$/i.test(text)) return undefined;
  const bytes = Buffer.from(text, "hex");
  const body = bytes.subarray(headerLength + ivLength, -macLength);
  if (bytes.length < headerLength + 2 * ivLength + macLength || body.length % 16 !== 0)
    return undefined;
  if (!timingSafeEqual(mac(key, bytes.subarray(0, -macLength)), bytes.subarray(-macLength)))
    return undefined;
  const iv = bytes.subarray(headerLength, headerLength + ivLength);
  const decipher = createDecipheriv(`aes-${key.aes.length * 8}-cbc`, key.aes, iv);
  try {
    const plain = Buffer.concat([decipher.update(body), decipher.final()]);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    return undefined;
  }
}
