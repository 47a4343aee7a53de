/** Text as people mean it: full-width and half-width, upper and lower case are the same word. */

/** ASCII without blanks: most keys and names. */
const plainWord = /^[!-~]*$/;

/** NFKC, lower case, single blanks, trimmed. Stored search text, keys and queries all go through here. */
export function fold(text: string): string {
  if (plainWord.test(text)) return text.toLowerCase();
  return text.normalize("NFKC").toLowerCase().replaceAll(/\s+/g, " ").trim();
}

/** Host names and domains: folded, without the root dot. */
export function foldHost(text: string): string {
  return fold(text).replace(/\.$/, "");
}

/** Nothing before the first Hangul letter is one; most text is asked no further. */
const firstCjk = 0x11_00;
const cjk = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]/u;

/**
 * Every pair of neighbouring Chinese, Japanese or Korean characters of folded text, each once.
 * PostgreSQL's trigrams cannot answer two-character words, and none at all under LC_CTYPE=C; these pairs can.
 */
export function bigrams(folded: string): string[] {
  if (!cjk.test(folded)) return [];
  const pairs = new Set<string>();
  let previous = "";
  for (const character of folded) {
    const current = character.charCodeAt(0) >= firstCjk && cjk.test(character) ? character : "";
    if (previous !== "" && current !== "") pairs.add(previous + current);
    previous = current;
  }
  return [...pairs];
}

/** The words of a search box, folded; quoting keeps blanks: `"web 01" tokyo`. */
export function searchWords(query: string): string[] {
  const words = [...fold(query).matchAll(/"([^"]+)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? "");
  return words.filter((word) => word !== "");
}

/** `%word%` for LIKE, with the word's own wildcards taken literally. */
export function containsPattern(word: string): string {
  return `%${escapeLike(word)}%`;
}

export function escapeLike(word: string): string {
  return word.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`);
}

function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let index = 0; index < left.length; index += 1) {
    const next = [index + 1];
    for (let column = 1; column <= right.length; column += 1) {
      const substitution = (row[column - 1] ?? 0) + (left[index] === right[column - 1] ? 0 : 1);
      next.push(Math.min((row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}

/** The name that was probably meant, or undefined when nothing is close. */
export function nearest(wrong: string, names: Iterable<string>): string | undefined {
  let best: { name: string; distance: number } | undefined;
  const given = fold(wrong).slice(0, 64);
  for (const name of names) {
    const found = distance(given, fold(name));
    if (best === undefined || found < best.distance) best = { name, distance: found };
  }
  const limit = given.length <= 3 ? 1 : Math.max(2, Math.floor(given.length / 3));
  return best !== undefined && best.distance <= limit ? best.name : undefined;
}
