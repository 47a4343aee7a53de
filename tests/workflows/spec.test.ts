import { describe, expect, it } from "vitest";

import { findCycles } from "../../src/workflows/cycles.ts";
import { inlineParameters } from "../../src/workflows/inline-parameters.ts";
import { compileWorkflow } from "../../src/workflows/spec.ts";
import { compiled } from "./support.ts";

const noop = { action: "core.noop" };

describe("inline parameters", () => {
  it.each([
    ["core.echo message=hello", []],
    ['core.echo message="hello there"', [["message", "hello there"]]],
    ["core.echo message='a \"b\"'", [["message", 'a "b"']]],
    ["a.b x=1 y=-2.5 z=TRUE n=null", [["x", 1], ["y", -2.5], ["z", true], ["n", null]]],
    ["a.b x=<% ctx().a + 1 %> y={{ ctx().b }}", [["x", "<% ctx().a + 1 %>"], ["y", "{{ ctx().b }}"]]],
    ["a.b x=<$ a = 1 $>", [["x", "<$ a = 1 $>"]]],
    ['a.b list=[1, 2] words=["a"]', [["list", '[1, 2] words=["a"]']]],
    ["a.b d='{\"k\": 1}'", [["d", { k: 1 }]]],
  ])("%s", (text, expected) => {
    expect(inlineParameters(text)).toEqual(expected);
  });
});

describe("a definition", () => {
  it.each<[unknown, string, string]>([
    ["text", "", "A workflow is a dict with at least `tasks`."],
    [{ tasks: {} }, "tasks", "Expected a dict of at least one task."],
    [{ task: {}, tasks: { a: noop } }, "task", 'Unknown key "task". Did you mean "tasks"?'],
    [{ version: 2, tasks: { a: noop } }, "version", "Version 2 is not supported; write 1.0."],
    [{ tasks: { fail: noop } }, "tasks.fail", 'The task name "fail" is reserved with special function.'],
    [{ tasks: { a: null } }, "tasks.a", "Expected a dict."],
    [{ tasks: { a: { actoin: "x" } } }, "tasks.a.actoin", 'Unknown key "actoin". Did you mean "action"?'],
    [{ tasks: { a: { ...noop, join: "some" } } }, "tasks.a.join", "Expected `all` or a whole number ≥ 0."],
    [{ tasks: { a: { ...noop, delay: -1 } } }, "tasks.a.delay", "Expected a whole number ≥ 0 or an expression."],
    [{ tasks: { a: { ...noop, input: {} } } }, "tasks.a.input", "Expected a dict of at least one key, or an expression."],
    [{ tasks: { a: { ...noop, with: 3 } } }, "tasks.a.with", "Expected `x in <% … %>`, or a dict of `items` and `concurrency`."],
    [{ tasks: { a: { ...noop, with: {} } } }, "tasks.a.with", "Expected `items`."],
    [{ tasks: { a: { ...noop, retry: 3 } } }, "tasks.a.retry", "Expected a dict of `count`, and maybe `when` and `delay`."],
    [{ tasks: { a: { ...noop, retry: {} } } }, "tasks.a.retry.count", "Expected how often the task is tried again."],
    [{ tasks: { a: { ...noop, next: {} } } }, "tasks.a.next", "Expected a list of transitions."],
    [{ tasks: { a: { ...noop, next: [1] } } }, "tasks.a.next.0", "Expected a dict of `when`, `publish` and `do`."],
    [{ tasks: { a: { ...noop, next: [{ do: 1 }] } } }, "tasks.a.next.0.do", "Expected a task name, a comma list or a list of names."],
    [{ tasks: { one: { ...noop, next: [{ do: "tow" }] }, two: noop } }, "tasks.one.next.0.do", 'The task "tow" is not defined.'],
    [{ vars: "x", tasks: { a: noop } }, "vars", "Expected a list of one-key dicts, as in `- name: value`."],
    [{ vars: [{ a: 1, b: 2 }], tasks: { a: noop } }, "vars.0", "Expected a dict of exactly one key."],
    [{ tasks: { a: { action: 1 } } }, "tasks.a.action", "Expected a string that is not empty."],
  ])("%j is refused", (document, path, message) => {
    const { workflow, errors } = compileWorkflow(document);
    expect(workflow).toBeUndefined();
    expect(errors.map((error) => [error.path.join("."), error.message])).toContainEqual([path, message]);
  });

  it("knows its graph: who starts, joins, routes, cycles, retries", () => {
    const { graph } = compiled({
      version: "1.0",
      tasks: {
        a: { ...noop, next: [{ do: "b, c" }, { when: "<% failed() %>", do: "retry" }] },
        b: { ...noop, next: [{ do: ["d", "e"] }] },
        c: { ...noop, next: [{ do: "d" }, { do: "e" }] },
        d: { ...noop, join: "all", next: [{ do: "d2" }] },
        d2: { ...noop, next: [{ when: "<% false %>", do: "d3" }] },
        d3: { ...noop, next: [{ do: "d2" }] },
        e: { ...noop, next: [{}] },
        island: { ...noop, next: [{ do: "island" }] },
      },
    });
    const node = (name: string) => graph.byName.get(name);
    expect(graph.roots.map(({ name }) => name)).toEqual(["a"]);
    expect(node("island")).toBeUndefined();
    expect(node("a")?.retry?.written).toEqual({ when: "<% failed() %>", count: 3 });
    expect(node("d")).toMatchObject({ barrier: 2, newRoute: false });
    expect(node("e")).toMatchObject({ barrier: undefined, newRoute: true });
    expect(node("d2")?.newRoute).toBe(false);
    expect(node("e")?.transitions.map(({ id }) => id)).toEqual(["continue__t0"]);
    expect(node("c")?.transitions.map(({ id, backref }) => [id, backref])).toEqual([
      ["d__t0", "c__t0"],
      ["e__t0", "c__t0"],
    ]);
  });
});

describe("cycles", () => {
  it("are found without recursion, also in a long chain", () => {
    const length = 50_000;
    const chain = Array.from({ length }, (_, at) => (at + 1 < length ? [at + 1] : []));
    expect(findCycles(chain).size).toBe(0);
    chain[length - 1] = [length - 3];
    expect([...findCycles(chain)].toSorted((a, b) => a - b)).toEqual([length - 3, length - 2, length - 1]);
    expect([...findCycles([[0], [2], []])]).toEqual([0]);
  });
});
