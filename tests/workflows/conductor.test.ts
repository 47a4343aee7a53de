import { describe, expect, it } from "vitest";

import { Unanswered, type Ask } from "../../src/expressions/context.ts";
import { advance, initialState, snapshot } from "../../src/workflows/conductor.ts";
import { ConductorError } from "../../src/workflows/errors.ts";
import { compiled, Driver, Light, noAnswers } from "./support.ts";

const noop = { action: "core.noop" };
const failedResult = "Execution failed. See result for details.";

const unanswered: Ask = (question) => {
  throw new Unanswered(question);
};

describe("advance", () => {
  it("runs a sequence: inputs, vars, publishes, output", () => {
    const driver = new Driver({
      version: 1,
      input: ["name", { greeting: "<% 'Hello' %>" }],
      vars: [{ both: "{{ ctx().greeting }} you" }],
      output: [{ said: "<% ctx().said %>" }, { again: "<% ctx().said %>!" }],
      tasks: {
        say: {
          action: "core.echo message=<% ctx().greeting %>",
          next: [{ when: "<% succeeded() %>", publish: "said=<% result() %>", do: "shout" }],
        },
        shout: { action: "core.echo", input: { message: "<% ctx().said %>, <% ctx().name %>" } },
      },
    });
    driver.start({ name: "Ada", other: 1 }, { st2: { user: "u" } });
    expect(driver.waiting).toEqual([
      { kind: "run", key: "say:0:1", taskId: "say", route: 0, visit: 1, action: "core.echo", input: { message: "Hello" } },
    ]);
    driver.finish("Hello");
    expect(driver.waiting[0]).toMatchObject({ key: "shout:0:2", input: { message: "Hello, Ada" } });
    driver.finish();
    expect(driver.finished).toEqual({
      kind: "finished",
      status: "succeeded",
      output: { said: "Hello", again: "Hello!" },
      errors: [],
    });
  });

  it("takes given inputs as they are, whatever they look like", () => {
    const driver = new Driver({ input: ["text"], tasks: { a: { ...noop, input: { text: "<% ctx().text %>" } } } });
    driver.start({ text: "<% 1 + 1 %>" });
    expect(driver.waiting[0]?.input).toEqual({ text: "<% 1 + 1 %>" });
  });

  it("fails a workflow whose vars cannot be rendered, with every error", () => {
    const driver = new Driver({
      input: [{ a: "<% ctx().nope.x %>" }],
      vars: [{ b: "<% ctx(gone) %>" }],
      tasks: { a: noop },
    }).start();
    expect(driver.offered).toEqual([]);
    expect(driver.finished).toMatchObject({ status: "failed", output: null });
    expect(driver.finished?.errors).toHaveLength(2);
    expect(() => driver.send({ kind: "pause" })).toThrow(ConductorError);
  });

  it("asks, and decides the same when it is asked again", () => {
    const workflow = compiled({ tasks: { a: { ...noop, input: { key: "<% st2kv('system.k') %>" } } } });
    const start = { kind: "start", input: {}, context: {} } as const;
    const state = initialState();
    const before = snapshot(state);
    expect(() => advance(workflow, state, start, unanswered)).toThrow(Unanswered);
    expect(snapshot(state)).toEqual(before);
    const first = advance(workflow, state, start, () => "v");
    const second = advance(workflow, state, start, () => "v");
    expect(second.effects).toEqual(first.effects);
    expect(first.effects[0]).toMatchObject({ input: { key: "v" } });
  });

  it("passes tasks without an action and empty lists at once", () => {
    const driver = new Driver({
      vars: [{ none: [] }],
      tasks: {
        a: { next: [{ do: "b" }] },
        b: { ...noop, with: "<% ctx().none %>", next: [{ publish: [{ r: "<% result() %>" }], do: "c" }] },
        c: { ...noop, input: { r: "<% ctx().r %>" } },
      },
    }).start();
    expect(driver.waiting.map(({ taskId, input }) => [taskId, input])).toEqual([["c", { r: [] }]]);
  });

  it("refuses what is not there", () => {
    const driver = new Driver({ tasks: { a: { ...noop, next: [{ do: "b" }] }, b: noop } }).start();
    const task = { kind: "task", route: 0, status: "succeeded" } as const;
    expect(() => driver.send({ ...task, taskId: "x" })).toThrow('Task "x" does not exist.');
    expect(() => driver.send({ ...task, taskId: "b" })).toThrow("not staged or has not started yet");
    expect(() => driver.send({ kind: "rerun", tasks: [] })).toThrow("not in a completed state");
    expect(() => driver.send({ kind: "resume" })).toThrow('"workflow_resuming" for workflow in "running"');
  });

  it("ignores a final status that comes twice", () => {
    const driver = new Driver({ tasks: { a: { ...noop, next: [{ do: "b" }] }, b: noop } }).start();
    driver.finish();
    driver.send({ kind: "task", taskId: "a", route: 0, status: "succeeded", result: null });
    expect(driver.tasks).toEqual(["a", "b"]);
  });
});

