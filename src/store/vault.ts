/** Secrets at rest: each value has a key of its own (AES-256-GCM), wrapped by the master key; the place of a secret is authenticated, so that
 * two ciphertexts cannot be swapped. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
} from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

export interface Vault {
  seal(value: string, place: string): string;
  /** Throws when the text was tampered with, moved to another place, or sealed with another master key. */
  open(sealed: string, place: string): string;
  /** A signature (base64url of 32 bytes) by a key that follows from the master key. */
  sign(text: string): string;
  /** 32 bytes that follow from the master key, others for each purpose. */
  derive(purpose: string): Buffer;
}

const algorithm = "aes-256-gcm";

function encrypt(key: Buffer, plain: Buffer, place: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(place));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url");
}

function decrypt(key: Buffer, sealed: string, place: string): Buffer {
  const bytes = Buffer.from(sealed, "base64url");
  const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, 12))
    .setAAD(Buffer.from(place))
    .setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
}

/** Reads the master key file (32 bytes, base64url), made at the first start with mode 0600. */
export function openVault(file: string): Vault {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  }
  const master = Buffer.from(readFileSync(file, "utf8").trim(), "base64url");
  if (master.length !== 32)
    throw new Error(`${file} does not hold a master key: 32 bytes as base64url are expected`);
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync("sha256", master, "", `raicho ${purpose}`, 32));
  const signing = derive("signatures");
  const kid = createHash("sha256").update(master).digest("hex").slice(0, 8);
  return {
    seal: (value, place) => {
      const key = randomBytes(32);
      return ["v1", kid, encrypt(master, key, place), encrypt(key, Buffer.from(value), place)].join(
        ".",
      );
    },
    derive,
    sign: (text) => createHmac("sha256", signing).update(text).digest("base64url"),
    open: (sealed, place) => {
      const [version, owner, wrapped, body] = sealed.split(".");
      if (version !== "v1" || wrapped === undefined || body === undefined)
        throw new Error("this is no sealed value");
      if (owner !== kid)
        throw new Error(`this value was sealed with another master key (${owner ?? "?"})`);
      return decrypt(decrypt(master, wrapped, place), body, place).toString();
    },
  };
}
