import { createHash } from "node:crypto";

import type { Content } from "../model/definitions.ts";

/** A hash of what content says, hex: equal for equal definitions, wherever in their files they stand and in whatever order they were read. */
export function fingerprint(content: Content): string {
  const hash = createHash("sha256");
  for (const [kind, definitions] of Object.entries(content)) {
    hash.update(`${kind}\n`);
    const lines =
      definitions instanceof Map
        ? [...definitions.entries()].map(([ref, definition]) => stable([ref, definition]))
        : [stable(definitions)];
    for (const line of lines.toSorted()) hash.update(`${line}\n`);
  }
  return hash.digest("hex");
}

/** JSON without the places in files. The order of keys counts: criteria are tried in it. */
function stable(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (key === "source" && typeof inner === "object" && inner !== null && "file" in inner)
      return undefined;
    if (typeof inner === "bigint") return `${inner}n`;
    return inner;
  });
}
