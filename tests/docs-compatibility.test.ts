import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compatibilityPage } from "./conformance/compatibility.ts";

/** The formatter may break lines and escape. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

test("docs/compatibility.md is what `npm run conformance -- --write` writes", () => {
  expect(plain(readFileSync("docs/compatibility.md", "utf8"))).toBe(plain(compatibilityPage()));
});
