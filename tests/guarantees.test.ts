/** docs/guarantees.md names the tests that show each promise: they exist, under these names. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cases } from "./faults/cases.ts";

const page = readFileSync("docs/guarantees.md", "utf8");
const promised = page.slice(page.indexOf("## Promised"), page.indexOf("## Not promised"));
const rows = promised
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .slice(2)
  .map((line) => line.split(" | ").map((cell) => cell.replaceAll(/^\| |\|$/g, "").trim()));

test("all promises P1 to P8 are there", () => {
  for (const number of [1, 2, 3, 4, 5, 6, 7, 8]) expect(promised).toContain(`**P${number}**`);
});

test.each(rows.map(([promise = "", , shown = ""]) => [promise, shown] as const))(
  "%s",
  (_promise, shown) => {
    const named = [...shown.matchAll(/`(tests\/[\w./-]+\.test\.ts)` "([^"]+)"/g)];
    const struck = [...shown.matchAll(/faults: ([\w ]+)/g)].map(([, name = ""]) => name.trim());
    expect(named.length + struck.length).toBeGreaterThan(0);
    // Nothing else stands there: a name that is misspelt is no name.
    expect(shown.split(" · ")).toHaveLength(named.length + struck.length);
    for (const [, file = "", title = ""] of named) {
      expect(existsSync(file), file).toBe(true);
      expect(readFileSync(file, "utf8"), `${file} has no test "${title}"`).toContain(`"${title}"`);
    }
    const known = cases.map(({ name }) => name);
    for (const name of struck) expect(known).toContain(name);
  },
);