describe("failure", () => {
  it("of one branch ends the workflow at once; the others still report", () => {
    const driver = new Driver({
      output: [{ x: "<% ctx().x %>" }],
      vars: [{ x: 1 }],
      tasks: { a: noop, b: { ...noop, next: [{ do: "c" }] }, c: noop },
    }).start();
    driver.finish({ why: "broken" }, { status: "failed" });
    expect(driver.finished).toMatchObject({
      status: "failed",
      output: { x: 1 },
      errors: [{ type: "error", message: failedResult, task_id: "a", result: { why: "broken" } }],
    });
    driver.finish();
    expect(driver.tasks).toEqual(["a", "b"]);
  });

  it("is remediated by a transition, and a `fail` command fails after its neighbours ran", () => {
    const driver = new Driver({
      tasks: { a: { ...noop, next: [{ when: "<% failed() %>", do: "clean, fail" }] }, clean: noop },
    }).start();
    driver.finish(null, { status: "failed" });
    expect(driver.state.status).toBe("failed");
    expect(driver.waiting.map(({ taskId }) => taskId)).toEqual(["clean"]);
    driver.finish();
    driver.send({ kind: "rerun", tasks: [] });
    expect(driver.waiting.map(({ taskId }) => taskId)).toEqual(["a"]);
    driver.drain();
    expect(driver.finished?.status).toBe("succeeded");
  });

  it("of an expression says where", () => {
    const driver = new Driver({
      tasks: {
        a: { ...noop, next: [{ when: "<% ctx(no) %>", do: "b" }, { publish: [{ x: "<% ctx(nope) %>" }], do: "c" }] },
        b: noop,
        c: noop,
      },
    }).start();
    driver.finish();
    expect(driver.finished).toMatchObject({
      status: "failed",
      errors: [
        { task_id: "a", route: 0, task_transition_id: "b__t0" },
        { task_id: "a", route: 0, task_transition_id: "c__t0" },
      ],
    });
  });

  it("of a start is reported by the engine", () => {
    const driver = new Driver({ tasks: { a: noop } }).start();
    driver.send({ kind: "fail", message: "InvalidActionReferencedException: no", taskId: "a", route: 0 });
    expect(driver.finished).toMatchObject({
      status: "failed",
      errors: [{ message: "InvalidActionReferencedException: no", task_id: "a", route: 0 }],
    });
  });

  it("of a join that can never be whole", () => {
    const driver = new Driver({
      tasks: {
        a: { ...noop, next: [{ do: "j" }] },
        b: { ...noop, next: [{ when: "<% failed() %>", do: "j" }] },
        j: { ...noop, join: "all" },
      },
    }).start().drain();
    expect(driver.finished).toMatchObject({ status: "failed", errors: [{ task_id: "j", route: 0 }] });
  });
});

