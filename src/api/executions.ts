/** `/executions`: the history. */
import type { Request, Response } from "express";
import { gzipSync } from "node:zlib";
import type { JsonObject } from "../model/json.ts";
import {
  childIds,
  descendantsOf,
  type ListedExecution,
  listExecutions,
  nextExecutions,
} from "../store/execution-list.ts";
import type { ExecutionFilter } from "../store/execution-filter.ts";
import { executionFacets } from "../store/execution-counts.ts";
import { outputOf, type StoredExecution } from "../store/executions.ts";
import type { Door } from "./door.ts";
import { causesOf } from "./execution-cause.ts";
import {
  executionAttributes,
  executionBeside,
  executionMandatory,
  executionView,
  type ViewOptions,
} from "./execution-view.ts";
import { fault } from "./faults.ts";
import { isAdmin, userOf } from "./guard.ts";
import { isWorkflow } from "../model/execution.ts";
import {
  attributes,
  type Attributes,
  countHeaders,
  flag,
  names,
  paging,
  project,
  refusal,
  showsSecrets,
  text,
  wholeNumber,
} from "./query.ts";
import { executionNamed } from "./resources.ts";
import { executionFilter } from "./execution-filter.ts";
import { on, Routes } from "./routes.ts";
import { existing, existingOnce } from "./existing.ts";

export function viewOptions({ core }: Door, request: Request, response: Response): ViewOptions {
  return {
    content: core.definitions().content,
    runners: core.runners,
    showSecrets: showsSecrets(request, response),
    webUrl: core.webUrl,
  };
}

/** One execution with everything. */
export async function fullView(
  door: Door,
  execution: StoredExecution,
  options: ViewOptions,
  response: Response,
): Promise<JsonObject> {
  const { db } = door.core.database;
  const [children, causes] = await Promise.all([
    childIds(db, isWorkflow(execution.runner) ? [execution.id] : []),
    causesOf(db, options.content, [execution], response),
  ]);
  const cause = causes(execution);
  return executionView(execution, { ...options, children: children.get(execution.id), cause });
}

/** Which end comes first, as StackStorm decides it. */
function orderOf(request: Request): "oldest" | "newest" {
  const { timestamp_lt, timestamp_gt, sort_desc, sort_asc, sort } = request.query;
  if (text(timestamp_lt) !== undefined || text(sort_desc) !== undefined) return "newest";
  if (text(timestamp_gt) !== undefined || text(sort_asc) !== undefined) return "oldest";
  return text(sort)?.startsWith("+") === true ? "oldest" : "newest";
}

function showsInstances({ include, exclude }: Attributes): boolean {
  const wished = include?.some((path) => path.startsWith("trigger_instance")) ?? true;
  return wished && !exclude.includes("trigger_instance");
}

/** What is asked for, as far as the caller may see it. */
function visibleFilter(door: Door, request: Request, response: Response): ExecutionFilter {
  const caller = userOf(response);
  const apart = door.signIn.isolation && !isAdmin(caller);
  return { ...executionFilter(request), ...(apart ? { user: caller.name } : {}) };
}

function wantedOf(request: Request): Attributes {
  return attributes(request, { names: executionAttributes, mandatory: executionMandatory });
}

async function shownRows(
  door: Door,
  rows: readonly ListedExecution[],
  request: Request,
  response: Response,
): Promise<readonly JsonObject[]> {
  const { db } = door.core.database;
  const wanted = wantedOf(request);
  const options = viewOptions(door, request, response);
  const workflows = rows.filter(({ runner }) => isWorkflow(runner)).map(({ id }) => id);
  const caused = showsInstances(wanted) ? rows : [];
  const [children, causes] = await Promise.all([
    childIds(db, wanted.include?.includes("children") === false ? [] : workflows),
    causesOf(db, options.content, caused, response),
  ]);
  return rows.map((row) => {
    const cause = causes(row);
    const shown = executionView(row, { ...options, children: children.get(row.id), cause });
    return project(shown, wanted, executionBeside);
  });
}

async function list(door: Door, request: Request, response: Response): Promise<void> {
  const { db } = door.core.database;
  const page = paging(request, 100, response);
  // Refused before anything is looked for.
  wantedOf(request);
  const filter = visibleFilter(door, request, response);
  const { rows, total } = await listExecutions(db, filter, { ...page, order: orderOf(request) });
  countHeaders(response, total, page);
  response.json(await shownRows(door, rows, request, response));
}

/** Rows of a page of `/api/v2/executions`. */
const mostOfPage = 1_000;

/** `/api/v2/executions`: the newest first, page by page; what happens meanwhile moves no row to another page. */
async function pages(door: Door, request: Request, response: Response): Promise<void> {
  const limit = wholeNumber(request, "limit") ?? 100;
  if (limit < 1 || limit > mostOfPage)
    throw refusal(`limit: give a number from 1 to ${mostOfPage}`);
  const after = text(request.query["cursor"]);
  if (after !== undefined && !/^[0-9a-f]{24}$/.test(after))
    throw refusal("cursor: give `next` of the page before");
  wantedOf(request);
  const filter = visibleFilter(door, request, response);
  const rows = await nextExecutions(door.core.database.db, filter, { limit, after });
  const items = await shownRows(door, rows, request, response);
  response.json({ items, next: rows.length === limit ? (rows.at(-1)?.id ?? null) : null });
}

