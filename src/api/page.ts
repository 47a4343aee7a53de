/** Plain HTML pages of the door: what they are made of, in which language, and what browsers may do with them. */
import type { Request, Response } from "express";
import type { Tongue } from "../runbooks/document.ts";

/** HTML that was put together here, as opposed to text that comes from anywhere. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | undefined | readonly (Html | string)[];

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function partText(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "string" || typeof part === "number") return escaped(String(part));
  return part.map(partText).join("");
}

/** Every value that is no Html is text: it is escaped. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((all, piece, index) => all + partText(parts[index - 1]) + piece));
}

export const nothing = new Html("");

/** ` name="value"`, or nothing when it is undefined. */
export function attribute(name: string, value: string | undefined): Html {
  return value === undefined ? nothing : new Html(` ${name}="${escaped(value)}"`);
}

/** `?lang=`, else the first of Accept-Language that is there, else English. */
export function tongueOf(request: Request): Tongue {
  const { lang } = request.query;
  if (lang === "ja" || lang === "en") return lang;
  return request.acceptsLanguages("ja", "en") === "ja" ? "ja" : "en";
}

export interface PageFacts {
  readonly title: string;
  readonly tongue: Tongue;
  /** The same page in the other language. */
  readonly other: string;
  readonly body: Html;
  /** Leads back; undefined: nowhere. */
  readonly home?: { readonly href: string; readonly text: string };
}

const words = {
  skip: { ja: "本文へ", en: "Skip to the content" },
  language: { ja: "English", en: "日本語" },
} as const;

/** Sends a whole page. Nothing from elsewhere is loaded, and nobody may show it inside of another page. */
export function sendPage(response: Response, facts: PageFacts, status = 200): void {
  const { title, tongue, other, body, home } = facts;
  const otherTongue = tongue === "ja" ? "en" : "ja";
  const page = markup`<!doctype html>
    <html lang="${tongue}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Raicho</title>
        <link rel="stylesheet" href="/forms/assets/page.css" />
        <script src="/forms/assets/form.js" defer></script>
      </head>
      <body>
        <a class="skip" href="#content">${words.skip[tongue]}</a>
        <header>
          <nav>
            ${home === undefined ? markup`<span>Raicho</span>` : markup`<a href="${home.href}">${home.text}</a>`}
            <a class="language" hreflang="${otherTongue}" lang="${otherTongue}" href="${other}"
              >${words.language[tongue]}</a
            >
          </nav>
        </header>
        <main id="content">
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html> `;
  response
    .status(status)
    .setHeader("Content-Language", tongue)
    .setHeader("Vary", "Accept-Language, Cookie")
    .setHeader("Cache-Control", "no-store")
    .setHeader("X-Content-Type-Options", "nosniff")
    .setHeader("Referrer-Policy", "same-origin")
    .setHeader(
      "Content-Security-Policy",
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    .type("html")
    .send(page.text);
}
