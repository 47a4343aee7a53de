/** The attribute types: what they accept, how a value is written in its one canonical form, how it is indexed. */
import { canonicalCidr, canonicalIp } from "./address.ts";
import type { Element, IndexKind } from "./definition.ts";
import { isObject } from "../model/json.ts";
import { foldHost, nearest } from "./text.ts";

export type Parsed = { readonly value: unknown } | { readonly wrong: string };

export interface AttributeType {
  /** In an error: "expected …". */
  readonly expected: string;
  /** Canonical value, or what is wrong beyond the expectation ("" when there is nothing to add). */
  parse(value: unknown, element: Element): Parsed;
  /** Kinds of index it can have, and the column of the index table they use. */
  readonly indexes: Partial<Record<IndexKind, "d" | "ts" | "n" | "net" | "t">>;
  /** Its text is searched unless the attribute says otherwise. */
  readonly searched: boolean;
}

const refused: Parsed = { wrong: "" };
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const uuidLength = 36;

export function isUuid(value: unknown): value is string {
  return typeof value === "string" && value.length === uuidLength && uuid.test(value);
}

function within(size: number, what: string, { min, max }: Element): string | undefined {
  if (min !== undefined && size < min) return `${what} is below ${min}`;
  if (max !== undefined && size > max) return `${what} is above ${max}`;
  return undefined;
}

function textOf(value: unknown, element: Element, longest: number): Parsed {
  if (typeof value !== "string") return refused;
  if (value.includes("\u0000")) return { wrong: "a NUL character cannot be stored" };
  const length = value.length;
  const wrong = within(length, `its length ${length}`, { ...element, max: element.max ?? longest });
  if (wrong !== undefined) return { wrong };
  if (element.pattern !== undefined && !element.pattern.test(value))
    return { wrong: `it does not match ${element.pattern.source}` };
  return { value };
}

function numberOf(value: unknown, element: Element, integer: boolean): Parsed {
  if (typeof value !== "number" || !Number.isFinite(value)) return refused;
  if (integer && !Number.isSafeInteger(value)) return refused;
  const wrong = within(value, "it", element);
  return wrong === undefined ? { value } : { wrong };
}

function matching(value: unknown, pattern: RegExp, write = (text: string): string => text): Parsed {
  if (typeof value !== "string" || value.length > 2000) return refused;
  const text = value.trim();
  return pattern.test(text) ? { value: write(text) } : refused;
}

function dateOf(value: unknown): Parsed {
  const match = typeof value === "string" ? /^(\d{4})-(\d{2})-(\d{2})$/.exec(value.trim()) : null;
  if (match === null) return refused;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  if (year === 0 || days === undefined || day < 1 || day > days)
    return { wrong: "there is no such day" };
  return { value: match[0] };
}

function datetimeOf(value: unknown): Parsed {
  const pattern =
    /^(\d{4}-\d{2}-\d{2})[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:?\d{2})$/;
  const match = typeof value === "string" ? pattern.exec(value.trim()) : null;
  if (match === null) return refused;
  const day = dateOf(match[1]);
  const time = Date.parse(match[0].replace(" ", "T").replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
  if ("wrong" in day || Number.isNaN(time)) return { wrong: "there is no such moment" };
  return { value: new Date(time).toISOString() };
}

function urlOf(value: unknown): Parsed {
  if (typeof value !== "string" || value.length > 2000 || !URL.canParse(value)) return refused;
  return /^(https?|ldaps?|ssh|ftps?|git):/i.test(value)
    ? { value }
    : { wrong: "its scheme is not http, https, ssh, git, ldap or ftp" };
}

function ipOf(value: unknown): Parsed {
  const canonical = typeof value === "string" ? canonicalIp(value.normalize("NFKC")) : undefined;
  return canonical === undefined ? refused : { value: canonical };
}

function cidrOf(value: unknown): Parsed {
  const canonical = typeof value === "string" ? canonicalCidr(value.normalize("NFKC")) : undefined;
  if (canonical === undefined) return refused;
  if (canonical.hostBits) return { wrong: `host bits are set; the network is ${canonical.text}` };
  return { value: canonical.text };
}

function macOf(value: unknown): Parsed {
  if (typeof value !== "string") return refused;
  const digits = value.trim().toLowerCase().replaceAll(/[:.-]/g, "");
  if (!/^[0-9a-f]{12}$/.test(digits)) return refused;
  return { value: (digits.match(/../g) ?? []).join(":") };
}

/** Money is text, because binary fractions lose yen and cents. */
function moneyOf(value: unknown): Parsed {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || !/^-?\d{1,15}(\.\d{1,4})?$/.test(text)) return refused;
  return { value: text };
}

