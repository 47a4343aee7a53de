import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Question } from "../../src/expressions/context.ts";
import { answerQuestion, decide, decideNow, jsonNumber } from "../../src/processes/ask.ts";
import { evaluatorPool } from "../../src/processes/evaluator-pool.ts";
import { canary, foreignPart, sharedNames } from "./containment.ts";
import { payloads, victim, type Payload } from "./payloads.ts";
import { places, type Place } from "./places.ts";
import { busyMs } from "../support/eventually.ts";

// As all of Raicho's processes run: a regular expression that backtracks too much goes on in V8's linear engine.
setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");
setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Milliseconds of processor for one decision; bounded work takes half a second, several times that while coverage is measured. */
const blocked = 5_000;
/** Milliseconds until an answer on an idle machine: the deadline of a child, and a new child. */
const deadline = 10_000;

process.env["RAICHO_CANARY"] = canary;
const pool = evaluatorPool({ size: 2 });
const answers = new Map<string, unknown>();

beforeAll(() => pool.call({ language: "jsonata", source: "1", input: { root: {}, calls: [] } }));
afterAll(() => pool.close());

async function answer(question: Question): Promise<unknown> {
  const key = JSON.stringify(question, jsonNumber);
  if (!answers.has(key)) {
    answers.set(
      key,
      await answerQuestion(question, {
        pool,
        datastore: () => Promise.resolve("value"),
        decrypt: () => Promise.resolve(undefined),
        task: () => Promise.resolve({ result: 1 }),
        now: () => "2026-11-21T00:00:00+00:00",
        random: () => 0.5,
      }),
    );
  }
  return answers.get(key);
}

interface Trial {
  readonly payload: string;
  readonly place: string;
  /** What went wrong, if anything. */
  readonly fault: string | undefined;
}

/** Runs one payload at one place, with everything checked that must hold. */
async function attempt(payload: Payload, place: Place): Promise<Trial> {
  const variables = victim();
  const before = JSON.stringify(variables);
  const start = performance.now();
  let longest = 0;
  const run = place.prepare(payload, variables);
  let fault: string | undefined;
  try {
    const result = await decide((ask) => {
      const { user, system } = process.threadCpuUsage();
      try {
        return run(ask);
      } finally {
        const after = process.threadCpuUsage();
        longest = Math.max(longest, (after.user + after.system - user - system) / 1_000);
      }
    }, answer);
    fault = foreignPart(result);
  } catch (error) {
    const text = error instanceof Error ? `${error.message} ${error.stack}` : String(error);
    if (!place.allows(error)) fault = `an unexpected ${text}`;
    if (text.includes(canary)) fault = "the environment in an error";
  }
  if (longest > blocked) fault = `blocked for ${longest} ms`;
  if (performance.now() - start > busyMs(deadline)) fault = `took ${performance.now() - start} ms`;
  if (JSON.stringify(variables) !== before) fault = "it changed its variables";
  if (Reflect.get({}, "polluted") !== undefined) fault = "it polluted prototypes";
  return { payload: payload.text.slice(0, 120), place: place.name, fault };
}

/** A machine that is busy with something else makes single trials slow; what is slow by itself is slow each time. */
async function bestOf(payload: Payload, place: Place): Promise<Trial> {
  let trial = await attempt(payload, place);
  for (let again = 0; again < 2 && /^(?:blocked|took) /.test(trial.fault ?? ""); again += 1) {
    trial = await attempt(payload, place);
  }
  return trial;
}

async function attemptAll(place: Place): Promise<readonly Trial[]> {
  const waiting = payloads.filter((payload) => place.takes(payload));
  const trials: Trial[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      trials.push(await bestOf(next, place));
      // Decisions that ask nothing never give the event loop back, which would count against the one that waits.
      await nextTurn();
    }
  };
  await Promise.all([worker(), worker()]);
  return trials;
}

describe("payloads that try to get out, or to stall", () => {
  it("are many, in every language", () => {
    expect(new Set(payloads.map(({ text }) => text)).size).toBe(payloads.length);
    expect(payloads.length).toBeGreaterThanOrEqual(300);
    for (const language of ["yaql", "jinja", "jsonata"]) {
      expect(payloads.filter((each) => each.language === language).length).toBeGreaterThan(100);
    }
  });

  it.each(places.map((place) => [place.name, place] as const))(
    "%s",
    async (_, place) => {
      const names = sharedNames();
      const trials = await attemptAll(place);
      expect(trials.filter(({ fault }) => fault !== undefined)).toEqual([]);
      expect(trials.length).toBeGreaterThan(100);
      expect(sharedNames()).toBe(names);
    },
    300_000,
  );

  it("leave no memory behind", () => {
    const [facade] = places;
    const pass = (): number => {
      for (const payload of payloads) {
        const run = facade.prepare(payload, victim());
        try {
          decideNow(run, known);
        } catch (error) {
          if (!facade.allows(error)) throw error;
        }
      }
      collectGarbage();
      collectGarbage();
      return process.memoryUsage().heapUsed / 1e6;
    };
    const sizes = [pass(), pass(), pass()];
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(10);
  }, 120_000);
});

/** What a child answered before; nothing where none was asked. */
function known(question: Question): unknown {
  return answers.get(JSON.stringify(question, jsonNumber)) ?? { error: "nobody answers" };
}
