/** Checks signatures of webhooks: over the bytes as they came, in constant time, within the time that the scheme signs. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { HookSettings } from "../model/signatures.ts";

export interface Delivery {
  header(name: string): string | undefined;
  readonly body: Buffer;
  /** What stands behind the path, with its `?`. */
  readonly query: string;
}

interface Claim {
  /** What the sender says, of which one must fit. */
  readonly signatures: readonly string[];
  readonly signed: readonly (string | Buffer)[];
  readonly algorithm: string;
  readonly encoding: "hex" | "base64";
  /** Seconds since 1970, when the scheme signs one. */
  readonly time: number | undefined;
  /** What makes this delivery the same as another. */
  readonly identity: string | undefined;
  /** How the secret is written. */
  readonly key: "text" | "standard";
}

function stripped(value: string | undefined, prefix: string): readonly string[] {
  return value?.startsWith(prefix) === true ? [value.slice(prefix.length)] : [];
}

const plain = { algorithm: "sha256", encoding: "hex", key: "text" } as const;

function claimOf(settings: HookSettings, delivery: Delivery): Claim | string {
  const { body } = delivery;
  const header = (name: string): string | undefined => delivery.header(name);
  switch (settings.scheme) {
    case "standard": {
      const [id, time] = [header("webhook-id"), header("webhook-timestamp")];
      if (id === undefined || time === undefined)
        return "webhook-id or webhook-timestamp is missing";
      const list = (header("webhook-signature") ?? "").split(" ");
      return {
        ...plain,
        encoding: "base64",
        key: "standard",
        signatures: list.flatMap((each) => stripped(each, "v1,")),
        signed: [`${id}.${time}.`, body],
        time: Number(time),
        identity: id,
      };
    }
    case "slack": {
      const time = header("x-slack-request-timestamp");
      if (time === undefined) return "x-slack-request-timestamp is missing";
      const signature = header("x-slack-signature");
      return {
        ...plain,
        signatures: stripped(signature, "v0="),
        signed: [`v0:${time}:`, body],
        time: Number(time),
        identity: asOne(signature, "hex"),
      };
    }
    case "github":
    case "jira": {
      const name = settings.scheme === "github" ? "x-hub-signature-256" : "x-hub-signature";
      const signatures = stripped(header(name), "sha256=");
      return { ...plain, signatures, signed: [body], time: undefined, identity: undefined };
    }
    case "twilio":
      return twilioClaim(settings, delivery);
    case "hmac":
      return genericClaim(settings, delivery);
  }
}

/** The address, and each value of the form behind its name, by name. */
function twilioClaim({ address }: HookSettings, delivery: Delivery): Claim | string {
  const { body, query } = delivery;
  const form =
    delivery.header("content-type")?.startsWith("application/x-www-form-urlencoded") === true;
  if (!form && body.length > 0) return "only forms are signed by this scheme";
  const signature = delivery.header("x-twilio-signature");
  const values = [...new URLSearchParams(body.toString("utf8"))].map(([name, value]) => ({
    name,
    value,
  }));
  const ordered = values.toSorted((a, b) => order(a.name, b.name) || order(a.value, b.value));
  return {
    algorithm: "sha1",
    encoding: "base64",
    key: "text",
    signatures: signature === undefined ? [] : [signature],
    signed: [address + query, ...ordered.map(({ name, value }) => name + value)],
    time: undefined,
    identity: signature,
  };
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Hex may be written in capitals: that does not make it another delivery. */
function asOne(signature: string | undefined, encoding: "hex" | "base64"): string | undefined {
  return encoding === "hex" ? signature?.toLowerCase() : signature;
}

function genericClaim(settings: HookSettings, delivery: Delivery): Claim | string {
  const { body } = delivery;
  const header = (name: string): string | undefined => delivery.header(name);
  const { algorithm, encoding, prefix, timestampHeader } = settings;
  const time = timestampHeader === undefined ? undefined : header(timestampHeader);
  if (timestampHeader !== undefined && time === undefined) return `${timestampHeader} is missing`;
  const signature = header(settings.header);
  return {
    algorithm,
    encoding,
    key: "text",
    signatures: stripped(signature, prefix),
    signed: time === undefined ? [body] : [`${time}.`, body],
    time: time === undefined ? undefined : Number(time),
    // A time that is signed makes every delivery another; without one equal events look alike.
    identity: time === undefined ? undefined : asOne(signature, encoding),
  };
}

function keyOf(secret: string, how: Claim["key"]): Buffer {
  return how === "standard" && secret.startsWith("whsec_")
    ? Buffer.from(secret.slice(6), "base64")
    : Buffer.from(secret);
}

function fits(claim: Claim, secret: string): boolean {
  const key = keyOf(secret, claim.key);
  // Everybody knows the empty secret.
  if (key.length === 0) return false;
  const mac = createHmac(claim.algorithm, key);
  for (const part of claim.signed) mac.update(part);
  const expected = Buffer.from(mac.digest(claim.encoding));
  return claim.signatures.some((each) => {
    const given = Buffer.from(claim.encoding === "hex" ? each.toLowerCase() : each);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** Undefined identity: nothing says which delivery it is. `now` in seconds since 1970. Gives a sentence when the signature must not be trusted. */
export function verify(
  settings: HookSettings,
  delivery: Delivery,
  { secrets, now }: { readonly secrets: readonly string[]; readonly now: number },
): { readonly identity: string | undefined } | string {
  const claim = claimOf(settings, delivery);
  if (typeof claim === "string") return claim;
  if (claim.signatures.length === 0) return "there is no signature of this kind";
  // First the signature: what it does not cover says nothing.
  if (!secrets.some((secret) => fits(claim, secret))) return "the signature does not fit";
  const { time } = claim;
  if (time !== undefined && !(Math.abs(now - time) <= settings.toleranceSeconds))
    return `it was signed more than ${settings.toleranceSeconds} seconds away from now`;
  return { identity: claim.identity };
}
