/** Which sub-tickets a request gets. Pure: an expression that needs an answer throws Unanswered, and is asked again. */
import type { Ask } from "../expressions/context.ts";
import { ExpressionError } from "../expressions/context.ts";
import type { JsonObject } from "../model/json.ts";
import type { Catalog, PreparedType, SubTicket } from "./catalog.ts";
import { evaluate } from "./template.ts";

/** A ticket that asks for work, as conditions and documents see it. */
export interface Request {
  readonly ticket: JsonObject & { readonly key: string };
  readonly components: readonly string[];
  readonly fields: JsonObject;
  /** Names of servers, as the requester wrote them. */
  readonly servers: readonly string[];
  /** The alert that the ticket is of; null: it is a request. */
  readonly alert: JsonObject | null;
}

export interface Needed {
  readonly subticket: SubTicket;
  /** Stable within its request type; part of the sub-ticket's idempotency key. */
  readonly slot: string;
  readonly hosts: readonly string[];
  /** What could not be decided; the sub-ticket is there all the same. */
  readonly doubts: readonly string[];
}

export type Resolved =
  | { readonly covered: true; readonly type: PreparedType; readonly needed: readonly Needed[] }
  | { readonly covered: false; readonly reason: string };

/** The names that expressions see: `$.fields.env`, `$.servers`, `$.ticket.summary`, `$.components`, `$.alert.service`. */
export function variablesOf({ ticket, components, fields, servers, alert }: Request): JsonObject {
  return { ticket, components, fields, servers, alert };
}

/** The first type of the request's components, or of alerts, whose condition holds, and its sub-tickets whose conditions hold. Throws only Unanswered. */
export function resolve(catalog: Catalog, request: Request, ask: Ask): Resolved {
  const candidates = candidatesOf(catalog, request);
  if (typeof candidates === "string") return { covered: false, reason: candidates };
  const doubts: string[] = [];
  const type = candidates.find(({ when }) => holds(when, request, { ask, doubts }));
  if (type === undefined)
    return {
      covered: false,
      reason: [
        `no ${request.alert === null ? "request type" : "type of alerts"} fits`,
        ...doubts,
      ].join("; "),
    };
  const needed = type.subtickets.flatMap((subticket, number) =>
    need(subticket, `${type.request}/${number + 1}/${subticket.doc}`, { request, ask }),
  );
  return { covered: true, type, needed };
}

/** Why there are none, when there are none. */
function candidatesOf(
  { requests, alerts }: Catalog,
  { components, alert }: Request,
): readonly PreparedType[] | string {
  if (alert !== null) return alerts.length > 0 ? alerts : "the index has no alerts";
  if (components.length === 0) return "the request has no component";
  const found = requests.filter(({ component }) => components.includes(component));
  return found.length > 0 ? found : `no request type for the component ${components.join(", ")}`;
}

function need(
  subticket: SubTicket,
  slot: string,
  { request, ask }: { request: Request; ask: Ask },
): readonly Needed[] {
  const doubts: string[] = [];
  // A condition that cannot be decided: too much is better than a task nobody sees.
  if (!holds(subticket.when, request, { ask, doubts }) && doubts.length === 0) return [];
  return [{ subticket, slot, hosts: hostsOf(subticket, { request, ask, doubts }), doubts }];
}

interface Deciding {
  readonly ask: Ask;
  readonly doubts: string[];
}

function holds(when: string | undefined, request: Request, { ask, doubts }: Deciding): boolean {
  if (when === undefined) return true;
  try {
    return evaluate(when, { variables: variablesOf(request), ask }) === true;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    doubts.push(`${when}: ${error.message}`);
    return false;
  }
}

function hostsOf(
  { checksOn }: SubTicket,
  { request, ask, doubts }: Deciding & { request: Request },
): readonly string[] {
  if (checksOn === undefined) return request.servers;
  try {
    const found = evaluate(checksOn, { variables: variablesOf(request), ask });
    const list: readonly unknown[] = Array.isArray(found) ? found : [found];
    return list.filter((one) => typeof one === "string" && one !== "").map(String);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    doubts.push(`${checksOn}: ${error.message}`);
    return [];
  }
}
