/** Pieces of pictures: text that is safe in them, and the colours of a light and a dark page. */
export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll(/\p{Cc}/gu, " ");
}

/** Roughly how wide text is, in units of its size: full-width characters count twice. */
export function textWidth(text: string): number {
  return Array.from(text).reduce(
    (sum, sign) => sum + (/[\u1100-\uFFE6]/u.test(sign) ? 1 : 0.58),
    0,
  );
}

/** The text, or as much of it as has room, with an ellipsis. */
export function clipped(text: string, room: number): string {
  if (textWidth(text) <= room) return text;
  let short = "";
  for (const sign of text) {
    if (textWidth(`${short}${sign}…`) > room) break;
    short += sign;
  }
  return `${short}…`;
}

/** Colours are told apart by darkness too, so that the picture reads in black and white. */
const style = `
svg{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--faint:#6b7280;--line:#c4cad3;--empty:#f3f4f6;--box:#dbe7fb;--edge:#2f5fb3;--warn:#fde2c8;--warnedge:#a8480b;--off:#e5e7eb;--offedge:#6b7280}
@media(prefers-color-scheme:dark){svg{--paper:#15181d;--ink:#e8eaed;--faint:#9aa3af;--line:#3b424d;--empty:#1e2229;--box:#1f3358;--edge:#8db4f7;--warn:#4b2b12;--warnedge:#f5a66b;--off:#2a2f38;--offedge:#9aa3af}}
text{fill:var(--ink);font:12px system-ui,"Noto Sans JP","Hiragino Sans",sans-serif}
.faint{fill:var(--faint)}.head{font-weight:600;font-size:14px}.paper{fill:var(--paper)}
.empty{fill:var(--empty);stroke:var(--line)}.box{fill:var(--box);stroke:var(--edge)}.warn{fill:var(--warn);stroke:var(--warnedge)}.off{fill:var(--off);stroke:var(--offedge);stroke-dasharray:4 3}
.wire{fill:none;stroke:var(--edge);stroke-width:2}.wire.off{stroke:var(--offedge);stroke-dasharray:6 4}`;

/** A whole picture. `title` and `description` are what a screen reader says. */
export function picture(
  { width, height }: { readonly width: number; readonly height: number },
  { title, description }: { readonly title: string; readonly description: string },
  parts: readonly string[],
): string {
  const [wide, high] = [Math.ceil(width), Math.ceil(height)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${wide} ${high}" width="${wide}" height="${high}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escapeXml(title)}</title>`,
    `<desc id="desc">${escapeXml(description)}</desc>`,
    `<style>${style}</style>`,
    `<rect class="paper" width="${wide}" height="${high}"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}
