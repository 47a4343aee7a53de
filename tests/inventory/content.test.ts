import { resolve } from "node:path";
import { expect, test } from "vitest";
import { loadContent } from "../../src/content/load.ts";
import { compileTypes, typeFaults } from "../../src/inventory/compile.ts";

test("the packs inventory and inventory_core load without a problem", async () => {
  const operation = { operation: { type: "string", required: true } } as const;
  const { content, problems } = await loadContent({
    directories: { bundled: [resolve("packs")], site: {}, packs: [] },
    runners: new Map([["inventory", operation]]),
    checkDeclarations: typeFaults,
  });
  expect(problems.filter((problem) => JSON.stringify(problem).includes("packs/inventory"))).toEqual(
    [],
  );
  expect([...content.actions.keys()].filter((ref) => ref.startsWith("inventory."))).toHaveLength(
    16,
  );
  expect(compileTypes(content.declarations).types.has("Device")).toBe(true);
});
