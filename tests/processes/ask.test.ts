import { afterAll, describe, expect, test } from "vitest";
import { compileJsonata } from "../../src/expressions/jsonata/compile.ts";
import type { Ask, Question } from "../../src/expressions/context.ts";
import { Unanswered } from "../../src/expressions/context.ts";
import { answerQuestion, decide, decideNow, type Answers } from "../../src/processes/ask.ts";
import { evaluatorPool } from "../../src/processes/evaluator-pool.ts";
import { busyMs } from "../support/eventually.ts";

const key = (name: string): Question => ({ kind: "datastore", name, decrypt: false });

describe("decide", () => {
  test("asks each question once and runs again with the answers", async () => {
    const asked: Question[] = [];
    let runs = 0;
    const value = await decide(
      (ask) => {
        runs += 1;
        return [ask(key("a")), ask(key("b")), ask(key("a"))];
      },
      async (question) => {
        asked.push(question);
        return question.kind === "datastore" ? question.name.toUpperCase() : undefined;
      },
    );
    expect(value).toEqual(["A", "B", "A"]);
    expect(asked).toEqual([key("a"), key("b")]);
    expect(runs).toBe(3);
  });

  test("answers that are undefined count as answers", async () => {
    expect(
      await decide(
        (ask) => ask(key("a")) ?? "none",
        async () => undefined,
      ),
    ).toBe("none");
  });

  test("several known questions are answered in one round", async () => {
    let runs = 0;
    const all = [key("a"), key("b"), key("c")];
    const gather = (ask: Ask): unknown[] => {
      runs += 1;
      const missing: Question[] = [];
      const values = all.map((question) => {
        try {
          return ask(question);
        } catch {
          missing.push(question);
          return undefined;
        }
      });
      const [first, ...others] = missing;
      if (first !== undefined) throw new Unanswered(first, others);
      return values;
    };
    expect(await decide(gather, async () => 1)).toEqual([1, 1, 1]);
    expect(runs).toBe(2);
  });

  test("errors of the decision and of the answers come through", async () => {
    await expect(
      decide(
        () => {
          throw new RangeError("mine");
        },
        async () => 1,
      ),
    ).rejects.toThrow("mine");
    await expect(
      decide(
        (ask) => ask(key("a")),
        async () => Promise.reject(new Error("down")),
      ),
    ).rejects.toThrow("down");
  });

  test("a decision that never stops asking is ended", async () => {
    let n = 0;
    await expect(
      decide(
        (ask) => ask(key(`${n++}`)),
        async () => 1,
      ),
    ).rejects.toThrow("more than 1000 rounds");
  });

  test("nothing to ask: the value at once", () => {
    expect(decideNow(() => 7)).toEqual({ value: 7 });
    expect(decideNow((ask) => ask(key("a")))).toEqual({ questions: [key("a")] });
    expect(
      decideNow(
        (ask) => ask(key("a")),
        () => 3,
      ),
    ).toEqual({ value: 3 });
  });
});

describe("answers", () => {
  const pool = evaluatorPool({ size: 2, deadlineMs: 1000 });
  afterAll(() => pool.close());
  const answers: Answers = {
    pool,
    datastore: async (name, decrypt) => `${name} ${decrypt}`,
    decrypt: async (text) => (text === "cipher" ? "text" : undefined),
    task: async (taskId, route) => ({ taskId, route }),
    now: () => "2026-01-02T03:04:05.000Z",
    random: (n) => n / 10,
  };
  const answer = (question: Question): Promise<unknown> => answerQuestion(question, answers);

  function evaluated(source: string, variables = {}): Promise<unknown> {
    const expression = compileJsonata(source);
    return decide((ask) => expression.evaluate({ variables, ask }), answer);
  }

  const search = (source: string, subject: string): Promise<unknown> =>
    answer({
      kind: "evaluate",
      language: "regex",
      source,
      input: { operation: "search", subject },
    });

  test("the plain ones", async () => {
    expect(await answer({ kind: "datastore", name: "system.a", decrypt: true })).toBe(
      "system.a true",
    );
    expect(await answer({ kind: "task", taskId: "t", route: 1 })).toEqual({
      taskId: "t",
      route: 1,
    });
    expect(await answer({ kind: "now" })).toBe("2026-01-02T03:04:05.000Z");
    expect(await answer({ kind: "random", n: 3 })).toBe(0.3);
  });

  test("JSONata that is not compiled runs in a child", async () => {
    expect(await evaluated("$map(a, function($v) { $v * 2 })", { a: [1, 2] })).toEqual([2, 4]);
    expect(await evaluated("$contains(a, /^web\\d+$/)", { a: "web12" })).toBe(true);
    expect(await evaluated("$now() & $join($map([1], function($v) { '!' }))")).toBe(
      "2026-01-02T03:04:05.000Z!",
    );
    await expect(evaluated("$uppercase(a)", { a: 1 })).rejects.toThrow(
      "does not match function signature",
    );
  });

  test.for([
    "($f := function($x) { $f($x) }; $f(1))",
    "$match(a, /^(a+)+(?=b)$/)",
    "$length($pad('', 50000000, 'x'))",
    "[1..10000000]",
    "$string($map([1..90000], function($v) { 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' }))",
  ])("a runaway expression ends as a failed one: %s", { timeout: 60_000 }, async (source) => {
    const before = performance.now();
    await expect(evaluated(source, { a: `${"a".repeat(40)}!` })).rejects.toThrow(/./);
    expect(performance.now() - before).toBeLessThan(busyMs(4_000));
    expect(await evaluated("$map([1], function($v) { $v })")).toBe(1);
  });

  test("regular expressions run in a child", async () => {
    expect(await search("b(?=c)", "abc")).toMatchObject({ value: { text: "b", start: 1 } });
    expect(await search("(", "abc")).toMatchObject({
      error: expect.stringContaining("unterminated"),
    });
    expect(await search("^(?=(a+)+b)c", "a".repeat(40))).toMatchObject({
      error: expect.stringContaining("DeadlineExceeded"),
    });
  }, 60_000);
});