/** The history under `/api/v2`. */
export function executionPageRoutes(door: Door): Routes {
  const router = new Routes();
  router.about({
    summary: "Executions, the newest first",
    query: {
      action: "ref of the action",
      status: "only with this status",
      runner: "only in this runner",
      rule: "ref or name of the rule that started it",
      user: "only in this user's name",
      trigger_type: "ref of the trigger type of the event that started it",
      parent: "id of the workflow, or `null` for what belongs to none",
      timestamp_gt: "requested at or after this time",
      timestamp_lt: "requested at or before this time",
      include_attributes: "only these, with commas between",
      exclude_attributes: "all but these",
      cursor: "`next` of the page before",
      limit: `rows of a page, up to ${mostOfPage}`,
    },
  });
  router.get("/executions", "execution_list", (request, response) =>
    pages(door, request, response),
  );
  router.about({ summary: "One execution" });
  router.get("/executions/:id", on("execution_view", executionNamed(door)), (request, response) =>
    one(door, request.params.id, request, response),
  );
  return router;
}

/** Bytes; StackStorm refuses to be asked for more. */
const mostResult = 14 * 1024 * 1024;

function longestResult(request: Request): number | undefined {
  const most = wholeNumber(request, "max_result_size");
  if (most === undefined) return undefined;
  if (most <= 0) throw refusal("max_result_size must be a positive number");
  if (most > mostResult)
    throw refusal("max_result_size query parameter must be smaller than 14 MB");
  return most;
}

async function one(door: Door, id: string, request: Request, response: Response): Promise<void> {
  const wanted = wantedOf(request);
  const options = {
    ...viewOptions(door, request, response),
    longestResult: longestResult(request),
  };
  const shown = await fullView(door, await existingOnce(door, id, response), options, response);
  response.json(project(shown, wanted, executionBeside));
}

/** The result alone, as a file when asked. */
async function result(door: Door, id: string, request: Request, response: Response): Promise<void> {
  const options = viewOptions(door, request, response);
  const shown = await fullView(door, await existingOnce(door, id, response), options, response);
  const indent = flag(request, "pretty_format") === true ? 4 : undefined;
  const body = JSON.stringify(shown["result"] ?? {}, undefined, indent);
  const compress = flag(request, "compress") === true;
  response.setHeader("Content-Type", compress ? "application/x-gzip" : "text/json");
  if (flag(request, "download") === true)
    response.setHeader(
      "Content-Disposition",
      `attachment; filename=execution_${String(shown["id"])}_result.json${compress ? ".gz" : ""}`,
    );
  response.end(compress ? gzipSync(body) : body);
}

const outputTypes = new Set(["stdout", "stderr", "all"]);

/** Which stream a client wants to read; undefined = all. */
export function outputType(request: Request): string | undefined {
  const type = text(request.query["output_type"]) ?? "all";
  if (!outputTypes.has(type))
    throw refusal(`Invalid output type "${type}": give stdout, stderr or all`);
  return type === "all" ? undefined : type;
}

const facetNames = [
  "action",
  "status",
  "rule",
  "runner",
  "trigger",
  "trigger_type",
  "user",
] as const;

/** What a filter may be set to. */
async function facets(door: Door, request: Request): Promise<JsonObject> {
  const wanted = names(request.query["types"]);
  const found = await executionFacets(door.core.database.db);
  const shown: Record<string, readonly string[]> = {};
  for (const name of facetNames)
    if (wanted.length === 0 || wanted.includes(name))
      shown[name] = found[name === "trigger_type" ? "trigger" : name];
  return shown;
}

/** Everything that only reads. */
export function executionRoutes(door: Door): Routes {
  const { db } = door.core.database;
  const router = new Routes();
  const viewable = on("execution_view", executionNamed(door));
  router.get("/executions", "execution_list", (request, response) => list(door, request, response));
  router.get(
    "/executions/views/filters",
    "execution_views_filters_list",
    async (request, response) => {
      response.json(await facets(door, request));
    },
  );
  router.get("/executions/:id", viewable, (request, response) =>
    one(door, request.params.id, request, response),
  );
  router.get("/executions/:id/children", viewable, async (request, response) => {
    const { id } = await existing(door, request.params.id);
    const children = await descendantsOf(db, id, wholeNumber(request, "depth") ?? -1);
    const options = viewOptions(door, request, response);
    const workflows = children.filter(({ runner }) => isWorkflow(runner));
    const inner = await childIds(
      db,
      workflows.map((child) => child.id),
    );
    response.json(
      children.map((child) => executionView(child, { ...options, children: inner.get(child.id) })),
    );
  });
  router.get("/executions/:id/result", viewable, (request, response) =>
    result(door, request.params.id, request, response),
  );
  router.get("/executions/:id/output", viewable, async (request, response) => {
    const { id } = await existing(door, request.params.id);
    const type = outputType(request);
    const lines = (await outputOf(db, id)).filter(({ stream }) => (type ?? stream) === stream);
    response.type("text/plain").send(lines.map((line) => line.text).join(""));
  });
  router.get("/executions/:id/attribute/:name", viewable, async (request, response) => {
    const { id, name } = request.params;
    const valid = ["result", "trigger_instance", "status"];
    if (!valid.includes(name))
      return fault(
        response,
        400,
        `Invalid attribute "${name}" specified. Valid attributes are: ${valid.join(", ")}`,
      );
    const options = viewOptions(door, request, response);
    const shown = await fullView(door, await existingOnce(door, id, response), options, response);
    return void response.json(shown[name] ?? {});
  });
  return router;
}
