/** What a request gets: its sub-tickets with rendered documents and planned checks. */
import { documentIn } from "../content/runbooks.ts";
import type { Ask } from "../expressions/context.ts";
import { passing } from "../model/crash-points.ts";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { decide } from "../processes/ask.ts";
import { inTongue } from "../runbooks/catalog.ts";
import { planChecks } from "../runbooks/checks.ts";
import type { Tongue } from "../runbooks/document.ts";
import { renderSubTicket } from "../runbooks/render.ts";
import { requestOf, requestOfAlert } from "../runbooks/request.ts";
import { type Needed, resolve, variablesOf, type Request } from "../runbooks/resolve.ts";
import { saveRequest } from "../store/requests.ts";
import type { Core } from "./core.ts";
import type { Edition, RunbookBook } from "./runbook-book.ts";
import type { RunbookSettings } from "./runbook-settings.ts";

export interface RunbookGround {
  readonly core: Core;
  readonly book: RunbookBook;
}

export interface Preparing {
  readonly edition: Edition;
  readonly settings: RunbookSettings;
  readonly request: Request;
  readonly tongue: Tongue;
  readonly backend: string;
  /** Where the door is reached by people. */
  readonly door: string;
}

/** Decides, and notes whether the request is covered. */
export async function prepare({ core }: RunbookGround, given: Preparing): Promise<JsonObject> {
  const { request } = given;
  const plan = await decide(
    (ask) => planned(given, ask),
    (question) => core.answer(question),
  );
  if (request.alert === null) await saveRequest(core.database.db, counted(given, plan));
  passing("prework.prepared");
  return plan;
}

/** Which requests the documents cover is counted. */
function counted(
  { request: { ticket, components }, edition, backend }: Preparing,
  plan: JsonObject,
): Parameters<typeof saveRequest>[1] {
  return {
    backend,
    ticket: ticket.key,
    component: components[0] ?? null,
    type: textIn(plan, "request"),
    covered: plan["covered"] === true,
    reason: textIn(plan, "reason"),
    commit: edition.commit,
    summary: textIn(ticket, "summary") ?? "",
    reporter: textIn(ticket, "reporter"),
    requested_at: timeOf(ticket["created"]),
  };
}

function planned(given: Preparing, ask: Ask): JsonObject {
  const { edition, request } = given;
  const { commit, runbooks } = edition;
  const resolved = resolve(runbooks.catalog, request, ask);
  const about = { ticket: request.ticket.key, commit };
  if (!resolved.covered) return { ...about, covered: false, reason: resolved.reason };
  return {
    ...about,
    covered: true,
    request: resolved.type.request,
    subtickets: resolved.needed.map((needed) => subTicket(given, needed, ask)),
  };
}

function subTicket(given: Preparing, needed: Needed, ask: Ask): JsonObject {
  const { edition, request, tongue, settings, backend, door } = given;
  const { subticket, slot, hosts, doubts } = needed;
  const { commit } = edition;
  const found = documentIn(edition.runbooks.documents, subticket.doc, tongue);
  if (found === undefined)
    throw new AppError("DOCUMENTS_UNKNOWN", [
      `There is no document ${subticket.doc} in ${commit}.`,
    ]);
  const view = { variables: { ...variablesOf(request), commit }, ask };
  const key = `prework:${backend}:${request.ticket.key}:${slot}`;
  const { path } = found;
  const at = new URLSearchParams({ ticket: request.ticket.key });
  const address = `${door}/runbooks/${path.split("/").map(encodeURIComponent).join("/")}`;
  const description = renderSubTicket({
    document: found,
    view,
    tongue,
    commit,
    link: linkOf(settings.link, path, commit) ?? `${address}?version=${commit}`,
    edit: `${address}?${String(at)}`,
    hosts,
    doubts,
  });
  return {
    key,
    summary: inTongue(subticket.name, tongue),
    description,
    component: subticket.component ?? request.components[0] ?? null,
    document: path,
    commit,
    checks: planChecks(found, view, { hosts, allowed: settings.commands, tongue }),
  };
}

function linkOf(link: string | undefined, path: string, commit: string): string | undefined {
  return link?.replaceAll("{path}", encodeURI(path)).replaceAll("{commit}", commit);
}

/** The request in what an action was given: the payload of a trigger, or a ticket alone. */
export function requestIn(parameters: JsonObject): Request {
  const { ticket, alert } = parameters;
  if (!isObject(ticket))
    throw new AppError("PARAMETERS_INVALID", ["ticket is missing: the ticket that asks"]);
  const request = requestOf(ticket);
  if (request.ticket.key === "")
    throw new AppError("PARAMETERS_INVALID", ["ticket.key is missing: the tracker's name of it"]);
  return isObject(alert) ? requestOfAlert(request.ticket, alert) : request;
}

function textIn(value: JsonObject, name: string): string | null {
  const found = value[name];
  return typeof found === "string" ? found : null;
}

function timeOf(value: unknown): Date | null {
  const at = typeof value === "string" ? new Date(value) : undefined;
  return at === undefined || Number.isNaN(at.getTime()) ? null : at;
}