const retrying = (retry: object, next: object[] = []) => ({ vars: [{ n: 2 }], tasks: { a: { ...noop, retry, next }, b: noop } });

describe("retry", () => {
  it("tries again after a delay, as often as it may", () => {
    const driver = new Driver(retrying({ count: "<% ctx().n %>", delay: 5 }, [{ when: "<% succeeded() %>", do: "b" }])).start();
    const delays = [0, 1, 2].map(() => driver.finish("no", { status: "failed", at: 0 }).delay);
    expect(delays).toEqual([undefined, 5, 5]);
    expect([driver.state.status, driver.waiting.length]).toEqual(["failed", 0]);
  });

  it("follows its condition, also after success", () => {
    const driver = new Driver({
      tasks: { a: { ...noop, retry: { count: 3, when: "<% result() < 2 %>" }, next: [{ do: "b" }] }, b: noop },
    }).start();
    driver.finish(1);
    expect(driver.waiting[0]).toMatchObject({ key: "a:0:2" });
    driver.finish(2);
    expect(driver.waiting[0]?.taskId).toBe("b");
  });

  it("fails the workflow when its count is no number or its condition breaks", () => {
    const driver = new Driver({ tasks: { a: { ...noop, retry: { count: "<% 'x' %>" } } } }).start();
    expect(driver.finished?.errors).toMatchObject([
      { message: 'ValueError: The retry count for task "a" is not an integer.', task_id: "a" },
    ]);
    expect(driver.offered).toEqual([]);
    const broken = new Driver({ tasks: { a: { ...noop, retry: { count: 1, when: "<% ctx(no) %>" } } } }).start();
    broken.finish();
    expect(broken.finished?.status).toBe("failed");
  });
});

describe("pause, resume, cancel", () => {
  it("lets a task that is tried again when it completed be canceled", () => {
    const when = { count: 9, when: "<% completed() %>" };
    const driver = new Driver({ tasks: { a: { ...noop, retry: when }, b: noop } });
    driver.send({ kind: "start", input: {}, context: {} });
    driver.send({ kind: "cancel" });
    driver.send({ kind: "task", taskId: "a", route: 0, status: "canceled", result: null });
    driver.send({ kind: "task", taskId: "b", route: 0, status: "canceled", result: null });
    expect(driver.state.status).toBe("canceled");
  });

  const chain = { tasks: { a: { ...noop, next: [{ do: "b" }] }, b: noop } };

  it("waits for what runs, tells the children, and goes on", () => {
    const driver = new Driver(chain).start();
    expect(driver.send({ kind: "pause" })).toEqual([
      { kind: "children", request: "pause" },
      { kind: "status", status: "pausing" },
    ]);
    driver.finish();
    expect([driver.state.status, driver.tasks]).toEqual(["paused", ["a"]]);
    driver.send({ kind: "resume" });
    expect(driver.tasks).toEqual(["a", "b"]);
    driver.drain();
    expect(driver.finished?.status).toBe("succeeded");
  });

  it("cancels: nothing starts any more", () => {
    const driver = new Driver(chain).start();
    driver.send({ kind: "cancel" });
    expect(driver.state.status).toBe("canceling");
    driver.finish();
    expect([driver.finished?.status, driver.tasks]).toEqual(["canceled", ["a"]]);
  });

  it("pauses while a task waits for an answer", () => {
    const driver = new Driver(chain).start();
    const task = { kind: "task", taskId: "a", route: 0 } as const;
    driver.send({ ...task, status: "pending" });
    expect(driver.state.status).toBe("paused");
    driver.send({ ...task, status: "succeeded", result: { response: 1 } });
    driver.send({ kind: "resume" });
    expect(driver.tasks).toEqual(["a", "b"]);
  });

  it("follows a sub-workflow that was paused and resumed", () => {
    const driver = new Driver(chain).start();
    const task = { kind: "task", taskId: "a", route: 0 } as const;
    driver.send({ ...task, status: "paused" });
    expect(driver.state.status).toBe("paused");
    driver.send({ ...task, status: "running" });
    expect(driver.state.status).toBe("running");
    driver.finish();
    expect(driver.tasks).toEqual(["a", "b"]);
  });
});

