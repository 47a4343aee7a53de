import { sha256 } from "./sha256.ts";

/** What makes two messages the same alert. */
export interface AlertIdentity {
  readonly source: string;
  /** Name of the host, or the id of its inventory entry where that is known. */
  readonly host: string;
  readonly service: string;
  /** Further parts that a parser counts in, in its order. */
  readonly more?: readonly string[];
  /** Used only when host and service are both empty: numbers and dates in it are masked, so that repeats stay the same. */
  readonly subject?: string;
}

/** 64 hex digits. Letter case, width (`ｗｅｂ`), a trailing dot and runs of white space make no difference. */
export function fingerprint(identity: AlertIdentity): string {
  const host = normalizeHost(identity.host);
  const service = normalizeName(identity.service);
  const parts = [normalizeName(identity.source), host, service];
  const more = (identity.more ?? []).map((part) => normalizeName(part));
  const weak = host === "" && service === "" && more.every((part) => part === "");
  if (weak) parts.push("subject", maskNumbers(identity.subject ?? ""));
  return sha256(JSON.stringify([...parts, ...more]));
}

/** Lower case, half width, no trailing dot. */
export function normalizeHost(host: string): string {
  return normalizeName(host).replace(/\.$/, "");
}

function normalizeName(name: string): string {
  return name.normalize("NFKC").trim().toLowerCase().replace(/\s+/g, " ");
}

function maskNumbers(subject: string): string {
  return normalizeName(subject).replace(/\d+/g, "#");
}