function enumOf(value: unknown, { values }: Element): Parsed {
  if (typeof value === "string" && values.has(value)) return { value };
  const near = typeof value === "string" ? nearest(value, values.keys()) : undefined;
  const list = [...values.keys()].join(", ");
  return { wrong: `one of ${list}${near === undefined ? "" : ` (did you mean ${near}?)`}` };
}

function namedRefOf(value: unknown): Parsed {
  if (!isObject(value) || typeof value["label"] !== "string" || !isUuid(value["ref"]))
    return refused;
  return { value: { label: value["label"], ref: value["ref"].toLowerCase() } };
}

const host = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})?(\.[a-z0-9_]([a-z0-9_-]{0,62})?)*$/;
const duration = /^P(?=\d|T\d)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)$/;

/** By the name used in YAML. A new type is a line here and a row in its table test, which fails until there is one. */
export const attributeTypes = {
  string: {
    expected: "text of one line, at most 1000 characters",
    parse: stringOf,
    indexes: { lookup: "t" },
    searched: true,
  },
  text: {
    expected: "text, at most 100000 characters",
    parse: (v, e) => textOf(v, e, 100_000),
    indexes: {},
    searched: true,
  },
  integer: {
    expected: "a whole number",
    parse: (v, e) => numberOf(v, e, true),
    indexes: { range: "n" },
    searched: false,
  },
  decimal: {
    expected: "a number",
    parse: (v, e) => numberOf(v, e, false),
    indexes: { range: "n" },
    searched: false,
  },
  boolean: {
    expected: "true or false",
    parse: (v) => (typeof v === "boolean" ? { value: v } : refused),
    indexes: {},
    searched: false,
  },
  date: {
    expected: "a day as YYYY-MM-DD",
    parse: dateOf,
    indexes: { range: "d" },
    searched: false,
  },
  datetime: {
    expected: "a moment with offset, as 2026-04-01T09:00:00+09:00",
    parse: datetimeOf,
    indexes: { range: "ts" },
    searched: false,
  },
  duration: {
    expected: "an ISO 8601 duration, as PT15M",
    parse: (v) => matching(v, duration),
    indexes: {},
    searched: false,
  },
  enum: { expected: "a listed value", parse: enumOf, indexes: {}, searched: false },
  url: { expected: "a URL", parse: urlOf, indexes: {}, searched: true },
  email: {
    expected: "a mail address",
    parse: (v) => matching(v, /^[^\s@<>"]+@[^\s@<>"]+$/),
    indexes: { lookup: "t" },
    searched: true,
  },
  fqdn: {
    expected: "a host or domain name",
    parse: (v) => (typeof v === "string" ? matching(foldHost(v), host) : refused),
    indexes: { lookup: "t" },
    searched: true,
  },
  ip: {
    expected: "an IPv4 or IPv6 address",
    parse: ipOf,
    indexes: { network: "net" },
    searched: true,
  },
  cidr: {
    expected: "a network as 10.0.0.0/24",
    parse: cidrOf,
    indexes: { network: "net" },
    searched: true,
  },
  mac: {
    expected: "a MAC address of 12 hex digits",
    parse: macOf,
    indexes: { lookup: "t" },
    searched: true,
  },
  money: {
    expected: "an amount as 1234.50",
    parse: moneyOf,
    indexes: { range: "n" },
    searched: false,
  },
  json: { expected: "any JSON value", parse: (v) => ({ value: v }), indexes: {}, searched: false },
  secret_ref: {
    expected: "the name of a datastore key, never the secret itself",
    parse: (v) => matching(v, /^(system|user)\.[\w.:/-]{1,200}$/),
    indexes: {},
    searched: false,
  },
  ref: {
    expected: "a reference (id, name or key)",
    parse: (v) => (isUuid(v) ? { value: v.toLowerCase() } : refused),
    indexes: {},
    searched: false,
  },
  named_ref: { expected: "{label, ref}", parse: namedRefOf, indexes: {}, searched: false },
} satisfies Record<string, AttributeType>;
export type AttributeTypeName = keyof typeof attributeTypes;

export function attributeType(name: AttributeTypeName): AttributeType {
  return attributeTypes[name];
}

export function isAttributeTypeName(name: unknown): name is AttributeTypeName {
  return typeof name === "string" && Object.hasOwn(attributeTypes, name);
}

function stringOf(value: unknown, element: Element): Parsed {
  if (typeof value === "string" && /[\r\n]/.test(value)) return { wrong: "it has line breaks" };
  return textOf(value, element, 1000);
}
