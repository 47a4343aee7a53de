import { Router } from "express";
import { findInstance, listAlerts, listEnforcements, listInstances } from "../store/reads.ts";
import type { Door } from "./door.ts";
import { actionView, ruleView } from "./action-view.ts";
import { fault } from "./faults.ts";
import { adminOnly } from "./guard.ts";
import { enforcementView, instanceView } from "./instance-view.ts";
import { paging, text } from "./query.ts";

function definitionRoutes(door: Door, router: Router): void {
  const { core } = door;
  router.get("/actions", (_request, response) => {
    const all = [...core.definitions().content.actions.values()];
    response
      .setHeader("X-Total-Count", String(all.length))
      .json(all.map((action) => actionView(core.definitions().content, action)));
  });
  router.get("/actions/:ref", (request, response) => {
    const { ref } = request.params;
    const action = core.definitions().content.actions.get(ref);
    if (action === undefined)
      return fault(response, 404, `Resource with a reference or id "${ref}" not found`);
    response.json(actionView(core.definitions().content, action));
  });
  router.get("/rules", (_request, response) => {
    const all = [...core.definitions().content.rules.values()];
    response
      .setHeader("X-Total-Count", String(all.length))
      .json(all.map((rule) => ruleView(core.definitions().content, rule)));
  });
  router.get("/rules/:ref", (request, response) => {
    const { ref } = request.params;
    const rule = core.definitions().content.rules.get(ref);
    if (rule === undefined)
      return fault(response, 404, `Resource with a reference or id "${ref}" not found`);
    response.json(ruleView(core.definitions().content, rule));
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
