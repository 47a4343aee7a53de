/** Kinds of characters as Python tells them. */

/** White space of str: other than JavaScript without U+FEFF, with U+0085 and the separators U+001C to U+001F. */
export function isSpace(char: string): boolean {
  const code = char.charCodeAt(0);
  if (code >= 28 && code <= 31) return true;
  return code !== 0xfeff && /[\s\u0085]/.test(char);
}

export function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 127) return false;
  return true;
}
