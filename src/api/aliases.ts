/** `/actionalias` and `/aliasexecution`: what chat bots ask. */
import type { Request, Response } from "express";
import {
  acknowledgement,
  aliasCalls,
  aliasHelp,
  aliasNamed,
  formatNamed,
  matchAlias,
  type AliasFormat,
} from "../engine/aliases.ts";
import { request as requestExecution } from "../engine/request.ts";
import type { AliasDefinition, Content } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import { bodyOf, optionalTextIn, textIn } from "./bodies.ts";
import type { Door } from "./door.ts";
import { asRequested } from "./execution-requests.ts";
import { existing } from "./existing.ts";
import { fullView, viewOptions } from "./executions.ts";
import { userOf } from "./guard.ts";
import { idFor } from "./ids.ts";
import { metadataFile } from "./action-view.ts";
import { definitionRoutes, plainDocument } from "./definition-routes.ts";
import { aliasSchema } from "./definition-schemas.ts";
import { paging, text } from "./query.ts";
import { actionOfAlias } from "./resources.ts";
import { on, Routes } from "./routes.ts";

function view(content: Content, alias: AliasDefinition): JsonObject {
  const { ref, pack, name, description, enabled, action_ref, formats } = alias;
  const { ack = {}, result = {}, extra = {}, immutable_parameters = {} } = alias;
  return {
    id: idFor(`action_alias:${ref}`),
    uid: `action_alias:${pack}:${name}`,
    ref,
    pack,
    name,
    description,
    enabled,
    action_ref,
    formats,
    ack,
    result,
    extra,
    immutable_parameters,
    metadata_file: metadataFile(content, pack, alias.source),
  };
}

/** Where the result is told: the route of the chat bot, with whom it is for. */
function answerTo(body: JsonObject): JsonObject {
  const route =
    optionalTextIn(body, "notification_route") ?? optionalTextIn(body, "notification_channel");
  if (route === undefined || route === "") return {};
  const { user = null, source_channel = null, source_context = null } = body;
  const data = { user, source_channel, source_context };
  return { notify: { "on-complete": { routes: [route], data } } };
}

/** Runs what was said in a chat; `every`: all that the command means, where the format allows several. */
async function execute(
  door: Door,
  format: AliasFormat,
  { request, response, every }: { request: Request; response: Response; every: boolean },
): Promise<readonly JsonObject[]> {
  const { core } = door;
  const { alias } = format;
  const body = bodyOf(request);
  const said = optionalTextIn(body, "user");
  const channel = optionalTextIn(body, "source_channel");
  const context = {
    action_alias_ref: { id: idFor(`action_alias:${alias.ref}`), name: alias.name },
    ...(said === undefined ? {} : { api_user: said }),
    ...(channel === undefined ? {} : { source_channel: channel }),
    user: userOf(response).name,
  };
  const command = textIn(body, "command");
  const calls = await aliasCalls(core, format, { command, context, every });
  const results: JsonObject[] = [];
  for (const call of calls) {
    const id = await requestExecution(core, {
      ...call,
      context: { ...context, ...answerTo(body) },
    });
    const options = viewOptions(door, request, response);
    const execution = await fullView(
      door,
      asRequested(await existing(door, id)),
      options,
      response,
    );
    const actionalias = view(core.definitions().content, alias);
    const variables = { execution, actionalias, alias: actionalias };
    results.push({ execution, actionalias, ...(await acknowledgement(core, alias, variables)) });
  }
  return results;
}

export function aliasRoutes(door: Door): Routes {
  const { core } = door;
  const router = new Routes();
  router.get("/actionalias/help", "action_alias_help", (request, response) => {
    const page = paging(request, 100, response);
    const { pack, filter } = request.query;
    const lines = aliasHelp(core, { pack: text(pack), filter: text(filter) });
    response.json({
      available: lines.length,
      helpstrings: lines.slice(page.offset, page.offset + page.limit),
    });
  });
  router.post("/actionalias/match", "action_alias_match", (request, response) => {
    const { alias, display, representation } = matchAlias(core, textIn(bodyOf(request), "command"));
    response.json({
      actionalias: view(core.definitions().content, alias),
      display,
      representation,
    });
  });
  definitionRoutes(door, router, "/actionalias", {
    names: ["action_ref", "formats", "ack", "result", "extra"],
    filters: ["pack", "name"],
    limit: 100,
    writing: {
      kind: "alias",
      schema: aliasSchema,
      systemPacksStay: false,
      documentOf: plainDocument,
    },
    resource: "action_alias",
    rows: () =>
      [...core.definitions().content.aliases.values()].map((alias) =>
        view(core.definitions().content, alias),
      ),
  });
  router.post(
    "/aliasexecution",
    on("action_execute", actionOfAlias(door, "named")),
    async (request, response) => {
      const body = bodyOf(request);
      const format = formatNamed(aliasNamed(core, textIn(body, "name")), textIn(body, "format"));
      const [result] = await execute(door, format, { request, response, every: false });
      response.status(201).json(result);
    },
  );
  router.post(
    "/aliasexecution/match_and_execute",
    on("action_execute", actionOfAlias(door, "matched")),
    async (request, response) => {
      const format = matchAlias(core, textIn(bodyOf(request), "command"));
      const every = format.multiple;
      response
        .status(201)
        .json({ results: await execute(door, format, { request, response, every }) });
    },
  );
  return router;
}
