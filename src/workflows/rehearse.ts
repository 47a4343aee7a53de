/** Plays a workflow with answers instead of actions, and compares what came of it with what was expected. */
import type { JsonObject } from "../model/json.ts";
import { inspectionCategories, inspectWorkflow } from "./inspect.ts";
import { findDifferences } from "./rehearsal-compare.ts";
import type { Expectations, Rehearsal } from "./rehearsal-format.ts";
import { nameOf, routeMark, Stage, type RehearsalReport } from "./rehearsal-stage.ts";
import { compileWorkflow, type CompiledWorkflow } from "./spec.ts";
import { Faults } from "./spec-faults.ts";

/** Rehearses a parsed definition. Never throws for what the workflow or the rehearsal does wrong: that is in `problems`. */
export async function rehearse(document: unknown, rehearsal: Rehearsal): Promise<RehearsalReport> {
  const names = ["st2", "parent", ...Object.keys(rehearsal.context)];
  const inspection = inspectWorkflow(document, { context: names });
  const { workflow, errors } = compileWorkflow(document);
  const problems = inspectionCategories.flatMap((category) =>
    inspection[category].map(
      ({ spec_path: path, message }) => `${category}: ${path ?? "the workflow"}: ${message}`,
    ),
  );
  if (workflow === undefined || problems.length > 0) {
    const faults = errors.map(({ path, message }) => `${path.join(".")}: ${message}`);
    return notPlayed(problems.length > 0 ? problems : faults);
  }
  const unknown = unknownTasks(workflow, rehearsal);
  if (unknown.length > 0) return notPlayed(unknown);
  const stage = new Stage(workflow, rehearsal);
  await stage.play();
  const report = stage.report();
  const found = [...stage.problems, ...unexpected(report, rehearsal.expect)];
  return { ...report, passed: found.length === 0, problems: found };
}

function notPlayed(problems: readonly string[]): RehearsalReport {
  return {
    passed: false,
    problems,
    status: "null",
    tasks: [],
    routes: [],
    started: [],
    published: [],
    output: null,
    errors: [],
  };
}

function unknownTasks(workflow: CompiledWorkflow, rehearsal: Rehearsal): string[] {
  const { results, events, expect } = rehearsal;
  const names = [...workflow.tasks.keys()];
  const mentions = [
    ...Object.keys(results).map((name) => ["results", name] as const),
    ...Object.keys(expect.inputs ?? {}).map((name) => ["expect.inputs", name] as const),
    ...Object.keys(expect.publishes ?? {}).map((name) => ["expect.publishes", name] as const),
    ...events.flatMap((event) =>
      event.kind === "task" ? [["events", event.task] as const] : [],
    ),
  ];
  const faults = new Faults();
  return mentions
    .map(([where, name]) => [where, name.replace(routeMark, "")] as const)
    .filter(([, name]) => !workflow.tasks.has(name))
    .map(([where, name]) => `${where}: there is no task "${name}".${faults.hint(name, names)}`);
}

function unexpected(report: RehearsalReport, expect: Expectations): string[] {
  const { status, tasks, routes, output, errors } = report;
  const same = (what: keyof Expectations, actual: unknown): string[] =>
    expect[what] === undefined ? [] : findDifferences(what, expect[what], actual);
  return [
    ...findDifferences("status", expect.status, status),
    ...same("tasks", tasks),
    ...same("routes", routes),
    ...perTask("inputs", expect.inputs, (task) =>
      report.started
        .filter((each) => nameOf(each.task, each.route) === task || each.task === task)
        .map(({ input }) => input),
    ),
    ...perTask("publishes", expect.publishes, (task) =>
      report.published.filter((each) => each.task === task).map(({ publish }) => publish),
    ),
    ...same("output", output),
    ...same("errors", errors),
  ];
}

/** A dict stands for a list of one. */
function perTask(
  what: string,
  expected: JsonObject | undefined,
  actualOf: (task: string) => readonly unknown[],
): string[] {
  return Object.entries(expected ?? {}).flatMap(([task, values]) => {
    const actual = actualOf(task);
    return Array.isArray(values)
      ? findDifferences(`${what}.${task}`, values, actual)
      : findDifferences(`${what}.${task}`, values, actual.length < 2 ? actual[0] : actual);
  });
}
