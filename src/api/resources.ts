/** Which resource a request is about, as permissions name it. Each reads the same definitions as the handler that follows. */
import type { Request, Response } from "express";
import { aliasNamed, matchAlias } from "../engine/aliases.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { PermissionType } from "../model/permission-types.ts";
import type { Resource } from "../model/permissions.ts";
import { findEnforcement } from "../store/reads.ts";
import type { StoredExecution } from "../store/executions.ts";
import type { Door } from "./door.ts";
import { userOf } from "./guard.ts";
import { AppError } from "../model/errors.ts";
import { existing, existingOnce } from "./existing.ts";
import { idFor } from "./ids.ts";
import { type Access, on, type ResourceOf } from "./routes.ts";

function packOf(ref: string): string {
  return ref.slice(0, Math.max(0, ref.indexOf(".")));
}

function nameOf(ref: string): string {
  return ref.slice(ref.indexOf(".") + 1);
}

type Kind = (typeof lying)[number];

/** Something that lies in a pack, by its ref. */
export function inPack(kind: Kind, ref: string): Resource {
  const pack = packOf(ref);
  return { uid: `${kind}:${pack}:${nameOf(ref)}`, within: [`pack:${pack}`] };
}

/** Permissions of an execution are those of its action. */
export function executionResource({
  id,
  action,
}: Pick<StoredExecution, "id" | "action">): Resource {
  const { uid, within = [] } = inPack("action", action);
  return { uid: `execution:${id}`, within: [uid, ...within] };
}

/** A parameter of the path. */
export function parameter(request: Pick<Request, "params">, name: string): string {
  const value: unknown = request.params[name];
  if (Array.isArray(value)) return value.join("/");
  return typeof value === "string" ? value : "";
}

function textInBody(request: Request, name: string): string {
  const body: unknown = request.body;
  const value = isObject(body) ? body[name] : undefined;
  return typeof value === "string" ? value : "";
}

/** The row that `:ref` names by ref, id or name. */
export function amongRows(rows: () => readonly JsonObject[]): ResourceOf {
  return (request) => {
    const wanted = parameter(request, "ref");
    const row = rows().find(
      ({ ref, id, name }) => ref === wanted || id === wanted || name === wanted,
    );
    if (row === undefined) return undefined;
    const { uid, pack } = row;
    const within = typeof pack === "string" ? [`pack:${pack}`] : [];
    return { uid: String(uid), within };
  };
}

/** The one that a body describes by pack and name. */
export function described(kind: Kind): ResourceOf {
  return (request) => {
    const pack = textInBody(request, "pack") || "default";
    return inPack(kind, `${pack}.${textInBody(request, "name")}`);
  };
}

/** The pack of the path, by ref, name or id. */
export function packNamed({ core }: Door): ResourceOf {
  return (request) => {
    const wanted = parameter(request, "ref");
    for (const { ref, name } of core.definitions().content.packs.values())
      if (ref === wanted || name === wanted || idFor(`pack:${ref}`) === wanted)
        return { uid: `pack:${ref}` };
    return undefined;
  };
}

const lying = ["action", "rule", "action_alias", "policy"] as const;

/** Kinds of what definition files, or the API, define. */
export type DefinedKind = (typeof lying)[number] | "sensor_type" | "runner_type" | "trigger";

/** Who may list, view, create, change and remove what is defined of that kind. */
export function accessTo(
  kind: DefinedKind,
  rows: () => readonly JsonObject[],
): Readonly<Record<"list" | "view" | "create" | "modify" | "remove", Access>> {
  const one = amongRows(rows);
  if (kind === "trigger") {
    // As in StackStorm everybody may see what triggers there are.
    const writing = "trigger_all";
    return {
      list: "signed in",
      view: "signed in",
      create: writing,
      modify: writing,
      remove: writing,
    };
  }
  if (kind === "sensor_type" || kind === "runner_type")
    return {
      list: `${kind}_list`,
      view: on(`${kind}_view`, one),
      create: "admin",
      modify: on(`${kind}_modify`, one),
      remove: "admin",
    };
  const may = (operation: "view" | "modify" | "delete"): PermissionType => `${kind}_${operation}`;
  return {
    list: `${kind}_list`,
    view: on(may("view"), one),
    create: on(`${kind}_create`, described(kind)),
    modify: on(may("modify"), one),
    remove: on(may("delete"), one),
  };
}

export function executionNamed(door: Door): ResourceOf {
  return async (request, response) => {
    const execution = await existingOnce(door, parameter(request, "id"), response);
    assertOwn(door, execution, response);
    return executionResource(execution);
  };
}

/** Where users are kept apart, throws FORBIDDEN for what somebody else ran. */
function assertOwn({ signIn }: Door, { id, context }: StoredExecution, response: Response): void {
  const { name } = userOf(response);
  if (signIn.isolation && context["user"] !== name)
    throw new AppError("FORBIDDEN", [
      `User "${name}" doesn't have access to resource "execution:${id}" due to resource permission isolation.`,
    ]);
}

/** The action that a body asks to run. */
export const actionInBody: ResourceOf = (request) =>
  inPack("action", textInBody(request, "action"));

/** The action behind a chat command. */
export function actionOfAlias({ core }: Door, how: "named" | "matched"): ResourceOf {
  return (request) => {
    const alias =
      how === "named"
        ? aliasNamed(core, textInBody(request, "name"))
        : matchAlias(core, textInBody(request, "command")).alias;
    return inPack("action", String(alias["action_ref"]));
  };
}

export function enforcementNamed({ core }: Door): ResourceOf {
  return async (request) => {
    const found = await findEnforcement(core.database.db, parameter(request, "id"));
    if (found === undefined) return undefined;
    const { uid, within = [] } = inPack("rule", found.rule);
    return { uid: `rule_enforcement:${found.id}`, within: [uid, ...within] };
  };
}

/** An inquiry belongs to the workflow that asks. */
export function inquiryNamed(door: Door): ResourceOf {
  return async (request) => {
    const inquiry = await existing(door, parameter(request, "id"));
    const uid = `inquiry:${inquiry.id}`;
    if (inquiry.parent === null) return { uid };
    const workflow = inPack("action", (await existing(door, inquiry.parent)).action);
    return { uid, within: [workflow.uid, ...(workflow.within ?? [])] };
  };
}

/** A resource whose uid is its type and what the path says. */
export function plain(type: string, name: string): ResourceOf {
  return (request) => ({ uid: `${type}:${parameter(request, name)}` });
}
