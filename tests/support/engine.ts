/** An engine in this process over a real ledger, with content written in the test. */
import { Breaker } from "../../src/engine/breaker.ts";
import { breakerSettings, loopSettings } from "../../src/rules/breaker.ts";
import { parseYaml } from "../../src/content/yaml.ts";
import { createHash } from "node:crypto";
import { type Core, slots } from "../../src/engine/core.ts";
import { compileContent } from "../../src/engine/definitions.ts";
import { carry, hear, hearBell } from "../../src/engine/hear.ts";
import { idMaker } from "../../src/engine/ids.ts";
import { LedgerClock } from "../../src/engine/ledger-clock.ts";
import { inquirerRunner } from "../../src/engine/inquiry.ts";
import { Unanswered } from "../../src/expressions/context.ts";
import type {
  ActionDefinition,
  Content,
  ParameterSchemas,
  PolicyDefinition,
  RuleDefinition,
  WorkflowSource,
} from "../../src/model/definitions.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Outcome } from "../../src/model/outcome.ts";
import { noopRunner } from "../../src/runners/noop.ts";
import type { RunCall, Runner } from "../../src/runners/runner.ts";
import type { WorkQueue } from "../../src/queue/queue.ts";
import { openBells } from "../../src/store/bells.ts";
import { openDatabase, type Database } from "../../src/store/database.ts";
import { CommitPump } from "../../src/store/pump.ts";

const source = { file: "test.yaml", line: 1, column: 1 };

export interface TestContent {
  readonly actions?: Readonly<
    Record<
      string,
      {
        runner: string;
        parameters?: ParameterSchemas;
        onWorkerLost?: "rerun" | "abandon";
        notify?: JsonObject;
        checkedOutput?: JsonObject;
        pool?: string;
      }
    >
  >;
  /** Workflow YAML by action ref. */
  readonly workflows?: Readonly<Record<string, string>>;
  readonly rules?: readonly Partial<RuleDefinition>[];
  readonly policies?: readonly Pick<
    PolicyDefinition,
    "name" | "resourceRef" | "policyType" | "parameters"
  >[];
}

function action(
  ref: string,
  runner: string,
  more: Partial<ActionDefinition> = {},
): ActionDefinition {
  const [pack = "", name = ""] = ref.split(".");
  return {
    ref,
    pack,
    name,
    description: "",
    enabled: true,
    runner,
    entryPoint: "",
    entryPath: "",
    parameters: {},
    outputSchema: {},
    checkedOutput: undefined,
    notify: {},
    tags: [],
    onWorkerLost: undefined,
    source,
    ...more,
  };
}

/** Content as if it had been read from disk. */
export function contentOf({
  actions = {},
  workflows = {},
  rules = [],
  policies = [],
}: TestContent): Content {
  const all = new Map<string, ActionDefinition>([["core.noop", action("core.noop", "noop")]]);
  for (const [ref, { runner, ...more }] of Object.entries(actions))
    all.set(ref, action(ref, runner, more));
  const sources = new Map<string, WorkflowSource>();
  for (const [ref, text] of Object.entries(workflows)) {
    const document: unknown = parseYaml(text, "python").value;
    sources.set(ref, {
      action: ref,
      text,
      document,
      hash: createHash("sha256").update(text).digest("hex"),
      source,
    });
    const inputs =
      typeof document === "object" &&
      document !== null &&
      "input" in document &&
      Array.isArray(document.input)
        ? document.input
        : [];
    const names = inputs.map((input: unknown) =>
      typeof input === "string" ? input : Object.keys(input as object)[0],
    ) as string[];
    // What `actions` already says of it counts: an action-chain has its metadata there.
    if (all.has(ref)) continue;
    all.set(
      ref,
      action(ref, "orquesta", { parameters: Object.fromEntries(names.map((name) => [name, {}])) }),
    );
  }
  const made = rules.map((rule, index): [string, RuleDefinition] => {
    const ref = rule.ref ?? `test.rule${index}`;
    return [
      ref,
      {
        ref,
        pack: "test",
        name: ref.slice(5),
        description: "",
        enabled: true,
        trigger: { type: "test.event", parameters: {} },
        criteria: {},
        when: undefined,
        action: { ref: "core.noop", parameters: {} },
        type: { ref: "standard", parameters: {} },
        context: {},
        tags: [],
        source,
        ...rule,
      },
    ];
  });
  return {
    packs: new Map(),
    actions: all,
    rules: new Map(made),
    triggerTypes: new Map(),
    triggers: new Map(),
    sensors: new Map(),
    aliases: new Map(),
    policies: new Map(
      policies.map((policy) => {
        const ref = `test.${policy.name}`;
        return [ref, { ...policy, ref, pack: "test", description: "", source, enabled: true }];
      }),
    ),
    workflows: sources,
    declarations: [],
    runnersOff: new Set<string>(),
  };
}

