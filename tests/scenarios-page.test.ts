/** Acceptance 1 of the document's requirements: each has a row in docs/scenarios.md and its id in the name of a scenario's test, which the row names. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const reference = "../shared/reference/integrations.md";

/** How many there are of each letter. */
const counts = { A: 7, B: 6, C: 4, D: 4, E: 8, F: 10, G: 6, H: 3, I: 3, J: 4, K: 3 } as const;
const requirements = Object.entries(counts).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
);

/** Ids at the beginning of names of tests; `A4d` is A4. */
function idsIn(file: string): ReadonlySet<string> {
  const names = readFileSync(file, "utf8").matchAll(/["`]((?:[A-K]\d{1,2}d?,? ?)+):/g);
  return new Set([...names].flatMap(([, ids = ""]) => ids.match(/[A-K]\d{1,2}/g) ?? []));
}

/** Files of tests by requirement, as the page names them. */
const rows = new Map(
  [
    ...readFileSync("docs/scenarios.md", "utf8").matchAll(/^\| ([A-K]\d[^|]*)\|[^|]*\|([^|]*)\|/gm),
  ].flatMap(([, ids = "", files = ""]) => {
    const named = [...files.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path);
    return (ids.match(/[A-K]\d{1,2}/g) ?? []).map((id) => [id, named] as const);
  }),
);

/** `scenarios/alerts` and, in the same folder as the one before it, `digest`. */
function filesOf(named: readonly string[]): readonly string[] {
  let folder = "";
  return named.map((path) => {
    folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : folder;
    return `tests/${folder}/${path.slice(path.lastIndexOf("/") + 1)}.test.ts`;
  });
}

test("the page has a row for each requirement, and for nothing else", () => {
  expect([...rows.keys()].toSorted()).toEqual(requirements.toSorted());
});

test.skipIf(!existsSync(reference))("these are the requirements of the document", () => {
  const listed = readFileSync(reference, "utf8").split("\n## 2")[0] ?? "";
  const ids = new Set(listed.match(/\b[A-K]\d{1,2}(?=d?\b)/g));
  // K has no ids there.
  const named = requirements.filter((id) => !id.startsWith("K"));
  expect(named.filter((id) => !ids.has(id))).toEqual([]);
});

test.each(requirements)("%s: the tests that the page names are there, and carry the id", (id) => {
  const files = filesOf(rows.get(id) ?? []);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
  const carrying = files.filter((file) => idsIn(file).has(id));
  expect(carrying.filter((file) => file.startsWith("tests/scenarios/"))).not.toEqual([]);
});

test("no scenario has an id that is none", () => {
  const strange = globSync("tests/scenarios/*.test.ts").flatMap((file) =>
    [...idsIn(file)].filter((id) => !requirements.includes(id)).map((id) => `${file}: ${id}`),
  );
  expect(strange).toEqual([]);
});
