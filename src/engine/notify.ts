/** Notifications of executions, as StackStorm's notifier makes them: one trigger instance per route. */
import { Unanswered, type Ask } from "../expressions/context.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { NewEvent } from "../model/events.ts";
import { decide } from "../processes/ask.ts";
import { begunAt, maskedParameters, traced } from "./announcement.ts";
import type { Core } from "./core.ts";
import { renderValues } from "./jinja-values.ts";
import { userIn } from "./launch.ts";
import type { Claim } from "./run.ts";

interface Ended {
  readonly status: string;
  readonly result: unknown;
}

const notifyTrigger = "core.st2.generic.notifytrigger";
const failures: ReadonlySet<string> = new Set(["failed", "timeout", "abandoned"]);

/** What is to be notified: the execution's own sections, else the action's. Tasks of Orquesta workflows notify only where the workflow's parameter
 * `notify` names them; nodes of a chain in `skip_notify` carry empty sections. */
function sectionsOf(core: Core, { action, context }: Claim): JsonObject {
  const own = context["notify"];
  if (isObject(own)) return own;
  if (isObject(context["orquesta"])) return {};
  return core.definitions().content.actions.get(action)?.notify ?? {};
}

/** Whether the end of that execution is told to anybody. */
export function notifies(core: Core, claim: Claim): boolean {
  return Object.keys(sectionsOf(core, claim)).length > 0;
}

/** The sections that a task of an Orquesta workflow gets from it. */
export function inheritedNotify(
  core: Core,
  workflow: Claim,
  task: { readonly taskId: string; readonly action: string },
): JsonObject | undefined {
  const { notify } = workflow.parameters;
  if (!Array.isArray(notify) || !notify.includes(task.taskId)) return undefined;
  const sections = sectionsOf(core, workflow);
  if (Object.keys(sections).length > 0) return sections;
  return core.definitions().content.actions.get(task.action)?.notify;
}

/** The notifications of an end, in StackStorm's order; undefined when a template needs an answer first. */
export function notifyNow(core: Core, claim: Claim, end: Ended): readonly NewEvent[] | undefined {
  try {
    return eventsOf(core, claim, end, core.ask);
  } catch (error) {
    if (error instanceof Unanswered) return undefined;
    throw error;
  }
}

/** The same, with answers. */
export function notifications(core: Core, claim: Claim, end: Ended): Promise<readonly NewEvent[]> {
  return decide(
    (ask) => eventsOf(core, claim, end, ask),
    (question) => core.answer(question, userIn(claim.context)),
  );
}

function eventsOf(core: Core, claim: Claim, end: Ended, ask: Ask): readonly NewEvent[] {
  const sections = sectionsOf(core, claim);
  const wanted: readonly (readonly [unknown, string])[] = [
    [sections["on-complete"], "completed."],
    [end.status === "succeeded" ? sections["on-success"] : undefined, "succeeded."],
    [failures.has(end.status) ? sections["on-failure"] : undefined, "failed."],
  ];
  return wanted.flatMap(([section, suffix]) =>
    isObject(section) ? sectionEvents(core, claim, end, { section, suffix, ask }) : [],
  );
}

interface Part {
  readonly section: JsonObject;
  readonly suffix: string;
  readonly ask: Ask;
}

function sectionEvents(
  core: Core,
  claim: Claim,
  { status, result }: Ended,
  { section, suffix, ask }: Part,
): readonly NewEvent[] {
  const routes = [section["routes"], section["channels"]].find(
    (each) => Array.isArray(each) && each.length > 0,
  );
  if (!Array.isArray(routes)) return [];
  const variables = {
    action_parameters: maskedParameters(core, claim),
    action_context: claim.context,
    action_results: result,
  };
  // A text that cannot be rendered stays as it is written, as in StackStorm.
  const render = (value: unknown): unknown =>
    renderValues(value, { variables, ask }, (template, error) => {
      core.log("warn", "a notification could not be rendered", {
        template,
        reason: error instanceof Error ? error.message : String(error),
      });
      return template;
    });
  const { message, data } = section;
  const payload = {
    message: render(
      typeof message === "string" && message !== "" ? message : `Action ${claim.action} ${suffix}`,
    ),
    data: { ...asObject(render(isObject(data) ? data : {})), result: JSON.stringify(result ?? {}) },
    execution_id: claim.id,
    status,
    start_timestamp: isoTime(begunAt(claim)),
    end_timestamp: isoTime(new Date()),
    action_ref: claim.action,
    runner_ref: claim.runner,
  };
  return routes.map((route: unknown) => ({
    trigger: notifyTrigger,
    payload: { ...payload, channel: route, route },
    source: "engine",
    ...traced(claim),
  }));
}

function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** Microseconds as StackStorm writes them. */
function isoTime(at: Date): string {
  return at.toISOString().replace("Z", "000Z");
}
