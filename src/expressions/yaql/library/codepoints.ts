/** Python counts code points where JavaScript counts UTF-16 units; these agree for text without surrogates, which is nearly all of it. */
const surrogate = /[\ud800-\udfff]/;

/** The characters of a text as Python sees them. */
export function characters(text: string): readonly string[] {
  return surrogate.test(text) ? Array.from(text) : text.split("");
}

export function lengthOf(text: string): number {
  return surrogate.test(text) ? Array.from(text).length : text.length;
}

/** text[start:end], negative positions counted from the end. */
export function sliced(text: string, start: number, end: number): string {
  return surrogate.test(text)
    ? Array.from(text).slice(start, end).join("")
    : text.slice(start, end);
}

/** text.find(part, start, end) or rfind; -1 when it is not there. */
export function found(
  text: string,
  part: string,
  range: { readonly start: number; readonly end?: number },
  last = false,
): number {
  const length = lengthOf(text);
  const start = fromStart(range.start, length);
  const end = Math.min(fromStart(range.end ?? length, length), length);
  if (start > length || end < start) return -1;
  const window = sliced(text, start, end);
  const index = last ? window.lastIndexOf(part) : window.indexOf(part);
  return index < 0 ? -1 : start + lengthOf(window.slice(0, index));
}

function fromStart(position: number, length: number): number {
  return position < 0 ? Math.max(0, position + length) : position;
}
