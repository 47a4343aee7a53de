/** fnmatch.fnmatch of Python on POSIX: case counts, the whole text must match. Linear in the text for every pattern. */

type Part =
  | { readonly kind: "any" }
  | { readonly kind: "star" }
  | { readonly kind: "set"; readonly has: (char: string) => boolean };

function code(char: string): number {
  return char.codePointAt(0) ?? 0;
}

function parseSet(body: string): (char: string) => boolean {
  const negated = body.startsWith("!");
  const chars = Array.from(negated ? body.slice(1) : body);
  const ranges: [string, string][] = [];
  for (let at = 0; at < chars.length; at += 1) {
    const from = chars[at] ?? "";
    const to = chars[at + 2];
    if (chars[at + 1] === "-" && to !== undefined) {
      ranges.push([from, to]);
      at += 2;
    } else ranges.push([from, from]);
  }
  return (char) =>
    ranges.some(([from, to]) => code(char) >= code(from) && code(char) <= code(to)) !== negated;
}

function parse(pattern: string): Part[] {
  const parts: Part[] = [];
  const chars = Array.from(pattern);
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? "";
    if (char === "*") {
      if (parts.at(-1)?.kind !== "star") parts.push({ kind: "star" });
    } else if (char === "?") parts.push({ kind: "any" });
    else {
      const end = char === "[" ? chars.indexOf("]", at + (chars[at + 1] === "!" ? 3 : 2)) : -1;
      if (end === -1) parts.push({ kind: "set", has: (other) => other === char });
      else {
        parts.push({ kind: "set", has: parseSet(chars.slice(at + 1, end).join("")) });
        at = end;
      }
    }
  }
  return parts;
}

function accepts(part: Part | undefined, char: string): boolean {
  return part?.kind === "any" || (part?.kind === "set" && part.has(char));
}

/** True when all of `text` matches the shell pattern (`*`, `?`, `[seq]`, `[!seq]`). */
export function fnmatch(text: string, pattern: string): boolean {
  const parts = parse(pattern);
  const chars = Array.from(text);
  let part = 0;
  let at = 0;
  let star = -1;
  let resume = 0;
  while (at < chars.length) {
    if (parts[part]?.kind === "star") {
      star = part;
      resume = at;
      part += 1;
    } else if (accepts(parts[part], chars[at] ?? "")) {
      part += 1;
      at += 1;
    } else if (star === -1) return false;
    else {
      resume += 1;
      at = resume;
      part = star + 1;
    }
  }
  return parts.slice(part).every(({ kind }) => kind === "star");
}
