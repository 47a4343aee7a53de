/** `/rules`, their views, their types, and what they made of events. */
import type { Request, Response } from "express";
import { AppError } from "../model/errors.ts";
import type { RuleDefinition } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { findExecution } from "../store/executions.ts";
import {
  findEnforcement,
  findInstance,
  listEnforcements,
  type StoredEnforcement,
} from "../store/reads.ts";
import { ruleView } from "./action-view.ts";
import type { Door } from "./door.ts";
import { executionView } from "./execution-view.ts";
import { viewOptions } from "./executions.ts";
import { idFor } from "./ids.ts";
import { enforcementView, ruleById, seenInstanceView } from "./instance-view.ts";
import { definitionRoutes } from "./definition-routes.ts";
import { answerList, oneOf } from "./lists.ts";
import { ruleWriting } from "./rule-writing.ts";
import { attributes, countHeaders, flag, paging, project, text, time } from "./query.ts";
import { amongRows, enforcementNamed } from "./resources.ts";
import { on, Routes } from "./routes.ts";
import { triggerTypeOf } from "./trigger-view.ts";

const ruleTypes = [
  ["standard", "standard rule that is always applicable."],
  ["backstop", "Rule that applies when no other rule has matched for a specific Trigger."],
].map(([name = "", description]): JsonObject => ({
  id: idFor(`rule_type:${name}`),
  name,
  description,
  enabled: true,
  parameters: {},
}));

const listed = {
  names: ["id", "uid", "ref", "pack", "name", "enabled", "action", "trigger", "criteria"],
  filters: ["pack", "name"],
} as const;

function wantedRules(door: Door, request: Request): readonly RuleDefinition[] {
  const enabled = flag(request, "enabled");
  const action = text(request.query["action"]);
  const trigger = text(request.query["trigger"]);
  return [...door.core.definitions().content.rules.values()]
    .filter(
      (rule) =>
        (enabled === undefined || rule.enabled === enabled) &&
        (action === undefined || rule.action.ref === action) &&
        (trigger === undefined || rule.trigger.type === trigger),
    )
    .toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
}

/** With the descriptions that a table of rules shows. */
function described(door: Door, rule: RuleDefinition): JsonObject {
  const { content } = door.core.definitions();
  const view = ruleView(content, rule);
  return {
    ...view,
    action: {
      ...rule.action,
      description: content.actions.get(rule.action.ref)?.description ?? "",
    },
    trigger: {
      ...(isObject(view["trigger"]) ? view["trigger"] : {}),
      description: triggerTypeOf(content, rule.trigger.type)?.["description"] ?? "",
    },
  };
}

export function ruleRoutes(door: Door): Routes {
  const { core } = door;
  const router = new Routes();
  const view = (rule: RuleDefinition): JsonObject => ruleView(core.definitions().content, rule);
  const everyRule = (): readonly RuleDefinition[] => [...core.definitions().content.rules.values()];
  router.get("/rules/views", "rule_list", (request, response) =>
    answerList(
      request,
      response,
      wantedRules(door, request).map((rule) => described(door, rule)),
      listed,
    ),
  );
  router.get(
    "/rules/views/:ref",
    on(
      "rule_view",
      amongRows(() => everyRule().map(view)),
    ),
    (request, response) => {
      response.json(
        oneOf(
          everyRule().map((rule) => described(door, rule)),
          request.params.ref,
        ),
      );
    },
  );
  router.get("/rules", "rule_list", (request, response) =>
    answerList(request, response, wantedRules(door, request).map(view), listed),
  );
  definitionRoutes(door, router, "/rules", {
    ...listed,
    writing: ruleWriting(door),
    resource: "rule",
    rows: () => everyRule().map(view),
  });
  router.get("/ruletypes", "signed in", (_request, response) => void response.json(ruleTypes));
  router.get("/ruletypes/:id", "signed in", (request, response) => {
    response.json(oneOf(ruleTypes, request.params.id, "name or id"));
  });
  enforcementRoutes(door, router);
  return router;
}

const enforcementNames: ReadonlySet<string> = new Set([
  "id",
  "uid",
  "trigger_instance_id",
  "trigger_instance",
  "execution_id",
  "execution",
  "failure_reason",
  "rule",
  "enforced_at",
  "status",
]);

async function withParts(
  door: Door,
  enforcement: StoredEnforcement,
  request: Request,
  response: Response,
): Promise<JsonObject> {
  const { db } = door.core.database;
  const { execution_id, trigger_instance_id } = enforcement;
  const execution = execution_id === null ? undefined : await findExecution(db, execution_id);
  const instance = await findInstance(db, trigger_instance_id);
  const seen = instance === undefined ? undefined : await seenInstanceView(response, instance);
  return {
    ...enforcementView(enforcement),
    trigger_instance: seen ?? {},
    execution:
      execution === undefined ? {} : executionView(execution, viewOptions(door, request, response)),
  };
}

function enforcementRoutes(door: Door, router: Routes): void {
  const { db } = door.core.database;
  const list = async (request: Request, response: Response, full: boolean): Promise<void> => {
    const page = paging(request, 50, response);
    const wanted = attributes(request, { names: enforcementNames });
    const { rule_ref, rule_id, trigger_instance, execution } = request.query;
    const id = text(rule_id);
    const since = text(request.query["enforced_at_gt"]);
    const until = text(request.query["enforced_at_lt"]);
    const { rows, total } = await listEnforcements(
      db,
      {
        rule: text(rule_ref) ?? (id && (ruleById(door.core.definitions().content, id) ?? id)),
        instance: text(trigger_instance),
        execution: text(execution),
        since: since === undefined ? undefined : time(since),
        until: until === undefined ? undefined : time(until),
      },
      page,
    );
    countHeaders(response, total, page);
    const shown = full
      ? await Promise.all(rows.map((row) => withParts(door, row, request, response)))
      : rows.map(enforcementView);
    response.json(shown.map((row) => project(row, wanted)));
  };
  const find = async (id: string): Promise<StoredEnforcement> => {
    const found = await findEnforcement(db, id);
    if (found === undefined)
      throw new AppError("NOT_FOUND", [`Unable to identify resource with id "${id}".`]);
    return found;
  };
  const viewable = on("rule_enforcement_view", enforcementNamed(door));
  router.get("/ruleenforcements", "rule_enforcement_list", (request, response) =>
    list(request, response, false),
  );
  router.get("/ruleenforcements/views", "rule_enforcement_list", (request, response) =>
    list(request, response, true),
  );
  router.get("/ruleenforcements/views/:id", viewable, async (request, response) => {
    response.json(await withParts(door, await find(request.params.id), request, response));
  });
  router.get("/ruleenforcements/:id", viewable, async (request, response) => {
    response.json(enforcementView(await find(request.params.id)));
  });
}
