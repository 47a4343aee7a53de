/** Parameters of executions: rendering, casts, validation; the recorded answers are held elsewhere (`conformance-rules.test.ts`). */
import { describe, expect, it } from "vitest";
import { renderParameters } from "../../../src/expressions/parameters.ts";
import {
  mergeParameterSchemas,
  parametersSchema,
  validateSchema,
} from "../../../src/expressions/parameter-schema.ts";
import { askFrom } from "./recorded.ts";

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
