/** `/api/v2/rules/test` and `/api/v2/triggerinstances/:id/rehearsal`: what would happen, without doing it. */
import { rehearseEvent, rehearseRule } from "../engine/rehearse-event.ts";
import { AppError } from "../model/errors.ts";
import type { Criterion, RuleDefinition } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { findInstance, type StoredInstance } from "../store/reads.ts";
import { bodyOf } from "./bodies.ts";
import type { Door } from "./door.ts";
import { refusal } from "./query.ts";
import { Routes } from "./routes.ts";
import { maskedIn } from "../model/secrets.ts";

function eventOf({ trigger, parameters, payload }: StoredInstance): {
  readonly trigger: string;
  readonly payload: unknown;
  readonly parameters?: JsonObject;
} {
  return { trigger, payload, ...(isObject(parameters) ? { parameters } : {}) };
}

function objectIn(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function criteriaOf(value: unknown): Readonly<Record<string, Criterion>> {
  const criteria: Record<string, Criterion> = {};
  for (const [key, criterion] of Object.entries(objectIn(value))) {
    const { type, pattern, condition } = objectIn(criterion);
    if (typeof type !== "string") throw refusal(`criteria.${key}: "type" must be an operator`);
    criteria[key] = { type, pattern, ...(typeof condition === "string" ? { condition } : {}) };
  }
  return criteria;
}

/** A rule that is not on the server yet. */
function draftOf(written: JsonObject): RuleDefinition {
  const trigger = objectIn(written["trigger"]);
  const { type } = trigger;
  if (typeof type !== "string") throw refusal('"trigger.type" must name a trigger type');
  const name = typeof written["name"] === "string" ? written["name"] : "draft";
  const pack = typeof written["pack"] === "string" ? written["pack"] : "default";
  const { when } = written;
  return {
    ref: `${pack}.${name}`,
    pack,
    name,
    description: "",
    enabled: written["enabled"] === true,
    trigger: { type, parameters: objectIn(trigger["parameters"]) },
    criteria: criteriaOf(written["criteria"]),
    when: typeof when === "string" ? when : undefined,
    action: { ref: "", parameters: {} },
    type: { ref: "standard", parameters: {} },
    context: {},
    tags: [],
    source: { file: "", line: 1, column: 1 },
  };
}

export function trialRoutes({ core }: Pick<Door, "core">): Routes {
  const routes = new Routes();
  const find = async (id: string): Promise<StoredInstance> => {
    const instance = await findInstance(core.database.db, id);
    if (instance === undefined)
      throw new AppError("NOT_FOUND", [`Unable to identify resource with id "${id}".`]);
    return instance;
  };
  const ruleOf = (wanted: unknown): RuleDefinition => {
    if (isObject(wanted)) return draftOf(wanted);
    const found = core.definitions().content.rules.get(String(wanted));
    if (found === undefined)
      throw new AppError("NOT_FOUND", [`There is no rule "${String(wanted)}".`]);
    return found;
  };
  routes.post("/rules/test", "trigger_view", async (request, response) => {
    const { rule, instance } = bodyOf(request);
    if (typeof instance !== "string")
      throw refusal('"instance" must be the id of a trigger instance');
    response.json(await rehearseRule(core, ruleOf(rule), eventOf(await find(instance))));
  });
  routes.get("/triggerinstances/:id/rehearsal", "trigger_view", async (request, response) => {
    const instance = await find(request.params.id);
    const { content } = core.definitions();
    const rules = await rehearseEvent(core, instance.id, eventOf(instance));
    response.json({
      id: instance.id,
      trigger: instance.trigger,
      rules: rules.map((each) => {
        const action = content.actions.get(each.action);
        const runner = core.runners.get(action?.runner ?? "");
        const schemas = { ...runner?.parameters, ...action?.parameters };
        return { ...each, parameters: maskedIn(schemas, each.parameters) };
      }),
    });
  });
  return routes;
}
