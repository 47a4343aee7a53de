/** Recorded answers of StackStorm about parameters and secrets, against ours. */
import {
  type ParameterRequest,
  renderFinalParameters,
  renderLiveParameters,
} from "../../src/expressions/parameters.ts";
import { badOutput, outputFault } from "../../src/expressions/output-schema.ts";
import { validateSchema } from "../../src/expressions/parameter-schema.ts";
import { PythonError } from "../../src/expressions/python/errors.ts";
import { dumps, toPlain } from "../../src/expressions/python/json.ts";
import { renderValues } from "../../src/expressions/render-values.ts";
import { ProblemList } from "../../src/content/problems.ts";
import { actionShape } from "../../src/content/schemas/definitions.ts";
import { parameterShape } from "../../src/content/schemas/parameters.ts";
import { checkShape } from "../../src/content/shape.ts";
import { parseYaml } from "../../src/content/yaml.ts";
import { isObject, type JsonObject } from "../../src/model/json.ts";
import type { ParameterSchemas } from "../../src/model/definitions.ts";
import { maskedIn, maskedOutput } from "../../src/model/secrets.ts";
import { askFrom, failure } from "../expressions/jinja/recorded.ts";
import { Comparison } from "./comparison.ts";
import { ruleDifferences } from "./rule-differences.ts";
import type { Report } from "./workflow-cases.ts";

type Objects = Record<string, unknown>;
type Answer = readonly ["v" | "err", unknown];
type Line = Readonly<Record<string, unknown>>;

function answer(run: () => unknown): Answer {
  try {
    return ["v", toPlain(run())];
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    return ["err", `${error.type}: ${error.message}`];
  }
}

export interface OwnParameters {
  readonly meta: { readonly kv: Readonly<Record<string, Readonly<Record<string, string>>>> };
  readonly params: {
    readonly runner: ParameterSchemas;
    readonly action_context: Objects;
    readonly cases: readonly (readonly [ParameterSchemas, Objects, Answer])[];
  };
  readonly validate: readonly (readonly [Objects, Objects, Answer])[];
  readonly paramdefs: readonly (readonly [ParameterSchemas, Answer])[];
}

/** Rendered, cast, and divided between runner and action. */
export function checkParameters({ meta, params }: OwnParameters): Report {
  const comparison = new Comparison(ruleDifferences);
  const system = Object.entries(meta.kv["st2kv.system"] ?? {});
  const keys = {
    ...Object.fromEntries(system.map(([name, value]) => [`system.${name}`, value])),
    ...meta.kv["st2kv.user"],
  };
  for (const [actionParameters, given, wanted] of params.cases) {
    const request: ParameterRequest = {
      runnerParameters: params.runner,
      actionParameters,
      given,
      actionContext: params.action_context,
      config: {},
      ask: askFrom(keys),
    };
    const row = {
      test: "params",
      expression: dumps([actionParameters, given]),
      recorded: dumps(wanted),
    };
    comparison.compare(row, toPlain(wanted), () =>
      answer(() => {
        const final = renderFinalParameters({ ...request, given: renderLiveParameters(request) });
        return [final.runner, final.action];
      }),
    );
  }
  return comparison;
}

// Their datastore and configuration are not in the recording; these stand in their place.
const store: Readonly<Record<string, string>> = {
  "system.k6": "v6",
  "system.k7": "v7",
  "system.test_key": "foo",
  "system.actionstr": "foo",
  "system.actionnumber": "1.0",
  "system.runnerint": "555",
};
const config = {
  arrtype_value: ["one 1", "two 2", "three 3"],
  generic_config_param: "So generic",
};
const argumentNames: Readonly<Record<string, readonly string[]>> = {
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

/** What each user's scope holds there; without a user it is the system's. */
function userValue(name: unknown): string {
  if (name === undefined) return "baz";
  return name === "user1" ? "bar" : "";
}

function requestOf({ t, a }: Line, names: readonly string[]): ParameterRequest {
  const [positional, named] = a as [unknown[], Objects | undefined];
  const args = names.map((name, at) => positional[at] ?? named?.[name] ?? {}) as Objects[];
  const [runner = {}, action = {}, given = {}, actionContext = {}, additional = {}] = args;
  return {
    runnerParameters: runner as ParameterSchemas,
    actionParameters: action as ParameterSchemas,
    given,
    actionContext,
    additional,
    config: String(t).endsWith("parameter_value_render_fail") ? {} : config,
    ask: askFrom({ ...store, "stanley:test_key": userValue(actionContext["user"]) }),
  };
}

/** Calls of StackStorm's unit tests. */
export function checkParameterCalls(lines: readonly Line[]): Report {
  const comparison = new Comparison(ruleDifferences);
  for (const line of lines) {
    const kind = String(line["k"]);
    const names = argumentNames[kind];
    if (names === undefined) continue;
    const request = requestOf(line, names);
    const { exc, msg, r, t, a } = line;
    const wanted: Answer = exc === undefined ? ["v", toPlain(r)] : ["err", failure(exc, msg)];
    const row = { test: String(t), expression: dumps(a), recorded: dumps(wanted) };
    comparison.compare(row, wanted, () =>
      answer(() => {
        if (kind === "param.render_live_params") return renderLiveParameters(request);
        const given =
          kind === "param.render_final_params" ? request.given : renderLiveParameters(request);
        const final = renderFinalParameters({ ...request, given });
        return [final.runner, final.action];
      }),
    );
  }
  return comparison;
}

/** Values against schemas, and the words in which one is refused. */
export function checkValidation({ validate }: OwnParameters): Report {
  const comparison = new Comparison(ruleDifferences);
  for (const [properties, instance, wanted] of validate)
    comparison.compare(
      { test: "validate", expression: dumps([properties, instance]), recorded: dumps(wanted) },
      wanted,
      () => {
        const { value, fault } = validateSchema(instance, { type: "object", properties });
        return fault === undefined ? ["v", value] : ["err", `ValidationError: ${fault.text}`];
      },
    );
  return comparison;
}

/** The same of StackStorm's unit tests; of a message the first 300 characters are kept. */
export function checkValidationCalls(lines: readonly Line[]): Report {
  const comparison = new Comparison(ruleDifferences);
  for (const { k, t, a, r, exc, msg } of lines) {
    if (k !== "schema.validate") continue;
    const [instance, schema, , useDefault, allowNull] = a as [
      Objects,
      Objects,
      string,
      boolean,
      boolean,
    ];
    const wanted = exc === undefined ? r : msg;
    comparison.compare(
      { test: String(t), expression: dumps(a), recorded: dumps(wanted) },
      wanted,
      () => {
        const { value, fault } = validateSchema(instance, schema, { useDefault, allowNull });
        return fault === undefined ? value : fault.text.slice(0, String(msg).length);
      },
    );
  }
  return comparison;
}

/** A schema of which only the secrets are told, as StackStorm hands them on: a type, a list of one, or names. */
function secretSchema(told: unknown): JsonObject {
  if (Array.isArray(told)) return { type: "array", items: secretSchema(told[0]) };
  if (!isObject(told)) return { secret: true };
  return { type: "object", properties: mapped(told) };
}

function mapped(told: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(told).map(([name, each]) => [name, secretSchema(each)]));
}

