/** Which context variables YAQL and Jinja text refers to, found as Orquesta finds them: by pattern, so that broken expressions count too. */
import type { VariableReference } from "./context.ts";

const start = /\bctx\(/g;
const part = /[\][a-zA-Z0-9_'".()]*/y;
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
  let end = 0;
  for (const { index, 0: call } of source.matchAll(start)) {
    if (index < end) continue;
    part.lastIndex = index + call.length;
    const rest = part.exec(source)?.[0] ?? "";
    end = index + call.length + rest.length;
    // A call that is never closed holds none that is: looking further into it would only cost.
    if (rest.includes(")")) found.push(...namesIn(source.slice(index, end), index));
  }
  return found;
}

function namesIn(text: string, at: number): VariableReference[] {
  const found: VariableReference[] = [];
  for (const pattern of names) {
    const named = pattern.exec(text);
    const name = named?.[1];
    if (named === null || name === undefined) continue;
    found.push({ name, offset: at + named.index + named[0].lastIndexOf(name) });
  }
  return found;
}
