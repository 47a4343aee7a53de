import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decryptFromStackStorm,
  encryptForStackStorm,
  fingerprint,
  parseStackStormKey,
  stackStormKeyFile,
} from "../../src/store/stackstorm-crypto.ts";

/** Made by StackStorm's own st2common.util.crypto, with keys that it made, too. */
interface Vector {
  readonly key: unknown;
  readonly plain: string;
  readonly ciphertext: string;
}
const vectors = JSON.parse(
  readFileSync(new URL("../fixtures/stackstorm-crypto.json", import.meta.url), "utf8"),
) as readonly Vector[];
const key = parseStackStormKey(vectors[0]?.key);
const one = vectors[0]?.ciphertext ?? "";

describe("ciphertexts of StackStorm", () => {
  test.each(vectors)("$plain", ({ key: file, plain, ciphertext }) => {
    const own = parseStackStormKey(file);
    expect(decryptFromStackStorm(own, ciphertext)).toBe(plain);
    expect(decryptFromStackStorm(own, ciphertext.toLowerCase())).toBe(plain);
    expect(stackStormKeyFile(own)).toStrictEqual(file);
  });

  test("ours are like them", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (plain) => {
        const ciphertext = encryptForStackStorm(key, plain);
        expect(ciphertext).toMatch(/^3030303030([0-9A-F]{2})+$/);
        expect(decryptFromStackStorm(key, ciphertext)).toBe(plain);
      }),
    );
    expect(encryptForStackStorm(key, "a")).not.toBe(encryptForStackStorm(key, "a"));
  });

  test.each([
    ["a changed byte", `${one.slice(0, 50)}${one[50] === "0" ? "1" : "0"}${one.slice(51)}`],
    ["a changed header", `31${one.slice(2)}`],
    ["one that was cut", one.slice(0, -2)],
    ["a short one", "3030303030"],
    ["half a byte", one.slice(1)],
    ["plain text", "s3cret"],
    ["nothing", ""],
  ])("%s is none", (_name, text) => {
    expect(decryptFromStackStorm(key, text)).toBeUndefined();
  });

  test("another key makes others", () => {
    const other = parseStackStormKey(vectors.at(-1)?.key);
    expect(decryptFromStackStorm(other, one)).toBeUndefined();
    expect(fingerprint(other)).not.toBe(fingerprint(key));
  });
});

describe("key files", () => {
  const whole = stackStormKeyFile(key);
  test("line breaks and padding do no harm", () => {
    const aesKeyString = `${String(whole["aesKeyString"]).slice(0, 4)}\n${String(whole["aesKeyString"]).slice(4)}==`;
    expect(parseStackStormKey({ ...whole, aesKeyString }).aes).toStrictEqual(key.aes);
  });

  test.each([
    ["no object", [], "expected an object with hmacKey and aesKeyString"],
    ["no HMAC key", { ...whole, hmacKey: 1 }, "hmacKey: expected an object with hmacKeyString"],
    ["another mode", { ...whole, mode: "GCM" }, 'mode: "GCM" is not supported, only CBC is'],
    ["no base64", { ...whole, aesKeyString: "+/" }, "aesKeyString: expected bytes as base64url"],
    [
      "a short key",
      { ...whole, aesKeyString: "AAAA" },
      "aesKeyString: 24 bits, but an AES key has 128, 192 or 256; is the file whole?",
    ],
    ["another size", { ...whole, size: 256 }, "size: says 256 bits, but aesKeyString has 128"],
  ])("%s is refused", (_name, file, message) => {
    expect(() => parseStackStormKey(file)).toThrow(message);
  });
});
