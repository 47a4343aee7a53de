/** `/actions` and `/runnertypes`. */
import { readFile } from "node:fs/promises";
import { AppError } from "../model/errors.ts";
import type { ActionDefinition } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { actionView, mergedParameters } from "./action-view.ts";
import { actionWriting, cloneAction } from "./action-writing.ts";
import { bodyOf } from "./bodies.ts";
import { definitionRoutes, switchRoute } from "./definition-routes.ts";
import type { Door } from "./door.ts";
import { idFor } from "./ids.ts";
import { answerList } from "./lists.ts";
import { names } from "./query.ts";
import { amongRows, inPack } from "./resources.ts";
import { assertAllowed, on, Routes } from "./routes.ts";
import { runnerView } from "./runner-view.ts";

function byRef<Each extends { readonly ref: string }>(all: Iterable<Each>): readonly Each[] {
  return [...all].toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
}

const listed = { names: ["id", "uid", "ref", "pack", "name"], filters: ["pack", "name"] } as const;

/** `tags=value` or `tags=name:value`. */
function hasTags({ tags }: ActionDefinition, wanted: readonly string[]): boolean {
  const texts = new Set(
    tags.flatMap((tag) =>
      isObject(tag) ? [String(tag["value"]), `${String(tag["name"])}:${String(tag["value"])}`] : [],
    ),
  );
  return wanted.every((each) => texts.has(each));
}

export function actionRoutes(door: Door): Routes {
  const { core } = door;
  const router = new Routes();
  const all = (): readonly ActionDefinition[] => byRef(core.definitions().content.actions.values());
  const view = (action: ActionDefinition): JsonObject =>
    actionView(core.definitions().content, action);
  const overview = (action: ActionDefinition): JsonObject => ({
    ...view(action),
    parameters: mergedParameters(action, core.runners.get(action.runner)),
  });
  const find = (ref: string): ActionDefinition => {
    const found = all().find((each) => each.ref === ref || idFor(`action:${each.ref}`) === ref);
    if (found === undefined)
      throw new AppError("NOT_FOUND", [`Resource with a reference or id "${ref}" not found`]);
    return found;
  };
  const viewable = on(
    "action_view",
    amongRows(() => all().map(view)),
  );
  router.get("/actions/views/overview", "action_list", (request, response) =>
    answerList(request, response, all().map(overview), listed),
  );
  router.get("/actions/views/overview/:ref", viewable, (request, response) => {
    response.json(overview(find(request.params.ref)));
  });
  router.get("/actions/views/parameters/:ref", viewable, (request, response) => {
    const action = find(request.params.ref);
    response.json({ parameters: mergedParameters(action, core.runners.get(action.runner)) });
  });
  router.get("/actions/views/entry_point/:ref", viewable, async (request, response) => {
    const { ref } = request.params;
    const { entryPath } = find(ref);
    if (entryPath === "")
      throw new AppError("NOT_FOUND", [`Action ref_or_id=${ref} has no entry_point to output`]);
    const text = await readFile(entryPath, "utf8").catch(() => undefined);
    if (text === undefined)
      throw new AppError("NOT_FOUND", [`The entry point of action "${ref}" is not there any more`]);
    response.type("text/plain").send(text);
  });
  router.get("/actions", "action_list", (request, response) => {
    const tags = names(request.query["tags"]);
    const rows = all().filter((action) => tags.length === 0 || hasTags(action, tags));
    answerList(request, response, rows.map(view), listed);
  });
  const rows = (): readonly JsonObject[] => all().map(view);
  router.post("/actions/:ref/clone", viewable, async (request, response) => {
    const source = find(request.params.ref);
    assertAllowed(response, "action_create", inPack("action", targetOf(bodyOf(request))));
    response.status(201).json(await cloneAction(door, { source, rows }, request, response));
  });
  definitionRoutes(door, router, "/actions", {
    ...listed,
    resource: "action",
    rows,
    writing: actionWriting(door),
  });
  runnerRoutes(door, router);
  return router;
}

function targetOf({ dest_pack, dest_action }: JsonObject): string {
  return `${String(dest_pack)}.${String(dest_action)}`;
}

function runnerRoutes(door: Door, router: Routes): void {
  const { core } = door;
  const naming = "name or id";
  const resource = "runner_type";
  const rows = (): readonly JsonObject[] => {
    const off = core.definitions().content.runnersOff;
    return [...new Set([...core.runners.values()].map(({ name }) => name))]
      .toSorted()
      .map((name) => ({ ...runnerView(name, core.runners.get(name)), enabled: !off.has(name) }));
  };
  switchRoute(door, router, "/runnertypes", { rows, naming, resource });
  definitionRoutes(door, router, "/runnertypes", {
    names: ["id", "name", "description", "runner_module", "runner_package"],
    filters: ["name"],
    limit: 100,
    naming,
    resource,
    rows,
  });
}
