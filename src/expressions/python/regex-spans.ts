/** Where the groups of a match stand, which Python tells by match.start(n) and match.end(n). */
import { emitRegex, type SubjectTraits } from "./regex-emit.ts";
import { noFlags, type RegexFlags } from "./regex-nodes.ts";
import { RegexParser } from "./regex-parse.ts";
import type { RegexMatch } from "./regex.ts";

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Spans of group 1 and on, in UTF-16 offsets; -1 for a group that took no part. Costs a second match at the place of the first. */
export function groupSpans(
  pattern: string,
  flags: Partial<RegexFlags>,
  subject: string,
  match: RegexMatch,
): readonly Span[] {
  const none = match.groups.map(() => ({ start: -1, end: -1 }));
  if (match.groups.length === 0) return none;
  const parsed = new RegexParser(pattern, { ...noFlags, ...flags }).parse();
  const emitted = emitRegex(parsed, traitsOf(subject));
  const regexp = new RegExp(emitted.source, `${emitted.flags}dy`);
  regexp.lastIndex = match.start;
  const { indices } = regexp.exec(subject) ?? {};
  return none.map((missing, index) => {
    const span = indices?.[index + 1];
    return span === undefined ? missing : { start: span[0], end: span[1] };
  });
}

function traitsOf(subject: string): SubjectTraits {
  const wide = /[\ud800-\udfff]/.test(subject);
  return {
    alphabet: wide ? "full" : /[^\0-\x7f]/.test(subject) ? "bmp" : "ascii",
    newlineAtEnd: subject.endsWith("\n"),
    plainLines: !/[\r\u2028\u2029]/.test(subject),
  };
}
