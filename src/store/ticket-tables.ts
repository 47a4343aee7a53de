import type { Generated } from "kysely";
import type { JsonObject } from "../model/json.ts";

export type TicketState = "intent" | "created" | "confirmed" | "refused";
/** Where its work stands, whatever words the tracker has for it. */
export type TicketStage = "open" | "in_progress" | "fixed" | "closed";

/** Tables of tickets; `migrations/0320_tickets.ts` says what each is for. */
export interface TicketTables {
  ticket: {
    id: Generated<number>;
    key: string;
    period: Generated<string>;
    kind: string;
    backend: string;
    state: Generated<TicketState>;
    remote_key: string | null;
    url: string | null;
    parent_id: number | null;
    parent_key: string | null;
    document: JsonObject;
    summary: string;
    category: Generated<string>;
    assignee: string | null;
    leader: string | null;
    notes: Generated<unknown>;
    status: string | null;
    stage: Generated<TicketStage>;
    attempts: Generated<number>;
    error: string | null;
    sent_at: Date | null;
    due_at: Date | null;
    lease_until: Date | null;
    lease_owner: string | null;
    fence: Generated<number>;
    created_at: Generated<Date>;
    confirmed_at: Date | null;
    started_at: Date | null;
    fixed_at: Date | null;
    fixed_by: string | null;
    closed_at: Date | null;
    closed_by: string | null;
    seen_at: Date | null;
    facts: Generated<JsonObject>;
  };
  ticket_change: {
    id: Generated<number>;
    ticket_id: number;
    key: string;
    verb: string;
    document: JsonObject;
    merge: string | null;
    state: Generated<"waiting" | "done" | "merged" | "refused">;
    attempts: Generated<number>;
    error: string | null;
    result: unknown;
    sent_at: Date | null;
    not_before: Generated<Date>;
    created_at: Generated<Date>;
    done_at: Date | null;
  };
  ticket_event: {
    id: Generated<number>;
    ticket_id: number;
    at: Generated<Date>;
    what: string;
    actor: string | null;
    detail: unknown;
  };
  digest: {
    date: string;
    window_from: Date;
    window_to: Date;
    tickets: Generated<number>;
    alerts: Generated<number>;
    ran_at: Generated<Date>;
  };
  ticket_rating: {
    ticket_id: number;
    person: string;
    rating: number;
    minutes: number | null;
    words: string | null;
    at: Generated<Date>;
  };
  ticket_backend: {
    name: string;
    blocked_until: Date | null;
    failures: Generated<number>;
    reason: string | null;
    last_key: string | null;
    read_until: Date | null;
    read_at: Date | null;
  };
}
