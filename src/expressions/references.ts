/** Which context variables YAQL and Jinja text refers to, found as Orquesta finds them: by pattern, so that broken expressions count too. */
import type { VariableReference } from "./context.ts";

const reference = /\bctx\(['"]?[\][a-zA-Z0-9_'".()]*['"]?\)\.?[\][a-zA-Z0-9_'".()]*/g;
const names = [
  /(?<=\bctx\(\)\.)([a-zA-Z0-9_-]+)\b(?!\()\.?/,
  /\bctx\(([a-zA-Z0-9_-]+)\)/,
  /\bctx\('([a-zA-Z0-9_-]+)'\)/,
  /\bctx\("([a-zA-Z0-9_-]+)"\)/,
] as const;

/** The names read by `ctx().name`, `ctx(name)`, `ctx('name')` in one expression, each with its offset, in order of appearance. */
export function contextReferences(source: string): readonly VariableReference[] {
  const found: VariableReference[] = [];
  if (!source.includes("ctx(")) return found;
  for (const match of source.matchAll(reference)) {
    for (const pattern of names) {
      const named = pattern.exec(match[0]);
      const name = named?.[1];
      if (named === null || name === undefined) continue;
      found.push({ name, offset: match.index + named.index + named[0].lastIndexOf(name) });
    }
  }
  return found;
}
