import type { ColumnType, Generated, Kysely, Transaction } from "kysely";
import type { DefinitionKind } from "../model/definitions.ts";
import type { ExecutionStatus } from "../model/execution.ts";
import type { JsonObject } from "../model/json.ts";
import type { TicketTables } from "./ticket-tables.ts";

/** The ledger's tables; `migrations/0001_ledger.ts` says what each is for. Times are `Date`s in, `Date`s out. */
export interface LedgerSchema extends TicketTables {
  trigger_instance: {
    id: string;
    trigger: string;
    parameters: unknown;
    payload: unknown;
    source: string;
    dedupe_key: string | null;
    status: "pending" | "processed" | "processing_failed";
    occurred_at: Generated<Date>;
    trace_tag: string | null;
    /** The trace it continues; null = it begins one. */
    trace: string | null;
    /** The chain of causes that it continues. */
    cause: unknown;
  };
  execution_trace: { execution_id: string; trace: string | null; tag: string | null };
  enforcement: {
    id: string;
    trigger_instance_id: string;
    rule: string;
    execution_id: string | null;
    status: "succeeded" | "failed";
    failure_reason: string | null;
    enforced_at: Generated<Date>;
  };
  execution: {
    id: string;
    action: string;
    runner: string;
    status: ExecutionStatus;
    parameters: JsonObject;
    context: JsonObject | null;
    result: unknown;
    /** The result without secrets; null where there are none in it. */
    shown: unknown;
    parent: string | null;
    task_key: string | null;
    created_at: Generated<Date>;
    started_at: Date | null;
    ended_at: Date | null;
    run_at: Date | null;
    owner: string | null;
    fence: Generated<number>;
    attempt: Generated<number>;
    delivered: Generated<boolean>;
    log: unknown;
  };
  admission: {
    execution_id: string;
    gate: string;
    policy: string;
    seq: Generated<number>;
    state: Generated<"new" | "waiting" | "admitted">;
    since: Generated<Date>;
    due_at: Date;
  };
  admission_pass: { gate: string; at: Generated<Date> };
  workflow: {
    execution_id: string;
    definition: string;
    snapshot: unknown;
    snapshot_seq: Generated<number>;
  };
  journal: { execution_id: string; seq: number; entries: string };
  definition: { hash: string; text: string; first_seen: Generated<Date> };
  output: {
    execution_id: string;
    seq: Generated<number>;
    stream: string;
    text: string;
    at: Generated<Date>;
  };
  process: {
    id: string;
    role: string;
    beat_at: Generated<Date>;
    started_at: Generated<Date>;
    host: string;
    pid: number;
    resources: Generated<string>;
    /** Those whose executions it runs. */
    pools: Generated<string[]>;
  };
  sensor: {
    ref: string;
    enabled: boolean | null;
    wish: Generated<number>;
    state: Generated<string>;
    owner: string | null;
    host: string | null;
    pid: number | null;
    restarts: Generated<number>;
    failures: Generated<number>;
    exit_code: number | null;
    words: string | null;
    dropped: Generated<number>;
    since: Generated<Date>;
  };
  resource: {
    kind: DefinitionKind;
    pack: string;
    name: string;
    document: ColumnType<JsonObject | null, string | null, string | null>;
    updated_at: Generated<Date>;
  };
  resource_version: { n: string };
  request: {
    backend: string;
    /** The tracker's key. */
    ticket: string;
    component: string | null;
    type: string | null;
    covered: boolean;
    /** Why it is not covered. */
    reason: string | null;
    commit: string | null;
    summary: string;
    reporter: string | null;
    requested_at: Date | null;
    prepared_at: Generated<Date>;
  };
  runbook_use: {
    key: string;
    document: string;
    commit: string;
    /** `attached`, `viewed` or `corrected`. */
    what: string;
    person: string | null;
    ticket: string | null;
    sub_ticket: string | null;
    at: Generated<Date>;
  };
  sensor_cursor: { name: string; value: unknown; updated_at: Generated<Date> };
  setting: { name: string; value: unknown };
  account: {
    name: string;
    password: string;
    roles: string[];
    created_at: Generated<Date>;
    disabled: Generated<boolean>;
    /** Who knows the password: `local`, `ldap`, `oidc`, `proxy`. */
    origin: Generated<string>;
    /** What groups elsewhere gave at the last login. */
    remote_roles: Generated<string[]>;
  };
  role: {
    name: string;
    description: Generated<string>;
    grants: unknown;
    /** What it allows in the inventory: documents of grants. */
    inventory: Generated<unknown>;
    created_at: Generated<Date>;
  };
  role_assignment: {
    id: string;
    account: string;
    role: string;
    description: Generated<string>;
    created_at: Generated<Date>;
  };
  webhook: { name: string; settings: unknown; updated_at: Generated<Date> };
  idempotency: {
    scope: string;
    key: string;
    fingerprint: string;
    status: number | null;
    body: string | null;
    content_type: string | null;
    /** Who does it; empty: nobody any more. */
    process: string | null;
    /** Something that it changed is committed. */
    changed: Generated<boolean>;
    /** The execution that it began. */
    made: string | null;
    at: Generated<Date>;
  };
  audit: {
    seq: Generated<number>;
    at: Generated<Date>;
    account: string;
    method: string;
    action: string;
    target: string;
    status: number;
    address: string;
    request_id: string;
    details: unknown;
    digest: Generated<string>;
  };
  token: {
    hash: string;
    id: string;
    account: string;
    kind: "token" | "api_key";
    enabled: Generated<boolean>;
    expires_at: Date | null;
    created_at: Generated<Date>;
    metadata: unknown;
  };
  datastore: {
    scope: string;
    name: string;
    value: string;
    secret: boolean;
    expires_at: Date | null;
    updated_at: Generated<Date>;
  };
  stackstorm_key: {
    fingerprint: string;
    sealed: string;
    imported_at: Generated<Date>;
  };
  alert: {
    fingerprint: string;
    day: string;
    count: number;
    status: string;
    ticket: string | null;
    document: unknown;
    first_at: Date;
    last_at: Date;
    workflow: unknown;
    /** What rules last heard of it; null = nothing yet. */
    told: string | null;
    /** Why they have not heard the newest; null = they have. */
    held: unknown;
    group_key: string | null;
  };
  alert_flapping: {
    fingerprint: string;
    changes: unknown;
    flapping: boolean;
    rule: string;
    updated_at: Generated<Date>;
  };
  alert_silence: {
    id: string;
    match: unknown;
    starts_at: Date;
    ends_at: Date;
    comment: string;
    author: string;
    created_at: Generated<Date>;
  };
  alert_group: {
    key: string;
    rule: string;
    labels: unknown;
    due_at: Date;
    told: unknown;
    told_at: Date | null;
    opened_at: Generated<Date>;
  };
  alert_source: {
    source: string;
    last_at: Date;
    silent_since: Date | null;
  };
  alert_message: {
    key: string;
    kind: string;
    received_at: Generated<Date>;
    ref: string;
    subject: string;
    sender: string;
    parser: string | null;
    reason: string | null;
    alerts: unknown;
    document: unknown;
    raw: Buffer | null;
  };
  alert_occurrence: {
    message_key: string;
    fingerprint: string;
    day: string;
    effect: string;
    received_at: Generated<Date>;
    document: unknown;
  };
}

/** A pool or a transaction: every store function takes one first, so callers decide what is atomic. */
export type Db<Schema = LedgerSchema> = Kysely<Schema> | Transaction<Schema>;
