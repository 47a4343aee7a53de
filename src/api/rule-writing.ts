/** What a body must hold to become a rule, as StackStorm checks it. */
import { isObject, type JsonObject } from "../model/json.ts";
import { objectIn } from "./bodies.ts";
import { plainDocument, type Writing } from "./definition-routes.ts";
import { assertFits, ruleSchema } from "./definition-schemas.ts";
import type { Door } from "./door.ts";
import { userOf } from "./guard.ts";
import { refusal } from "./query.ts";
import { triggerTypeOf } from "./trigger-view.ts";

const criterion = {
  type: "object",
  properties: {
    type: { type: "string", required: true },
    pattern: { required: true },
    condition: { type: "string" },
  },
};

const weekdays: ReadonlySet<string> = new Set(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);

/** StackStorm reads the days of a week when the rule is written: one that is misspelt would never fire. */
function assertWeekdays(days: unknown): void {
  const named = typeof days === "string" ? days.toLowerCase().split(",") : [];
  const words = named.flatMap((part) => /^([a-z]+)(?:-([a-z]+))?/.exec(part.trim())?.slice(1));
  const odd = words.find((word) => word !== undefined && !weekdays.has(word));
  if (odd !== undefined) throw refusal(`Invalid weekday name "${odd}"`);
}

/** The trigger's own words, not what views add to them. */
function triggerOf({ core }: Door, body: JsonObject): JsonObject {
  const { type, parameters = {} } = objectIn(body, "trigger");
  const known = triggerTypeOf(core.definitions().content, String(type));
  if (known === undefined)
    throw refusal(
      `Trigger "${String(type)}" defined in the rule does not exist in system or it's missing required "parameters" attribute`,
    );
  if (String(type).startsWith("core.")) {
    const schema = known["parameters_schema"];
    if (isObject(parameters) && isObject(schema)) assertFits(parameters, schema, "whole");
  }
  if (type === "core.st2.CronTimer" && isObject(parameters))
    assertWeekdays(parameters["day_of_week"]);
  return { type, parameters };
}

export function ruleWriting(door: Door): Writing {
  return {
    kind: "rule",
    schema: ruleSchema,
    systemPacksStay: false,
    documentOf: (body, response) => {
      for (const each of Object.values(objectIn(body, "criteria")))
        assertFits({ each }, { properties: { each: criterion } });
      const { ref, parameters = {}, pool } = objectIn(body, "action");
      return {
        ...plainDocument(body),
        trigger: triggerOf(door, body),
        action: { ref, parameters, ...(pool === undefined ? {} : { pool }) },
        enabled: body["enabled"] ?? false,
        context: { ...objectIn(body, "context"), user: userOf(response).name },
      };
    },
  };
}
