import { describe, expect, it } from "vitest";

import { Driver } from "./support.ts";

const noop = { action: "core.noop" };

const over = (items: unknown, extra: object = {}) => ({
    vars: [{ xs: [1, 2, 3, 4] }, { ys: ["a", "b"] }],
    output: [{ r: "<% ctx().r %>" }],
    tasks: {
      a: {
        action: "core.echo",
        with: items,
        input: { message: "<% item() %>" },
        next: [{ publish: [{ r: "<% result() %>" }] }],
        ...extra,
      },
    },
  });

const withFailedItem = (reset: boolean) => {
      const driver = new Driver(over("<% ctx().ys %>", { next: [{ when: "<% succeeded() %>", publish: [{ r: "<% result() %>" }] }] })).start();
      driver.finish("one");
      driver.finish("bad", { status: "failed" });
      expect(driver.state.status).toBe("failed");
      driver.send({ kind: "rerun", tasks: [{ taskId: "a", route: 0, reset }] });
      return driver;
    };

describe("items", () => {
  it("run a few at a time, and give their results in order", () => {
    const driver = new Driver(over({ items: "<% ctx().xs %>", concurrency: 2 }, { delay: 3 })).start();
    expect(driver.waiting.map(({ key, delay }) => [key, delay])).toEqual([["a:0:1:0", 3], ["a:0:1:1", 3]]);
    driver.finish("second", { at: 1 });
    expect(driver.waiting.map(({ key, delay }) => [key, delay])).toEqual([["a:0:1:0", 3], ["a:0:1:2", undefined]]);
    driver.drain((run) => `of ${run.item}`);
    expect(driver.finished?.output).toEqual({ r: ["of 0", "second", "of 2", "of 3"] });
  });

  it("have names, also in pairs", () => {
    const pairs = over("x, y in <% zip(ctx(xs), ctx(ys)) %>", { input: { message: "<% item(x) %>-<% item(y) %>" } });
    const messages = new Driver(pairs).start().waiting.map(({ input }) => input?.["message"]);
    expect(messages).toEqual(["1-a", "2-b", "3-None", "4-None"]);
    const single = new Driver(over("x in <% ctx(ys) %>", { input: { message: "<% item(x) %>" } })).start();
    expect(single.waiting.map(({ input }) => input?.["message"])).toEqual(["a", "b"]);
  });

  it.each([
    ["<% 5 %>", undefined, 'TypeError: The value of "<% 5 %>" is not type of list.'],
    ["<% ctx().xs %>", "<% 'a' %>", "TypeError: '<=' not supported between instances of 'str' and 'int'"],
  ])("%s with concurrency %s fail", (items, concurrency, message) => {
    const driver = new Driver(over(concurrency === undefined ? items : { items, concurrency })).start();
    expect(driver.finished?.errors[0]?.message).toBe(message);
  });

  it("stop starting when the workflow is paused, and go on", () => {
    const driver = new Driver(over({ items: "<% ctx().xs %>", concurrency: 1 })).start();
    driver.send({ kind: "pause" });
    driver.finish("r");
    expect([driver.state.status, driver.waiting.length]).toEqual(["paused", 0]);
    driver.send({ kind: "resume" });
    expect(driver.waiting.map(({ item }) => item)).toEqual([1]);
    driver.drain(() => "r");
    expect(driver.finished?.output).toEqual({ r: ["r", "r", "r", "r"] });
  });

  it("that failed run again; the others keep their results unless they are reset", () => {
    const some = withFailedItem(false);
    expect(some.waiting.map(({ key }) => key)).toEqual(["a:0:2:1"]);
    some.drain(() => "two");
    expect(some.finished).toMatchObject({ status: "succeeded", output: { r: ["one", "two"] } });
    expect(withFailedItem(true).waiting.map(({ item }) => item)).toEqual([0, 1]);
  });
});

const document = {
    vars: [{ n: 0 }],
    output: [{ n: "<% ctx().n %>" }],
    tasks: {
      a: { ...noop, next: [{ when: "<% succeeded() %>", publish: [{ n: "<% ctx().n + 1 %>" }], do: "b" }] },
      b: { ...noop, next: [{ when: "<% succeeded() %>", do: "c" }] },
      c: noop,
    },
  };

const failed = () => {
      const driver = new Driver(document).start();
      driver.finish();
      driver.finish("x", { status: "failed" });
      return driver;
    };

const transition = (text: string) =>
    new Driver({
      version: "1.0",
      tasks: { a: { action: "x.y", next: [{ publish: [{ v: text }], do: "b" }] }, b: { action: "x.y" } },
    }).start();

describe("rerun", () => {
  it("starts from what failed, or from the tasks that are named", () => {
    const plain = failed();
    plain.send({ kind: "rerun", tasks: [] });
    expect([plain.state.status, plain.tasks]).toEqual(["running", ["a", "b", "b"]]);
    plain.drain();
    expect(plain.finished).toMatchObject({ status: "succeeded", output: { n: 1 }, errors: [] });
    const named = failed();
    named.send({ kind: "rerun", tasks: [{ taskId: "a", route: 0, reset: false }] });
    expect(named.tasks).toEqual(["a", "b", "a"]);
    const wrong = { kind: "rerun", tasks: [{ taskId: "c", route: 0, reset: false }] } as const;
    expect(() => failed().send(wrong)).toThrow("isn't rerunnable: c|0");
  });

  it("starts from the task whose publish failed, where no task failed", () => {
    const driver = transition("<% ctx().missing %>");
    driver.finish();
    expect(driver.state.status).toBe("failed");
    driver.send({ kind: "rerun", tasks: [] });
    expect([driver.state.status, driver.tasks]).toEqual(["running", ["a", "a"]]);
    driver.finish();
    expect(driver.state.status).toBe("failed");
    expect([...driver.state.errors]).toHaveLength(1);
  });

  it("is refused where there is nothing to begin with, and changes nothing", () => {
    const driver = transition("fine");
    driver.drain();
    expect(() => driver.send({ kind: "rerun", tasks: [] })).toThrow("no task of it failed");
    expect(driver.state.status).toBe("succeeded");
  });
});

describe("a rerun of items that were to start anew", () => {
  it("starts all of them, once", () => {
    const next = [{ do: "c" }];
    const driver = new Driver({
      tasks: {
        a: { ...noop, next },
        b: { ...noop, next },
        c: { action: "core.echo", with: "<% [1, 2] %>", input: { m: "<% item() %>" }, join: 1 },
      },
    }).start();
    const task = { kind: "task", route: 0, result: null } as const;
    driver.send({ ...task, taskId: "a", status: "succeeded" });
    driver.send({ ...task, taskId: "c", item: 0, status: "failed" });
    driver.send({ ...task, taskId: "c", item: 1, status: "failed" });
    expect(driver.state.status).toBe("failed");
    driver.send({ ...task, taskId: "b", status: "succeeded" });
    const before = driver.offered.length;
    driver.send({ kind: "rerun", tasks: [{ taskId: "c", route: 0, reset: false }] });
    expect(driver.offered.slice(before).map(({ key }) => key.split(":").at(-1))).toEqual(["0", "1"]);
    expect(driver.state.status).toBe("running");
    driver.send({ ...task, taskId: "c", item: 0, status: "succeeded" });
    driver.send({ ...task, taskId: "c", item: 1, status: "succeeded" });
    expect(driver.state.status).toBe("succeeded");
  });
});
