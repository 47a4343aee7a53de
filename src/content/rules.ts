/** `rules/*.yaml`. A rule whose action or trigger type is unknown stays: its events then leave an enforcement that says so. */
import type { Criterion, RuleDefinition } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";
import { isOperatorName, operators } from "../rules/operators.ts";
import type { JsonObject } from "../model/json.ts";
import { isPool } from "../model/pools.ts";
import { checkValues, hasExpression, isParameterSchemas } from "./check-values.ts";
import { nearest } from "./problems.ts";
import type { ProblemList, SourceFile } from "./problems.ts";
import { flagOf, listOf, objectOf, positionOf, put, shaped, textOf } from "./reading.ts";
import type { PackReading } from "./reading.ts";
import { ruleShape } from "./schemas/definitions.ts";
import { checkCondition, checkTemplates } from "./templates.ts";
import type { Path } from "./yaml.ts";

/** What checks need to know about a trigger type, wherever it comes from. */
export interface KnownTrigger {
  readonly parametersSchema: JsonObject;
}

export function readRule(
  source: SourceFile,
  reading: PackReading,
  builtins: ReadonlyMap<string, KnownTrigger>,
): void {
  const { problems } = reading;
  const document = shaped(source, ruleShape, reading);
  if (document === undefined) return;
  const before = problems.errors;
  const trigger = objectOf(document, "trigger");
  const action = objectOf(document, "action");
  const criteria = readCriteria(source, objectOf(document, "criteria"), problems);
  const when = document["when"];
  if (typeof when === "string") checkCondition(source, ["when"], when, problems);
  checkTemplates(source, ["action", "parameters"], action["parameters"], problems);
  if (problems.errors > before) return;
  const name = textOf(document, "name");
  const type = objectOf(document, "type");
  const rule: RuleDefinition = {
    ref: `${reading.pack}.${name}`,
    pack: reading.pack,
    name,
    description: textOf(document, "description"),
    enabled: reading.overrides.enabled("rules", name, flagOf(document, "enabled", false)),
    trigger: { type: textOf(trigger, "type"), parameters: objectOf(trigger, "parameters") },
    criteria,
    when: typeof when === "string" ? when : undefined,
    action: {
      ref: textOf(action, "ref"),
      parameters: objectOf(action, "parameters"),
      ...(isPool(action["pool"]) ? { pool: action["pool"] } : {}),
    },
    type: {
      ref: type["ref"] === "backstop" ? "backstop" : "standard",
      parameters: objectOf(type, "parameters"),
    },
    context: objectOf(document, "context"),
    tags: listOf(document, "tags"),
    source: positionOf(source),
  };
  put(reading.draft.rules, rule.ref, rule, reading);
  reading.later.push(() => {
    checkTrigger(source, rule, reading, builtins);
    checkAction(source, rule, reading);
  });
}

function readCriteria(
  source: SourceFile,
  criteria: JsonObject,
  problems: ProblemList,
): Record<string, Criterion> {
  const read: Record<string, Criterion> = {};
  for (const [key, value] of Object.entries(criteria)) {
    if (!isObject(value)) continue;
    const path: Path = ["criteria", key];
    checkOperator(source, path, value, problems);
    checkTemplates(source, [...path, "pattern"], value["pattern"], problems);
    const condition = value["condition"];
    read[key] = {
      type: textOf(value, "type"),
      pattern: value["pattern"],
      ...(typeof condition === "string" ? { condition } : {}),
    };
  }
  return read;
}

/** Names of operators are read in small letters; the criteria inside a `search` are checked like those outside. */
function checkOperator(
  source: SourceFile,
  path: Path,
  criterion: JsonObject,
  problems: ProblemList,
): void {
  const type = textOf(criterion, "type");
  // `search` compares nothing itself: it applies the criteria in its pattern to the items of a list.
  const searches = type.toLowerCase() === "search";
  if (!searches && !isOperatorName(type.toLowerCase()))
    problems.error(source, [...path, "type"], `there is no operator "${type}"`, {
      suggestion: nearest(type, [...Object.keys(operators), "search"]),
    });
  const inner = searches ? objectOf(criterion, "pattern") : {};
  for (const [key, value] of Object.entries(inner))
    if (isObject(value)) checkOperator(source, [...path, "pattern", key], value, problems);
}

function checkTrigger(
  source: SourceFile,
  { trigger, ref }: RuleDefinition,
  { draft, problems }: PackReading,
  builtins: ReadonlyMap<string, KnownTrigger>,
): void {
  const known = draft.triggerTypes.get(trigger.type) ?? builtins.get(trigger.type);
  if (known === undefined) {
    problems.error(source, ["trigger", "type"], `there is no trigger type "${trigger.type}"`, {
      suggestion: nearest(trigger.type, [...builtins.keys(), ...draft.triggerTypes.keys()]),
    });
    return;
  }
  // StackStorm checks parameters of its own trigger types only; a pack's schema may be anything.
  const schemas = builtins.has(trigger.type) ? known.parametersSchema["properties"] : undefined;
  if (!isParameterSchemas(schemas)) return;
  const faults = checkValues(
    schemas,
    trigger.parameters,
    { others: "reject", expressions: false },
    ["trigger", "parameters"],
  );
  problems.faults(source, faults);
  // A timer or webhook with wrong parameters can never fire: such a rule does not exist.
  if (faults.length > 0) draft.rules.delete(ref);
}

function checkAction(source: SourceFile, { action }: RuleDefinition, reading: PackReading): void {
  const { draft, problems, runners } = reading;
  if (hasExpression(action.ref)) return;
  const found = draft.actions.get(action.ref);
  if (found === undefined) {
    problems.reference(source, ["action", "ref"], `there is no action "${action.ref}"`, {
      suggestion: nearest(action.ref, draft.actions.keys()),
    });
    return;
  }
  // Without the runner's own parameters nobody can say what is missing or too much.
  const ofRunner = runners?.get(found.runner);
  if (ofRunner === undefined) return;
  const path = ["action", "parameters"];
  const names = new Set([...Object.keys(found.parameters), ...Object.keys(ofRunner)]);
  for (const name of Object.keys(action.parameters).filter((each) => !names.has(each)))
    problems.reference(source, [...path, name], `"${action.ref}" has no parameter "${name}"`, {
      part: "key",
      suggestion: nearest(name, names),
    });
  for (const name of names) {
    const schema = { ...ofRunner[name], ...found.parameters[name] };
    if (
      schema.required === true &&
      schema.default === undefined &&
      !Object.hasOwn(action.parameters, name)
    )
      problems.reference(source, path, `"${action.ref}" needs the parameter "${name}"`);
  }
}
