import { Router } from "express";
import type { RuleDefinition } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import {
  findInstance,
  listAlerts,
  listEnforcements,
  listInstances,
  type StoredEnforcement,
  type StoredInstance,
} from "../store/reads.ts";
import type { Door } from "./door.ts";
import { actionView, idFor, isoTime } from "./execution-view.ts";
import { paging } from "./executions.ts";
import { fault } from "./faults.ts";
import { adminOnly } from "./guard.ts";

function ruleView({
  ref,
  pack,
  name,
  description,
  enabled,
  trigger,
  criteria,
  when,
  action,
  type,
  context,
  tags,
}: RuleDefinition): JsonObject {
  return {
    id: idFor(ref),
    uid: `rule:${pack}:${name}`,
    ref,
    pack,
    name,
    description,
    enabled,
    trigger,
    criteria,
    ...(when === undefined ? {} : { when }),
    action,
    type,
    context,
    tags,
  };
}

function instanceView({
  id,
  trigger,
  payload,
  status,
  occurred_at,
  source,
}: StoredInstance): JsonObject {
  return { id, trigger, payload, status, occurrence_time: isoTime(occurred_at), source };
}

function enforcementView({
  id,
  trigger_instance_id,
  rule,
  execution_id,
  status,
  failure_reason,
  enforced_at,
}: StoredEnforcement): JsonObject {
  return {
    id,
    trigger_instance_id,
    rule: { ref: rule, id: idFor(rule), uid: `rule:${rule.replace(".", ":")}` },
    ...(execution_id === null ? {} : { execution_id }),
    status,
    ...(failure_reason === null ? {} : { failure_reason }),
    enforced_at: isoTime(enforced_at),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function definitionRoutes(door: Door, router: Router): void {
  const { core } = door;
  router.get("/actions", (_request, response) => {
    const all = [...core.definitions().content.actions.values()];
    response.setHeader("X-Total-Count", String(all.length)).json(all.map(actionView));
  });
  router.get("/actions/:ref", (request, response) => {
    const { ref } = request.params;
    const action = core.definitions().content.actions.get(ref);
    if (action === undefined)
      return fault(response, 404, `Resource with a reference or id "${ref}" not found`);
    response.json(actionView(action));
  });
  router.get("/rules", (_request, response) => {
    const all = [...core.definitions().content.rules.values()];
    response.setHeader("X-Total-Count", String(all.length)).json(all.map(ruleView));
  });
  router.get("/rules/:ref", (request, response) => {
    const { ref } = request.params;
    const rule = core.definitions().content.rules.get(ref);
    if (rule === undefined)
      return fault(response, 404, `Resource with a reference or id "${ref}" not found`);
    response.json(ruleView(rule));
  });
  router.get("/packs", (_request, response) => {
    const all = [...core.definitions().content.packs.values()];
    response.json(
      all.map(({ ref, name, version, description, author, email, keywords }) => ({
        id: ref,
        uid: `pack:${ref}`,
        ref,
        name,
        version,
        description,
        author,
        email,
        keywords,
      })),
    );
  });
  router.post("/packs/register", adminOnly, async (_request, response) => {
    const { content, problems } = await door.reload();
    response.json({
      packs: content.packs.size,
      actions: content.actions.size,
      rules: content.rules.size,
      sensors: content.sensors.size,
      triggers: content.triggerTypes.size,
      aliases: content.aliases.size,
      policies: content.policies.size,
      problems,
    });
  });
}

/** What packs define, and what the rules made of events. */
export function contentRoutes(door: Door): Router {
  const { db } = door.core.database;
  const router = Router();
  definitionRoutes(door, router);
  router.get("/triggerinstances", async (request, response) => {
    const { trigger, status } = request.query;
    response.json(
      (
        await listInstances(db, { trigger: text(trigger), status: text(status) }, paging(request))
      ).map(instanceView),
    );
  });
  router.get("/triggerinstances/:id", async (request, response) => {
    const instance = await findInstance(db, request.params.id);
    if (instance === undefined)
      return fault(response, 404, `Unable to identify resource with id "${request.params.id}".`);
    response.json(instanceView(instance));
  });
  router.get("/ruleenforcements", async (request, response) => {
    const { rule_ref, trigger_instance } = request.query;
    response.json(
      (
        await listEnforcements(
          db,
          { rule: text(rule_ref), instance: text(trigger_instance) },
          paging(request),
        )
      ).map(enforcementView),
    );
  });
  return router;
}

/** `/api/v2/alerts`: one per alert identity and calendar day. */
export function alertRoutes({ core }: Door): Router {
  const router = Router();
  router.get("/alerts", async (request, response) => {
    const { day, status } = request.query;
    response.json({
      items: await listAlerts(
        core.database.db,
        { day: text(day), status: text(status) },
        paging(request),
      ),
    });
  });
  return router;
}
