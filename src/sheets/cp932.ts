/** CP932, the Shift_JIS of Windows, for programs that read nothing else. The table is that of the decoder, turned round. */

/** Characters that Unix and macOS write, for which Windows has a code of another character that looks the same. */
const lookalikes: readonly (readonly [string, string])[] = [
  ["\u301C", "\uFF5E"],
  ["\u2212", "\uFF0D"],
  ["\u2014", "\u2015"],
  ["\u2016", "\u2225"],
];

let table: ReadonlyMap<string, readonly number[]> | undefined;

const isLead = (lead: number): boolean => lead < 0xa0 || lead >= 0xe0;
const isChosen = (lead: number): boolean => lead === 0xed || lead === 0xee;

/** Of two codes of one character Windows writes the first; those that NEC chose from IBM's come last. */
function* codes(): Generator<readonly number[]> {
  for (let byte = 0; byte < 0x80; byte += 1) yield [byte];
  for (let byte = 0xa1; byte < 0xe0; byte += 1) yield [byte];
  const leads = Array.from({ length: 0x7c }, (_, index) => 0x81 + index);
  const first = leads.filter((lead) => isLead(lead) && !isChosen(lead));
  for (const lead of [...first, ...leads.filter(isChosen)])
    for (let trail = 0x40; trail < 0xfd; trail += 1) if (trail !== 0x7f) yield [lead, trail];
}

function tableOf(): ReadonlyMap<string, readonly number[]> {
  if (table !== undefined) return table;
  const decoder = new TextDecoder("shift_jis");
  const made = new Map<string, readonly number[]>();
  for (const bytes of codes()) {
    const text = decoder.decode(Uint8Array.from(bytes));
    // What has no meaning becomes a replacement, or a letter of its own behind one.
    if (
      Array.from(text).length === 1 &&
      text !== "\uFFFD" &&
      !/\p{Co}/u.test(text) &&
      !made.has(text)
    )
      made.set(text, bytes);
  }
  for (const [from, to] of lookalikes) {
    const bytes = made.get(to);
    if (bytes !== undefined) made.set(from, bytes);
  }
  table = made;
  return made;
}

/** The first character that CP932 lacks; undefined when it has all. */
export function lackingInCp932(text: string): string | undefined {
  const known = tableOf();
  for (const character of text) if (!known.has(character)) return character;
  return undefined;
}

/** The text in CP932; what it lacks becomes a question mark. */
export function toCp932(text: string): Buffer {
  const known = tableOf();
  return Buffer.from(Array.from(text).flatMap((character) => known.get(character) ?? [0x3f]));
}
