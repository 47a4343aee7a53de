/**
 * Repairs what Japanese mailers get wrong before the mail parser sees the bytes: labels that no library knows (CP50221), labels that
 * are not true (UTF-8 over Shift_JIS), and legacy bytes without any label, in header lines and in text parts. Only labels and header
 * lines change; bodies stay as sent.
 */

type LegacyCharset = "iso-2022-jp" | "shift_jis" | "euc-jp";

export interface RepairedMail {
  readonly raw: Buffer;
  readonly repaired: boolean;
}

/** Nested deeper, or with more parts than this, a mail is left as it is. */
const maxDepth = 20;
const maxParts = 1_000;
/** ISO-2022-JP switches to kanji, JIS Roman or half-width kana with these. */
const jisEscapes = ["$@", "$B", "(J", "(I"].map((end) => `\u001b${end}`);
/** Enough of a text to know its encoding. */
const sampleBytes = 65_536;

const aliases: ReadonlyArray<readonly [RegExp, string]> = [
  [/(=\?|charset\s*=\s*"?)(?:cp5022[0-2]|csiso2022jp|iso-2022-jp-(?:ms|[123]))\b/gi, "ISO-2022-JP"],
  [/(=\?|charset\s*=\s*"?)(?:cp51932|eucjp-?(?:ms|win)|x-euc-jp|euc_jp)\b/gi, "EUC-JP"],
  [/(=\?|charset\s*=\s*"?)(?:cp932|ms932|x-sjis|x-ms-cp932|windows-31j|sjis-win)\b/gi, "Shift_JIS"],
];

/** The mail with every text part labelled with what its bytes are, and header lines in UTF-8. */
export function repairCharset(raw: Buffer): RepairedMail {
  const text = raw.toString("latin1");
  const budget = { parts: maxParts };
  const repaired = repairEntity(text, 0, budget);
  return repaired === text
    ? { raw, repaired: false }
    : { raw: Buffer.from(repaired, "latin1"), repaired: true };
}

/** Which legacy Japanese encoding these bytes are in; undefined for ASCII, UTF-8 and everything else. A text may be cut inside a character. */
export function detectLegacy(bytes: Buffer): LegacyCharset | undefined {
  if (!bytes.some((byte) => byte > 0x7f)) {
    return jisEscapes.some((escape) => bytes.includes(escape)) ? "iso-2022-jp" : undefined;
  }
  if (fits(bytes, "utf-8")) return undefined;
  const [best] = (["euc-jp", "shift_jis"] as const)
    .filter((charset) => fits(bytes, charset))
    .map((charset) => ({ charset, likeness: likeness(decode(bytes, charset)) }))
    .toSorted((one, other) => other.likeness - one.likeness);
  return best?.charset;
}

/** Whether bytes can be read so. Monitors cut their output at so many bytes, relays drop some: few broken characters make it no other encoding. */
function fits(bytes: Uint8Array, charset: string): boolean {
  const text = decode(bytes.subarray(0, sampleBytes), charset);
  const beyond = text.match(/[^\0-\x7f]/gu)?.length ?? 0;
  const broken = text.match(/\ufffd/g)?.length ?? 0;
  return broken <= beyond / 5 || (broken === 1 && beyond >= 3);
}

/** The encoding of bytes that are labelled with another one; undefined when the label may be true. */
function trueCharset(bytes: Buffer, label: string): string | undefined {
  if (/^(?:us-)?ascii$/i.test(label)) return detectLegacy(bytes);
  const claimed = /^utf-?8$|^shift[_-]jis$|^euc-jp$|^iso-2022-jp$/i.exec(label)?.[0].toLowerCase();
  if (claimed === undefined || !bytes.some((byte) => byte > 0x7f)) return undefined;
  if (claimed !== "utf-8" && claimed !== "utf8" && surelyUtf8(bytes)) return "utf-8";
  if (fits(bytes, claimed)) return undefined;
  const found = detectLegacy(bytes) ?? "utf-8";
  // A word of Latin-1 can look like a kanji of Shift_JIS; Japanese text has kana or its own punctuation.
  const japanese = /[\u3000-\u30ff\uff01-\uff5e]/.test(decode(bytes, found));
  return japanese && fits(bytes, found) ? found : undefined;
}

/** Characters of three bytes, one after the other without a fault: no text of a legacy encoding looks so. */
function surelyUtf8(bytes: Uint8Array): boolean {
  const text = decode(bytes, "utf-8");
  const long = text.match(/[\u0800-\uffff]/g)?.length ?? 0;
  return long >= 3 && !/[\ufffd\x80-\u07ff]/.test(text);
}

function decode(bytes: Uint8Array, charset: string): string {
  return new TextDecoder(charset).decode(bytes);
}

/** Real text is full of kana and punctuation; a wrong guess is full of half-width kana and rare kanji. */
function likeness(text: string): number {
  const common = text.match(/[\u3000-\u30ff\uff01-\uff5e\u0020-\u007e]/g)?.length ?? 0;
  const rare = text.match(/[\uff61-\uff9f\ue000-\uf8ff\ufffd]/g)?.length ?? 0;
  return common - 2 * rare;
}

/** One MIME entity as a latin1 string: header lines, an empty line, the body. */
function repairEntity(text: string, depth: number, budget: { parts: number }): string {
  budget.parts -= 1;
  if (depth > maxDepth || budget.parts < 0) return text;
  const gap = /^\r?\n/.exec(text) ?? /\r?\n\r?\n/.exec(text);
  const headEnd = gap === null ? text.length : gap.index;
  const bodyStart = gap === null ? text.length : gap.index + gap[0].length;
  const head = repairHead(text.slice(0, headEnd));
  const separator = text.slice(headEnd, bodyStart);
  const body = text.slice(bodyStart);
  const type = headerOf(head, "content-type") ?? "text/plain";
  const boundary = /^multipart\//i.test(type) ? parameterOf(type, "boundary") : undefined;
  if (boundary !== undefined) {
    return head + separator + repairParts(body, boundary, { depth: depth + 1, budget });
  }
  if (/^message\/rfc822/i.test(type)) {
    return head + separator + repairEntity(body, depth + 1, budget);
  }
  return labelled(head, separator === "" ? "\r\n\r\n" : separator, body);
}

function repairParts(
  body: string,
  boundary: string,
  place: { depth: number; budget: { parts: number } },
): string {
  const delimiter = `--${boundary}`;
  const out: string[] = [];
  let at = 0;
  let partStart = -1;
  while (place.budget.parts > 0) {
    const found = indexOfLine(body, delimiter, at);
    if (found === -1) break;
    const lineEnd = body.indexOf("\n", found);
    const next = lineEnd === -1 ? body.length : lineEnd + 1;
    const before = body.slice(at, found);
    out.push(partStart === -1 ? before : repairEntity(before, place.depth, place.budget));
    out.push(body.slice(found, next));
    at = next;
    partStart = next;
    if (body.startsWith(`${delimiter}--`, found)) break;
  }
  return out.join("") + body.slice(at);
}

/** Where `line` starts at the beginning of a line, from `from` on; -1 when nowhere. */
function indexOfLine(text: string, line: string, from: number): number {
  let found = text.indexOf(line, from);
  while (found > 0 && text[found - 1] !== "\n") found = text.indexOf(line, found + 1);
  return found;
}

function repairHead(head: string): string {
  let fixed = head;
  for (const [pattern, name] of aliases) fixed = fixed.replace(pattern, `$1${name}`);
  const bytes = Buffer.from(fixed, "latin1");
  const charset = detectLegacy(bytes);
  if (charset === undefined) return fixed;
  return Buffer.from(decode(bytes, charset), "utf8").toString("latin1");
}

/** Adds or corrects the charset of a text part whose label is missing or not true. */
function labelled(head: string, separator: string, body: string): string {
  const unchanged = body === "" ? head : head + separator + body;
  const type = headerOf(head, "content-type");
  if (type !== undefined && !/^text\b/i.test(type)) return unchanged;
  const label = type === undefined ? undefined : parameterOf(type, "charset");
  const sample = decodedSample(headerOf(head, "content-transfer-encoding"), body);
  const charset = label === undefined ? detectLegacy(sample) : trueCharset(sample, label);
  if (charset === undefined) return unchanged;
  const newType =
    type === undefined
      ? `text/plain; charset=${charset}`
      : `${type.replace(/;\s*charset\s*=\s*(?:"[^"]*"|[^;\s]*)/i, "")}; charset=${charset}`;
  const rest = head.replace(/^content-type:.*(?:\r?\n[ \t].*)*(?:\r?\n|$)/im, "");
  const glue = rest === "" || /\r?\n$/.test(rest) ? "" : "\r\n";
  return `${rest}${glue}Content-Type: ${newType}${separator}${body}`;
}

function decodedSample(encoding: string | undefined, body: string): Buffer {
  const sample = body.slice(0, sampleBytes * 2);
  if (encoding !== undefined && /base64/i.test(encoding)) {
    return whole(Buffer.from(sample, "base64"));
  }
  if (encoding !== undefined && /quoted-printable/i.test(encoding)) {
    const plain = sample
      .replace(/=\r?\n/g, "")
      .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    return whole(Buffer.from(plain, "latin1"));
  }
  return whole(Buffer.from(sample, "latin1"));
}

/** Cuts at a line end, so that a sample never ends inside a character. */
function whole(bytes: Buffer): Buffer {
  if (bytes.length <= sampleBytes) return bytes;
  const end = bytes.lastIndexOf(0x0a, sampleBytes);
  return bytes.subarray(0, end === -1 ? sampleBytes : end);
}

function headerOf(head: string, name: string): string | undefined {
  const found = new RegExp(`^${name}:(.*(?:\\r?\\n[ \\t].*)*)`, "im").exec(head)?.[1];
  return found?.replace(/\r?\n[ \t]+/g, " ").trim();
}

function parameterOf(value: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^;\\s]*))`, "i").exec(value);
  return found?.[1] ?? found?.[2];
}
