/** Tickets as actions, the API and the command line show them. */
import type { JsonObject } from "../model/json.ts";
import type { TicketChangeRow } from "../store/ticket-changes.ts";
import type { TicketEventRow, TicketRow } from "../store/tickets.ts";

const idPattern = /^tk(\d+)$/;

/** `tk12`: our own name of a ticket, known before the tracker has one. */
export function ticketId(id: number): string {
  return `tk${id}`;
}

/** The number in `tk12`; undefined for anything else. */
export function numberOf(ref: string): number | undefined {
  const [, digits] = idPattern.exec(ref) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** What names it best: the tracker's key, or ours until there is one. */
export function ticketRef({ id, remote_key: key }: Pick<TicketRow, "id" | "remote_key">): string {
  return key ?? ticketId(id);
}

export function ticketView(row: TicketRow): JsonObject {
  return {
    id: ticketId(row.id),
    ref: ticketRef(row),
    key: row.remote_key,
    url: row.url,
    state: row.state,
    stage: row.stage,
    status: row.status,
    kind: row.kind,
    category: row.category,
    backend: row.backend,
    summary: row.summary,
    assignee: row.assignee,
    leader: row.leader,
    notes: row.notes,
    error: row.error,
    idempotency_key: row.key,
    window: row.period,
    parent: row.parent_id === null ? row.parent_key : ticketId(row.parent_id),
    created_at: row.created_at.toISOString(),
    confirmed_at: iso(row.confirmed_at),
    started_at: iso(row.started_at),
    fixed_at: iso(row.fixed_at),
    fixed_by: row.fixed_by,
    closed_at: iso(row.closed_at),
    closed_by: row.closed_by,
    due_at: iso(row.due_at),
    facts: row.facts,
  };
}

export function changeView(row: TicketChangeRow): JsonObject {
  const { id, verb, state, attempts, error, result } = row;
  return {
    id,
    verb,
    state,
    attempts,
    error,
    result: result ?? null,
    created_at: row.created_at.toISOString(),
    done_at: iso(row.done_at),
  };
}

export function eventView({ at, what, actor, detail }: TicketEventRow): JsonObject {
  return { at: at.toISOString(), what, actor, detail };
}

function iso(at: Date | null): string | null {
  return at?.toISOString() ?? null;
}