describe("what is kept", () => {
  it("is the same in memory as after the journal was read", () => {
    const driver = new Driver({
      vars: [{ set: "<% set(2, 1) %>" }, { big: "<% pow(2, 60) * 2 %>" }, { dict: "<% dict([[1, set(3)]]) %>" }],
      tasks: { a: { ...noop, input: { set: "<% ctx().set %>", day: "<% datetime(2026, 1, 2) %>" }, next: [{ publish: [{ keys: "<% dict(x => 1).keys() %>" }] }] } },
      output: [{ keys: "<% ctx().keys %>" }, { dict: "<% ctx().dict %>" }, { big: "<% ctx().big %>" }],
    });
    driver.send({ kind: "start", input: {}, context: {} });
    expect(driver.offered[0]?.input).toStrictEqual({ set: [2, 1], day: "2026-01-02T00:00:00+00:00" });
    driver.send({ kind: "task", taskId: "a", route: 0, status: "succeeded", result: null });
    expect(driver.state.output).toStrictEqual({ keys: ["x"], dict: { "1": [3] }, big: 2 ** 61 });
  });
});

describe("functions that look around", () => {
  it("see tasks on the route they came from", () => {
    const questions: unknown[] = [];
    const driver = new Driver(
      {
        tasks: {
          a: { ...noop, next: [{ do: "s" }] },
          b: { ...noop, next: [{ do: "s" }] },
          s: {
            ...noop,
            input: { a: "<% task_status(a) %>", none: "<% task_status(nobody) %>", x: "<% task(a).result %>" },
          },
        },
      },
      (question) => {
        questions.push(question);
        return question.kind === "task" ? { result: `of ${question.taskId}` } : noAnswers(question);
      },
    ).start().drain();
    const inputs = driver.offered.filter(({ taskId }) => taskId === "s");
    expect(inputs.map(({ route, input }) => [route, input])).toEqual([
      [1, { a: "succeeded", none: "null", x: "of a" }],
      [2, { a: "succeeded", none: "null", x: "of a" }],
    ]);
    expect(questions[0]).toEqual({ kind: "task", taskId: "a", route: 0 });
  });
});

describe("large workflows", () => {
  it("of 10,000 tasks, 10,000 items and a join of 1,000 stay in memory and end", { timeout: 60_000 }, () => {
    const size = 10_000;
    const chain = Object.fromEntries(
      Array.from({ length: size }, (_, at) => [`t${at}`, at + 1 < size ? { ...noop, next: [{ do: `t${at + 1}` }] } : noop]),
    );
    expect(new Light({ tasks: chain }).run()).toEqual({ status: "succeeded", steps: size });
    const items = { vars: [{ xs: Array.from({ length: size }, (_, at) => at) }], tasks: { a: { ...noop, with: { items: "<% ctx().xs %>", concurrency: 7 } } } };
    expect(new Light(items).run()).toEqual({ status: "succeeded", steps: size });
    const fan = Array.from({ length: 1000 }, (_, at) => `f${at}`);
    const join = Object.fromEntries(fan.map((name, at) => [name, { ...noop, next: [{ publish: [{ [name]: at }], do: "j" }] }]));
    const parallel = { output: [{ last: "<% ctx().f999 %>" }], tasks: { a: { ...noop, next: [{ do: fan }] }, ...join, j: { ...noop, join: "all" } } };
    expect(new Light(parallel).run()).toEqual({ status: "succeeded", steps: 1002 });
  });
});
