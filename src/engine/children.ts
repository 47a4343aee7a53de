/** Between a workflow and its children: what their ends mean to it, and what it asks of them. */
import { isWorkflow } from "../model/execution.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { undeliveredChildren } from "../store/executions.ts";
import { openChildren } from "../store/workflows.ts";
import type { WorkflowEvent } from "../workflows/conductor.ts";
import { isStatus } from "../workflows/statuses.ts";
import type { ChildEnd, Core } from "./core.ts";
import { cancel, steer } from "./request.ts";
import { secretsOf } from "./secrets.ts";

/** What a status of the workflow's row asks of its conductor. */
export const wishes: Readonly<Record<string, "cancel" | "pause" | "resume">> = {
  canceling: "cancel",
  pausing: "pause",
  resuming: "resume",
};

/** The end of a child as the conductor takes it in. */
export function eventOf({
  id,
  context,
  status,
  result,
}: {
  id: string;
  context: JsonObject;
  status: string;
  result: unknown;
}): WorkflowEvent | undefined {
  if (!isStatus(status)) return undefined;
  const facts = { kind: "task", status, result: result ?? null, execution: id } as const;
  if (isObject(context["chain"])) {
    const { name, visit } = context["chain"];
    if (typeof name !== "string" || typeof visit !== "number") return undefined;
    return { ...facts, taskId: name, route: 0, visit };
  }
  const orquesta = isObject(context["orquesta"]) ? context["orquesta"] : {};
  const { task_id: taskId, task_route: route, item_id: item } = orquesta;
  if (typeof taskId !== "string" || typeof route !== "number") return undefined;
  return { ...facts, taskId, route, ...(typeof item === "number" ? { item } : {}) };
}

/** Children whose end or rest their workflow has not taken in. */
export async function unheardChildren(core: Core, workflow: string): Promise<readonly ChildEnd[]> {
  const children = await undeliveredChildren(core.database.db, [workflow]);
  return children.map((child) =>
    child.shown === null ? child : { ...child, secrets: secretsOf(core, child) },
  );
}

/** What was taken in of children: a bell and a local delivery may bring the same. */
export class Heard {
  readonly #keys = new Set<string>();

  /** Takes note. A child may rest and go on more than once. */
  isNews(id: string, status: string): boolean {
    const key = `${id} ${status}`;
    if (this.#keys.has(key)) return false;
    for (const other of ["paused", "pending", "running"]) this.#keys.delete(`${id} ${other}`);
    this.#keys.add(key);
    return true;
  }
}

type ChildRequest = "pause" | "resume" | "cancel";

/** Asks all open children, or those that are workflows; one that cannot be told is logged. */
export async function tellChildren(
  core: Core,
  workflow: string,
  wish: ChildRequest,
  only?: "workflows",
): Promise<void> {
  const open = await openChildren(core.database.db, workflow);
  for (const { id, runner } of open.filter(
    (child) => only === undefined || isWorkflow(child.runner),
  ))
    await tellChild(core, { id, runner }, wish).catch((error: unknown) =>
      core.log("warn", `a child could not be told to ${wish}`, {
        execution: id,
        reason: reasonOf(error),
      }),
    );
}

async function tellChild(
  core: Core,
  { id, runner }: { id: string; runner: string },
  wish: ChildRequest,
): Promise<void> {
  // What runs is let to its end: StackStorm's "graceful exit".
  if (wish === "cancel") await cancel(core, id, core.systemUser, { spareRunning: true });
  else if (isWorkflow(runner))
    await steer(core, id, wish === "pause" ? "pausing" : "resuming", core.systemUser);
}

/** For the log: where a surprise came from. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
