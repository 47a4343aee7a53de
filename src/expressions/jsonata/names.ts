/** What a JSONata expression reads, told from its text alone. */
import { parse, rootPaths, walk } from "./parse.ts";

export interface NamesRead {
  /** Plain paths from the root, each as its names: `rack.room.site` → `["rack", "room", "site"]`. */
  readonly paths: readonly (readonly string[])[];
  /** Every field name that stands anywhere in it. */
  readonly names: ReadonlySet<string>;
  /** It asks for the time. */
  readonly timed: boolean;
}

/** Throws ExpressionError when the text is no JSONata. */
export function namesRead(source: string): NamesRead {
  const parsed = parse(source);
  const names = new Set<string>();
  let timed = false;
  walk(parsed, ({ type, value }) => {
    if (type === "name" && typeof value === "string") names.add(value);
    if (type === "variable" && (value === "now" || value === "millis")) timed = true;
  });
  return { paths: rootPaths(parsed).map((path) => path.names), names, timed };
}
