/**
 * Regular expressions of parser files. They run on untrusted mail, so only those are let through that cannot explode: no
 * back-references, no lookaround, no repetition inside a repetition, few unbounded repetitions. They see one line at a time.
 */

const maxLength = 1_000;
const maxUnbounded = 6;
/** Stands for a back-reference in the skeleton of a pattern; a character that no pattern holds. */
const backReference = "\ue000";

/** Stands for a pattern that is refused. */
export const matchesNothing = /$^/u;

export type CheckedPattern = { readonly pattern: RegExp } | { readonly problem: string };

/** Compiles with the flag `u` (and `i`), or says what is wrong with it. */
export function compilePattern(source: string, ignoreCase = false): CheckedPattern {
  if (source.length > maxLength) return { problem: `longer than ${maxLength} characters` };
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, ignoreCase ? "iu" : "u");
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
  const danger = dangerOf(source);
  return danger === undefined ? { pattern } : { problem: danger };
}

/** Why a valid pattern may take too long, or undefined. */
function dangerOf(source: string): string | undefined {
  const bare = source.replace(/\\[\s\S]/g, escapeStandIn).replace(/\[[^\]]*\]/g, "C");
  if (bare.includes(backReference)) return "back-references are not allowed";
  if (/\(\?<?[=!]/.test(bare)) return "lookahead and lookbehind are not allowed";
  const skeleton = bare.replace(/\(\?(?:<[^>]*>|:)/g, "(");
  const unbounded = skeleton.match(/[*+]|\{\d+,\}/g)?.length ?? 0;
  if (unbounded > maxUnbounded) {
    return `more than ${maxUnbounded} unbounded repetitions (*, +, {n,})`;
  }
  return nests(skeleton)
    ? "a repeated group must not contain a repetition, such as (a+)+"
    : undefined;
}

/** Keeps a letter for every escape, so that `\*` is no repetition. */
function escapeStandIn(escape: string): string {
  return /^\\[1-9k]$/.test(escape) ? backReference : "c";
}

function nests(skeleton: string): boolean {
  const open: boolean[] = [];
  for (let at = 0; at < skeleton.length; at += 1) {
    const rest = skeleton.slice(at);
    if (rest.startsWith("(")) open.push(false);
    else if (rest.startsWith(")")) {
      const repeats = open.pop() ?? false;
      const repeated = /^\)(?:[*+]|\{\d*,?\d*\})/.test(rest);
      if (repeats && repeated) return true;
      if ((repeats || repeated) && open.length > 0) open[open.length - 1] = true;
    } else if (/^(?:[*+]|\{\d+,\})/.test(rest) && open.length > 0) open[open.length - 1] = true;
  }
  return false;
}