/** Secrets of parameters and of outputs. */
export function checkSecrets(lines: readonly Line[]): Report {
  const comparison = new Comparison(ruleDifferences);
  for (const { k, t, a, r } of lines) {
    const [first, second] = a as [JsonObject, JsonObject];
    const row = { test: String(t), expression: dumps(a), recorded: dumps(r) };
    if (k === "secrets.mask")
      comparison.compare(
        row,
        r,
        () => maskedIn({ all: secretSchema(second) }, { all: first })["all"],
      );
    else if (k === "output_schema.mask")
      comparison.compare(row, r, () =>
        isObject(second) && "output" in second && isObject(first["output_schema"])
          ? { ...second, output: maskedOutput(first["output_schema"], second["output"]) }
          : second,
      );
  }
  return comparison;
}

/** What actions gave back, held to the output schemas of runner and action. */
export function checkOutputs(lines: readonly Line[]): Report {
  const comparison = new Comparison(ruleDifferences);
  for (const { k, t, a, r } of lines) {
    if (k !== "output_schema.validate") continue;
    const [[runner, action, result, status, key]] = a as [
      [Objects, Objects, Objects, string, string],
    ];
    const row = { test: String(t), expression: dumps(a), recorded: dumps(r) };
    comparison.compare(row, r, () => {
      const fault = outputFault({ runner, action, key }, result);
      return fault === undefined ? [result, status] : [badOutput(fault), "failed"];
    });
  }
  return comparison;
}

/** Definitions of parameters: whether they are taken, and what is said of wrong ones. */
export function checkDefinitions({ paramdefs }: OwnParameters): Report {
  const comparison = new Comparison(ruleDifferences);
  for (const [parameters, wanted] of paramdefs) {
    const row = { expression: dumps(parameters), recorded: dumps(wanted) };
    const got = definitionFault(parameters);
    const verdict = got === undefined ? "v" : "err";
    comparison.compare({ test: "whether taken", ...row }, wanted[0], () => verdict);
    comparison.compare({ test: "words about a definition", ...row }, wanted, () =>
      got === undefined ? ["v", parameters] : ["err", got],
    );
  }
  return comparison;
}

/** What the reader of actions says first about those parameters. */
function definitionFault(parameters: ParameterSchemas): string | undefined {
  const action = { name: "a", runner_type: "noop", parameters };
  const source = { file: "a.yaml", pack: "p", yaml: parseYaml(dumps(action), "python") };
  const problems = new ProblemList();
  checkShape(actionShape, toPlain(action), { source, path: [] }, problems);
  for (const [name, schema] of Object.entries(parameters))
    checkShape(parameterShape, toPlain(schema), { source, path: ["parameters", name] }, problems);
  return problems.problems.find(({ severity }) => severity === "error")?.message;
}

/** Values of a mapping whose strings are templates. */
export function checkRenderedValues(lines: readonly Line[]): Report {
  const comparison = new Comparison(ruleDifferences);
  for (const { k, t, a, r } of lines) {
    if (k !== "jinja.render_values") continue;
    const [templates, variables, lenient] = a as [Objects, Objects, boolean];
    const row = { test: String(t), expression: dumps(a), recorded: dumps(r) };
    comparison.compare(row, r, () => renderValues(templates, variables, askFrom({}), { lenient }));
  }
  return comparison;
}
