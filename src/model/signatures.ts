/** How senders of webhooks sign. Facts of each scheme; the secrets are elsewhere. */

export const signatureSchemes = ["standard", "github", "jira", "slack", "twilio", "hmac"] as const;
export type SignatureScheme = (typeof signatureSchemes)[number];

export interface HookAnswer {
  readonly type: string;
  readonly body: string;
}

export interface HookSettings {
  readonly scheme: SignatureScheme;
  /** Names of keys of the datastore, scope system: several while a secret is exchanged. */
  readonly secretKeys: readonly string[];
  /** How far the sender's clock may be off, seconds; for schemes that sign a time. */
  readonly toleranceSeconds: number;
  /** Of the scheme twilio: the address at which the sender reaches the webhook, which it signs. */
  readonly address: string;
  /** What senders are answered that want more than a 2xx; undefined = the body as it came. */
  readonly answer: HookAnswer | undefined;
  /** Of the scheme hmac. */
  readonly header: string;
  readonly algorithm: "sha1" | "sha256" | "sha512";
  readonly encoding: "hex" | "base64";
  /** What stands before the signature in its header, e.g. `sha256=`. */
  readonly prefix: string;
  /** Header of the time that is signed as `<time>.<body>`; undefined = only the body is. */
  readonly timestampHeader: string | undefined;
}

export const defaultHook: Omit<HookSettings, "scheme" | "secretKeys"> = {
  toleranceSeconds: 300,
  address: "",
  answer: undefined,
  header: "x-signature",
  algorithm: "sha256",
  encoding: "hex",
  prefix: "",
  timestampHeader: undefined,
};
