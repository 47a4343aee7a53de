/** Answers about what sources say: claims, drift, conflicts, changes that are proposed, rules that are held off. */
import {
  anything,
  either,
  list,
  map,
  moment,
  momentOrNull,
  named,
  object,
  ok,
  oneOf,
  orNull,
  text,
  textOrNull,
  uuid,
  uuidOrNull,
  whole,
  wholeOrNull,
  type Answer,
  type Schema,
} from "./answer-schemas.ts";
import { openStates, policies } from "../inventory/claims.ts";
import { changeOps, changeStates } from "../inventory/change-request.ts";

const state = oneOf(...openStates, "agreed", "holding", "conflict", "rejected", "ignored");
const decision = { decided_by: textOrNull, decided_at: momentOrNull, note: textOrNull };
const claim = {
  id: uuid,
  source: text,
  value: anything,
  state,
  observed_at: moment,
  first_seen: moment,
  since: moment,
  place: textOrNull,
  ...decision,
};
const policy = oneOf(...policies, "retire", "delete");
const patience = object({
  observations: whole,
  minutes: { type: "number" },
  again: { type: "number" },
});
const label = map(text);
const breaker = {
  id: uuid,
  rule: text,
  entry: object({ id: uuid, type: textOrNull, name: textOrNull }),
  firings: whole,
  seconds: whole,
  opened_at: moment,
  reset_at: momentOrNull,
  reset_by: textOrNull,
};
const fault = map(anything);

export const claimSchemas: Readonly<Record<string, Schema>> = {
  Claim: object(claim),
  EntryClaims: object({
    entry: object({ id: uuid, name: text, version: whole }),
    attributes: map(object({ document: anything, claims: list(named("Claim")) })),
  }),
  Drift: object({
    id: uuid,
    entry: named("EntryName"),
    attribute: text,
    source: text,
    policy,
    state,
    reported: anything,
    document: anything,
    since: moment,
    age_seconds: whole,
    first_seen: moment,
    observed_at: moment,
    seen: whole,
    place: textOrNull,
    ...decision,
  }),
  Change: object({
    id: uuid,
    state: oneOf(...changeStates),
    title: text,
    description: textOrNull,
    ticket: textOrNull,
    created_by: text,
    created_at: moment,
    apply_at: momentOrNull,
    decided_by: textOrNull,
    decided_at: momentOrNull,
    comment: textOrNull,
    applied_at: momentOrNull,
    changeset: uuidOrNull,
    problems: list(fault),
    items: list(
      object(
        {
          op: oneOf(...changeOps),
          type: text,
          id: uuidOrNull,
          name: textOrNull,
          version: wholeOrNull,
          attributes: map(anything),
        },
        { present: map(anything), present_version: whole },
      ),
    ),
    hidden_items: whole,
  }),
  Breaker: object(breaker),
};

const change = ok(named("Change"));
const decided = ok(named("Claim"));

export const claimAnswers: Readonly<Record<string, Answer>> = {
  "get /sources": ok(
    object({
      sources: list(
        object({
          name: text,
          pack: text,
          label,
          policies: list(
            object(
              { policy, hold: patience, edits: oneOf("allow", "warn", "refuse") },
              { type: text, attributes: list(text) },
            ),
          ),
          absent: list(
            object({ policy, of: text, hold: patience }, { type: text, set: map(anything) }),
          ),
          absent_limit: object({ percent: { type: "number" }, entries: whole }),
          columns: map(map(text)),
        }),
      ),
    }),
  ),
  "post /claims": ok(
    object({
      results: list(
        object(
          { result: oneOf("observed", "created", "unknown", "invalid") },
          { id: uuid, name: text, states: map(state), errors: list(fault) },
        ),
      ),
      snapshots: list(
        object(
          {
            type: text,
            known: whole,
            absent: whole,
            retired: whole,
            deleted: whole,
            failed: list(object({ id: uuid, entry: text, error: text })),
          },
          { refused: text },
        ),
      ),
    }),
  ),
  "post /pushes": ok(
    object({
      results: list(
        object(
          { result: oneOf("noted", "unknown", "invalid") },
          { id: uuid, name: text, attributes: list(text), errors: list(fault) },
        ),
      ),
    }),
  ),
  "get /entries/:id/claims": ok(named("EntryClaims")),
  "get /drifts": ok(object({ drifts: list(named("Drift")) }, { next: text })),
  "post /drifts/:id/approve": decided,
  "post /drifts/:id/reject": decided,
  "post /drifts/:id/enforce": decided,
  "post /drifts/decide": ok(
    object({
      decided: whole,
      failed: whole,
      results: list(either(named("Claim"), object({ id: text, error: text, code: text }))),
    }),
  ),
  "get /conflicts": ok(
    object(
      {
        conflicts: list(
          object({
            entry: named("EntryName"),
            attribute: text,
            document: anything,
            since: moment,
            age_seconds: whole,
            claims: list(named("Claim")),
          }),
        ),
      },
      { next: text },
    ),
  ),
  "post /conflicts/:entry/:attribute/resolve": ok(named("EntryClaims")),
  "post /changes": ok(named("Change"), { status: 201 }),
  "get /changes": ok(object({ changes: list(named("Change")) }, { next: text })),
  "get /changes/:id": change,
  "post /changes/:id/approve": change,
  "post /changes/:id/refuse": change,
  "post /changes/:id/cancel": change,
  "post /changes/:id/apply": change,
  "post /changes/:id/rebase": change,
  "get /breakers": ok(object({ breakers: list(named("Breaker")) })),
  "post /breakers/:id/reset": ok(named("Breaker")),
  "get /expiring": ok(
    object({
      expiring: list(
        object({
          entry: named("EntryName"),
          attribute: text,
          date: { type: "string", format: "date" },
          days_left: whole,
          told: list(whole),
          acknowledged: orNull(object({ by: text, at: moment, note: textOrNull })),
        }),
      ),
    }),
  ),
  "post /entries/:id/expiry/:attribute/acknowledge": ok(
    object({ entry: object({ id: uuid, name: text }), attribute: text, dates: list(text) }),
  ),
  "post /reindex": ok(
    object({
      total: whole,
      looked: whole,
      mended: whole,
      skipped: whole,
      doubles: list(object({ key: text, value: text, holder: uuid, entry: uuid })),
      next: uuidOrNull,
    }),
  ),
};
