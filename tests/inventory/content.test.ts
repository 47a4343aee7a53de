import { resolve } from "node:path";
import { expect, test } from "vitest";
import { loadContent } from "../../src/content/load.ts";
import type { Inventory } from "../../src/engine/inventory.ts";
import { inventoryRunner } from "../../src/engine/inventory-runner.ts";
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
  const { operation: known } = inventoryRunner(() => Promise.resolve({} as Inventory)).parameters;
  const actions = [...content.actions.values()].filter(({ pack }) => pack === "inventory");
  // Each operation of the runner is an action, and each action is one of its operations.
  expect(new Set(actions.map(({ parameters }) => parameters["operation"]?.default))).toEqual(
    new Set(known?.enum),
  );
  expect(compileTypes(content.declarations).types.has("Device")).toBe(true);
});
