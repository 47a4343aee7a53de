/** Parameters of executions: rendering, casts, validation; recorded from StackStorm. */
import { describe, expect, it } from "vitest";
import {
  type ParameterRequest,
  renderFinalParameters,
  renderLiveParameters,
  renderParameters,
} from "../../../src/expressions/parameters.ts";
import {
  mergeParameterSchemas,
  parametersSchema,
  validateSchema,
} from "../../../src/expressions/parameter-schema.ts";
import { PythonError } from "../../../src/expressions/python/errors.ts";
import { toPlain } from "../../../src/expressions/python/json.ts";
import type { ParameterSchemas } from "../../../src/model/definitions.ts";
import { askFrom, failure, isRecorded, readLines, readRecorded } from "./recorded.ts";

type Objects = Record<string, unknown>;
type Answer = ["v" | "err", unknown];

function answer(run: () => unknown): Answer {
  try {
    return ["v", run()];
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    return ["err", `${error.type}: ${error.message}`];
  }
}

interface Own {
  readonly meta: { readonly kv: Record<string, Record<string, string>> };
  readonly params: {
    readonly runner: ParameterSchemas;
    readonly action_context: Objects;
    readonly cases: [ParameterSchemas, Objects, Answer][];
  };
  readonly validate: [Objects, Objects, Answer][];
}

const own = (isRecorded ? readRecorded("stackstorm/own.json") : {}) as Own;
const unit = isRecorded ? readLines("stackstorm/unit.jsonl") : [];

/** What each user's scope holds there; without a user it is the system's. */
function userValue(name: unknown): string {
  if (name === undefined) return "baz";
  return name === "user1" ? "bar" : "";
}

/** Keys of StackStorm's datastore, as questions name them. */
function keys(kv: Record<string, Record<string, string>>): Record<string, string> {
  const system = Object.entries(kv["st2kv.system"] ?? {});
  return {
    ...Object.fromEntries(system.map(([name, value]) => [`system.${name}`, value])),
    ...kv["st2kv.user"],
  };
}

describe.skipIf(!isRecorded)("recorded from StackStorm (skipped without ../shared)", () => {
  it("renders and casts", () => {
    const { runner, action_context: actionContext, cases } = own.params;
    expect(cases.length).toBeGreaterThan(60);
    for (const [actionParameters, given, wanted] of cases) {
      const request: ParameterRequest = {
        runnerParameters: runner,
        actionParameters,
        given,
        actionContext,
        config: {},
        ask: askFrom(keys(own.meta.kv)),
      };
      const got = answer(() => {
        const live = renderLiveParameters(request);
        const final = renderFinalParameters({ ...request, given: live });
        return [final.runner, final.action];
      });
      expect([actionParameters, given, got]).toEqual([actionParameters, given, toPlain(wanted)]);
    }
  });

  // Their datastore and configuration are not in the recording; these stand in their place.
  const system = {
    k6: "v6",
    k7: "v7",
    test_key: "foo",
    actionstr: "foo",
    actionnumber: "1.0",
    runnerint: "555",
  };
  const store = Object.fromEntries(
    Object.entries(system).map(([key, value]) => [`system.${key}`, value]),
  );
  const config = {
    arrtype_value: ["one 1", "two 2", "three 3"],
    generic_config_param: "So generic",
  };
  const argumentNames: Record<string, readonly string[]> = {
    "param.render_live_params": [
      "runner_parameters",
      "action_parameters",
      "params",
      "action_context",
      "additional_contexts",
    ],
    "param.render_final_params": [
      "runner_parameters",
      "action_parameters",
      "params",
      "action_context",
    ],
    "param.get_finalized_params": [
      "runnertype_parameter_info",
      "action_parameter_info",
      "liveaction_parameters",
      "action_context",
    ],
  };

  it("answers its unit tests", () => {
    const rows = unit.filter(({ k }) => String(k) in argumentNames);
    expect(rows.length).toBeGreaterThan(40);
    for (const row of rows) {
      const kind = String(row["k"]);
      const names = argumentNames[kind] ?? [];
      const [positional, named] = row["a"] as [unknown[], Objects | undefined];
      const args = names.map((name, at) => positional[at] ?? named?.[name] ?? {}) as Objects[];
      const [runner = {}, action = {}, given = {}, actionContext = {}, additional = {}] = args;
      const isWithoutConfig = String(row["t"]).endsWith("parameter_value_render_fail");
      const request: ParameterRequest = {
        runnerParameters: runner as ParameterSchemas,
        actionParameters: action as ParameterSchemas,
        given,
        actionContext,
        additional,
        config: isWithoutConfig ? {} : config,
        ask: askFrom({ ...store, "stanley:test_key": userValue(actionContext["user"]) }),
      };
      const got = answer(() => {
        if (kind === "param.render_live_params") return renderLiveParameters(request);
        const live = kind === "param.render_final_params" ? given : renderLiveParameters(request);
        const final = renderFinalParameters({ ...request, given: live });
        return [final.runner, final.action];
      });
      const wanted =
        row["exc"] === undefined
          ? ["v", toPlain(row["r"])]
          : ["err", failure(row["exc"], row["msg"])];
      expect([row["t"], got]).toEqual([row["t"], wanted]);
    }
  });

  it("validates", () => {
    for (const [properties, instance, wanted] of own.validate) {
      const { value, fault } = validateSchema(instance, { type: "object", properties });
      const got = fault === undefined ? ["v", value] : ["err", `ValidationError: ${fault.text}`];
      expect([properties, instance, got]).toEqual([properties, instance, wanted]);
    }
  });

  it("validates as in its unit tests", () => {
    const rows = unit.filter(({ k }) => k === "schema.validate");
    expect(rows.length).toBeGreaterThan(10);
    for (const { a, r, exc, msg } of rows) {
      const [instance, schema, , useDefault, allowNull] = a as [
        Objects,
        Objects,
        string,
        boolean,
        boolean,
      ];
      const { value, fault } = validateSchema(instance, schema, { useDefault, allowNull });
      // The recording keeps the first 300 characters of a message.
      const text = fault?.text.slice(0, typeof msg === "string" ? msg.length : 0);
      expect(exc === undefined ? value : text).toEqual(exc === undefined ? r : msg);
    }
  });
});

