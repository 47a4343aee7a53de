/** Python's re.escape. */
const special = /[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g;

export function escapeRegex(text: string): string {
  return text.replaceAll(special, (character) => `\\${character}`);
}