/** A runner whose work is a function of the test. */
export function testRunner(
  run: (call: RunCall) => Promise<Outcome>,
  onWorkerLost: "rerun" | "abandon" = "rerun",
): Runner {
  return {
    name: "test",
    aliases: [],
    description: "",
    parameters: {},
    outputKey: undefined,
    onWorkerLost,
    run,
  };
}

export interface TestEngine {
  readonly core: Core;
  readonly database: Database;
  /** Resolves with the execution once it has that status (default: any final one). */
  ended(id: string, status?: string): Promise<{ status: string; result: unknown }>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

export interface TestEngineOptions {
  readonly content?: TestContent;
  readonly slotCount?: number;
  readonly runners?: readonly Runner[];
  readonly name?: string;
  readonly pools?: readonly string[];
  /** Whether results are held to the output schemas of their actions. */
  readonly validateOutput?: boolean;
  /** False: what it rings for is heard by nobody. */
  readonly hears?: boolean;
  /** Limits for rules that go round, as in the configuration of pack core. */
  readonly loops?: JsonObject;
}

const finals = new Set(["succeeded", "failed", "timeout", "abandoned", "canceled"]);

/** A queue that hears its own rings in this process. */
function localQueue(core: () => Core): WorkQueue {
  return {
    ring: (rings) => {
      for (const ring of rings)
        setTimeout(
          () => void hear(core(), ring).catch(() => undefined),
          ring.name === "run" ? (ring.delayMs ?? 0) : 0,
        );
      return Promise.resolve();
    },
    schedule: () => Promise.resolve(),
    listen: () => Promise.resolve({ close: () => Promise.resolve() }),
    close: () => Promise.resolve(),
  };
}

export function testEngine(
  url: string,
  {
    content = {},
    slotCount = 32,
    runners = [],
    name = "test",
    pools = ["default"],
    validateOutput = false,
    hears = true,
    loops = {},
  }: TestEngineOptions = {},
): TestEngine {
  const database = openDatabase(url);
  const definitions = compileContent(contentOf(content));
  const pump = new CommitPump({ url });
  const all: Runner[] = [
    noopRunner(),
    inquirerRunner,
    ...runners,
    {
      ...testRunner(() => Promise.reject(new Error("conducted"))),
      name: "orquesta",
      outputKey: "output",
      outputSchema: {},
    },
    {
      ...testRunner(() => Promise.reject(new Error("conducted"))),
      name: "action-chain",
      parameters: {
        display_published: { type: "boolean", default: true },
        skip_notify: { type: "array", default: [] },
      },
    },
  ];
  const bells = openBells(url, (bell) => hearBell(core, bell));
  const core: Core = {
    process: `${name}.${process.pid}`,
    database,
    pump,
    bells,
    queue: hears
      ? localQueue(() => core)
      : { ...localQueue(() => core), ring: () => Promise.resolve() },
    runners: new Map(all.map((runner) => [runner.name, runner])),
    slots: slots(slotCount),
    pools,
    poolFor: () => undefined,
    clock: new LedgerClock(),
    running: new Map(),
    conducted: new Map(),
    carry,
    log: (level, sentence, details) =>
      level !== "info"
        ? void process.stderr.write(`${sentence} ${JSON.stringify(details)}\n`)
        : undefined,
    systemUser: "stanley",
    validateOutput,
    breaker: new Breaker({
      core: () => core,
      settings: () => breakerSettings({}),
      loops: () => loopSettings({ loops }),
    }),
    actionTriggers: new Set(["succeeded", "failed", "timeout", "canceled", "abandoned"]),
    apiUrl: "http://127.0.0.1:9101",
    webUrl: "http://127.0.0.1:9101",
    sign: (text) => createHash("sha256").update(text).digest("base64url"),
    definitions: () => definitions,
    seek: () => Promise.resolve(),
    newId: idMaker(),
    ask: (question) => {
      if (question.kind === "now") return new Date().toISOString();
      throw new Unanswered(question);
    },
    answer: (question) => Promise.resolve(question.kind === "random" ? 0.5 : undefined),
  };
  return {
    core,
    database,
    ended: async (id, status) => {
      let row: { status: string; result: unknown } | undefined;
      const tell = (): boolean => process.stderr.write(`${id} is still ${row?.status}\n`);
      const late = setTimeout(tell, 20_000).unref();
      for (;;) {
        row = await database.db
          .selectFrom("execution")
          .select(["status", "result"])
          .where("id", "=", id)
          .executeTakeFirst();
        if (row && (status === undefined ? finals.has(row.status) : row.status === status)) break;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      clearTimeout(late);
      return row;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...core.conducted.values()].map((conducted) => conducted.settled()));
      await pump.close();
      await bells.close();
      await database.close();
    },
  };
}
