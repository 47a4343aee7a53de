/** All names an expression tree or body mentions. */
export function mentions(node: unknown, found: Set<string> = new Set()): ReadonlySet<string> {
  if (Array.isArray(node)) for (const part of node) mentions(part, found);
  else if (typeof node === "object" && node !== null) {
    if ("kind" in node && "name" in node && typeof node.name === "string") found.add(node.name);
    for (const [key, part] of Object.entries(node))
      if (key !== "value" || typeof part === "object") mentions(part, found);
  }
  return found;
}
