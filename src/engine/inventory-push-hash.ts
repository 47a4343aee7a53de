/** The hash under which it is remembered what was written into a service. */
import { createHash } from "node:crypto";
import type { Attribute } from "../inventory/definition.ts";
import { pushText } from "../inventory/echo.ts";

/** SHA-256 in hex; the same for values that are the same for a person. */
export function pushHash(attribute: Attribute | undefined, value: unknown): string {
  return createHash("sha256").update(pushText(attribute, value)).digest("hex");
}
