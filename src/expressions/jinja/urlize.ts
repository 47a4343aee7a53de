/** Turns web and mail addresses in text into links. */

export interface UrlizeOptions {
  readonly limit: number | undefined;
  readonly rel: string;
  readonly target: string | undefined;
}

const web = /^(?:https?:\/\/|www\.)[^\s<]+$/i;
const bare =
  /^(?:[\p{L}\p{N}_%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)(?::\d{1,5})?(?:[/?#]\S*)?$/iu;
const mail = /^\S+@\w[\w.-]*\.\w+$/;
const opening = /^(?:\(|<|&lt;)+/;
const closing: readonly string[] = [")", ">", ".", ",", "&gt;"];

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll(">", "&gt;")
    .replaceAll("<", "&lt;")
    .replaceAll("'", "&#39;")
    .replaceAll('"', "&#34;");
}

function attribute(name: string, value: string): string {
  return value === "" ? "" : ` ${name}="${escape(value)}"`;
}

function isMail(text: string): boolean {
  return mail.test(text) && !text.startsWith("www.") && !text.includes(":");
}

interface LinkStyle {
  readonly limit: number | undefined;
  /** What follows the address inside the tag. */
  readonly attributes: string;
}

function linkStyle(options: UrlizeOptions): LinkStyle {
  const rels = [...new Set(options.rel.split(/\s+/).filter((word) => word !== ""))].toSorted();
  const rel = attribute("rel", rels.join(" "));
  return {
    limit: options.limit,
    attributes: rel + attribute("target", options.target ?? ""),
  };
}

function webLink(address: string, { limit, attributes }: LinkStyle): string {
  const isLong = limit !== undefined && address.length > limit;
  const shown = isLong ? `${address.slice(0, limit)}...` : address;
  const prefix = /^https?:/i.test(address) ? "" : "https://";
  return `<a href="${prefix}${address}"${attributes}>${shown}</a>`;
}

function linked(middle: string, style: LinkStyle): string {
  if (web.test(middle) || bare.test(middle)) return webLink(middle, style);
  if (middle.startsWith("mailto:") && mail.test(middle.slice(7))) {
    return `<a href="${middle}">${middle.slice(7)}</a>`;
  }
  return isMail(middle) ? `<a href="mailto:${middle}">${middle}</a>` : middle;
}

function withoutTail(word: string): string {
  let end = word.length;
  for (;;) {
    const tail = closing.find((one) => word.endsWith(one, end));
    if (tail === undefined) return word.slice(0, end);
    end -= tail.length;
  }
}

/** The text as HTML with links; everything else is escaped. */
export function urlize(text: string, options: UrlizeOptions): string {
  const style = linkStyle(options);
  return escape(text)
    .split(/(\s+)/)
    .map((word) => {
      const head = opening.exec(word)?.[0] ?? "";
      const rest = word.slice(head.length);
      const middle = withoutTail(rest);
      return head + linked(middle, style) + rest.slice(middle.length);
    })
    .join("");
}