describe("parameters", () => {
  const base = {
    runnerParameters: {},
    actionContext: { user: "stanley" },
    config: {},
    ask: askFrom({}),
  };

  it("returns the fault instead of throwing it", () => {
    const { errors, rendered } = renderParameters({
      ...base,
      actionParameters: { a: { type: "string" } },
      given: { a: "{{ nope }}" },
    });
    expect(rendered).toBeUndefined();
    expect(errors).toEqual([
      { original: "ParamException", message: 'Dependency unsatisfied in variable "nope"' },
    ]);
  });

  it("never renders what was rendered", () => {
    const { rendered } = renderParameters({
      ...base,
      actionParameters: { a: { type: "string" }, b: { type: "string", default: "{{ a }}" } },
      given: { a: "{{ trigger.text }}" },
      additional: { trigger: { text: "{{ action_context.user }}{% if true %}x{% endif %}" } },
    });
    const text = "{{ action_context.user }}{% if true %}x{% endif %}";
    expect(rendered?.action).toEqual({ a: text, b: text });
  });

  it("leaves text with a filter that nobody knows as it is", () => {
    const { rendered } = renderParameters({
      ...base,
      actionParameters: { a: { type: "string" } },
      given: { a: "{{ action_context | nope }}" },
    });
    expect(rendered?.action).toEqual({ a: "{{ action_context | nope }}" });
  });

  it("lets an action change only some words of a runner's parameter", () => {
    const merged = mergeParameterSchemas(
      { timeout: { type: "integer", default: 60 } },
      { timeout: { type: "string", default: 5 }, x: { type: "string" } },
    );
    expect(merged).toEqual({ timeout: { type: "integer", default: 5 }, x: { type: "string" } });
  });

  it("refuses parameters that nobody declared", () => {
    const schema = parametersSchema("a", "", { a: { type: "string" } });
    expect(validateSchema({ zzz: 1 }, schema).fault?.message).toBe(
      "Additional properties are not allowed ('zzz' was unexpected)",
    );
  });

  it.each([
    [
      { anyOf: [{ type: "string" }, { type: "integer" }] },
      [],
      "[] is not valid under any of the given schemas",
    ],
    [
      { oneOf: [{ type: "number" }, { type: "integer" }] },
      1,
      "1 is valid under each of {'type': 'integer'}, {'type': 'number'}",
    ],
    [{ not: { type: "string" } }, "x", "'x' should not be valid under {'type': 'string'}"],
    [{ type: "array", uniqueItems: true }, [1, 1], "[1, 1] has non-unique elements"],
    [{ type: "array", items: { type: "integer" } }, [1, "x"], "'x' is not of type 'integer'"],
    [{ type: "array", minItems: 1 }, [], "[] should be non-empty"],
    [{ type: "number", multipleOf: 2 }, 3, "3 is not a multiple of 2"],
    [
      { type: "integer", minimum: 1, exclusiveMinimum: true },
      1,
      "1 is less than or equal to the minimum of 1",
    ],
    [{ enum: ["a", 1] }, true, "True is not one of ['a', 1]"],
    [
      {
        type: "object",
        patternProperties: { "^x": { type: "string" } },
        additionalProperties: false,
      },
      { y: 1 },
      "'y' does not match any of the regexes: '^x'",
    ],
    [{ type: "object", dependencies: { a: ["b"] } }, { a: 1 }, "'b' is a dependency of 'a'"],
    [{ type: "object", maxProperties: 0 }, { a: 1 }, "{'a': 1} is expected to be empty"],
  ])("%j refuses %j", (schema, value, message) => {
    const properties = { p: { required: true, ...schema } };
    const { fault } = validateSchema({ p: value }, { type: "object", properties });
    expect(fault?.message).toBe(message);
  });
});
