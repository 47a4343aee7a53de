/** The inventory's past: history, differences, changesets, and taking changes back. */
import { changesetNamed, changesets } from "../engine/inventory-changesets.ts";
import { difference, entryAt, historyOf } from "../engine/inventory-history.ts";
import { badRequest } from "../inventory/problem.ts";
import { isoMoment } from "../inventory/query-time.ts";
import { shown } from "../inventory/validate.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import {
  authorOf,
  bodyOf,
  etag,
  ifVersion,
  queryNumber,
  queryText,
  textsOf,
} from "./inventory-requests.ts";
import { inventoryOf } from "./inventory-view.ts";
import type { Routes } from "./routes.ts";

export function pastRoutes(router: Routes): void {
  router.get("/entries/:id/history", "inventory_view", async (request, response) => {
    const [before, limit] = [queryNumber(request, "before"), queryNumber(request, "limit")];
    response.json({
      revisions: await historyOf(inventoryOf(response).ground, request.params.id, {
        before,
        limit,
      }),
    });
  });
  router.get("/entries/:id/diff", "inventory_view", async (request, response) => {
    const from = queryNumber(request, "from");
    if (from === undefined) throw badRequest("from is missing; expected a version");
    const to = queryNumber(request, "to");
    response.json(await difference(inventoryOf(response).ground, request.params.id, { from, to }));
  });
  router.get("/entries/:id/versions/:version", "inventory_view", async (request, response) => {
    const { id, version } = request.params;
    response.json(await entryAt(inventoryOf(response).ground, id, { version: versionOf(version) }));
  });
  router.get("/entries/:id/at/:moment", "inventory_view", async (request, response) => {
    const { id, moment } = request.params;
    const at = isoMoment(moment);
    if (at === undefined)
      throw badRequest(`${shown(moment)} is no moment; expected 2026-04-01T09:00:00+09:00`);
    response.json(await entryAt(inventoryOf(response).ground, id, { at }));
  });
  changesetRoutes(router);
  revertRoutes(router);
}

function versionOf(text: unknown): number {
  if (/^\d{1,9}$/.test(String(text))) return Number(text);
  throw badRequest(`${shown(text)} is no version; expected a whole number`);
}

function changesetRoutes(router: Routes): void {
  router.get("/changesets", "inventory_list", async (request, response) => {
    response.json(
      await changesets(inventoryOf(response).ground, {
        actor: queryText(request, "actor"),
        source: queryText(request, "source"),
        ticket: queryText(request, "ticket"),
        since: queryText(request, "since"),
        until: queryText(request, "until"),
        after: queryText(request, "after"),
        limit: queryNumber(request, "limit"),
      }),
    );
  });
  router.get("/changesets/:id", "inventory_list", async (request, response) => {
    const page = { after: queryText(request, "after"), limit: queryNumber(request, "limit") };
    response.json(await changesetNamed(inventoryOf(response).ground, request.params.id, page));
  });
}

function revertRoutes(router: Routes): void {
  router.post("/entries/:id/revert", "inventory_modify", async (request, response) => {
    const body = bodyOf(request);
    const to = { version: versionOf(body["version"]), attributes: textsOf(body, "attributes") };
    const author = authorOf(request, response, body);
    const written = await inventoryOf(response).revert(request.params.id, to, {
      author,
      ifVersion: ifVersion(request),
    });
    response.setHeader("ETag", etag(written.entry.version));
    response.json(written);
  });
  router.post("/changesets/:id/revert", "inventory_modify", async (request, response) => {
    const given: unknown = request.body;
    const body: JsonObject = isObject(given) ? given : {};
    const author = authorOf(request, response, body);
    response.json(await inventoryOf(response).revertChangeset(request.params.id, author));
  });
}
