import { expect, test } from "vitest";

import { loadTree, packYaml } from "./tree.ts";

const tree = (chain: string) => ({
  "packs/demo/pack.yaml": packYaml,
  "packs/demo/actions/act.yaml": "name: act\nrunner_type: noop\n",
  "packs/demo/actions/chain.yaml":
    "name: chain\nrunner_type: action_chain\nentry_point: chains/c.yml\n",
  "packs/demo/actions/chains/c.yml": chain,
});

test("a chain is loaded with its text, under StackStorm's old runner name, too", async () => {
  const { content, problems } = await loadTree(tree("chain: [{name: a, ref: demo.act}]\n"));
  expect(problems.filter(({ file }) => file.endsWith("c.yml"))).toEqual([]);
  expect(content.actions.get("demo.chain")?.runner).toBe("action-chain");
  expect(content.workflows.has("demo.chain")).toBe(true);
});

test("faults of its structure, its expressions and the actions it calls have their lines", async () => {
  const { problems } = await loadTree(
    tree(
      'chain:\n  - name: a\n    ref: demo.atc\n    on-success: c\n    parameters: {x: "{{ y + }}"}\n  - name: b\n    ref: demo.act\n    on-sucess: a\n',
    ),
  );
  const found = problems
    .filter(({ file }) => file.endsWith("c.yml"))
    .map(({ severity, line, message }) => [severity, line, message]);
  expect(found).toEqual(
    expect.arrayContaining([
      ["error", 3, 'there is no action "demo.atc"'],
      [
        "error",
        4,
        expect.stringContaining(
          'Unable to find node with name "c" referenced in "on-success" in task "a".',
        ),
      ],
      ["error", 5, expect.stringContaining("{{ y + }}")],
      ["warning", 8, expect.stringContaining('Unknown key "on-sucess"')],
    ]),
  );
});
