/** What the routes below `/api/v2/inventory` answer, as the OpenAPI document says it: each by its method and path. */
import {
  anything,
  either,
  flag,
  list,
  map,
  moment,
  momentOrNull,
  named,
  object,
  ok,
  oneOf,
  text,
  textOrNull,
  uuid,
  uuidOrNull,
  whole,
  type Answer,
  type Schema,
} from "./answer-schemas.ts";
import { claimAnswers, claimSchemas } from "./inventory-answers-claims.ts";
import { deployAnswers } from "./inventory-answers-deploy.ts";
import { importAnswers, importSchemas } from "./inventory-answers-imports.ts";
import { typeAnswers, typeSchemas } from "./inventory-answers-types.ts";

const reference = object({ id: uuid, type: text, name: text }, { label: text });
const entry = {
  id: uuid,
  type: text,
  name: text,
  version: whole,
  attributes: map(anything),
  references: map(either(reference, list(reference))),
  created_at: moment,
  updated_at: moment,
  deleted_at: momentOrNull,
};
const change = object({ attribute: text }, { before: anything, after: anything });
const operation = oneOf("created", "updated", "deleted", "restored");
const changeset = {
  id: uuid,
  at: moment,
  actor: text,
  kind: text,
  source: textOrNull,
  reason: textOrNull,
  ticket: textOrNull,
  execution: textOrNull,
  size: whole,
  reverts: uuidOrNull,
  reverted_by: uuidOrNull,
};
/** By name, for `#/components/schemas`. */
export const inventorySchemas: Readonly<Record<string, Schema>> = {
  Entry: object(entry),
  EntryName: object({ id: uuid, type: text, name: text }),
  EntryPage: object(
    { entries: list(object(entry, { values: map(anything) })) },
    {
      next: text,
      count: object({ value: whole, exact: flag }),
      facets: map(list(object({ value: anything, count: whole }))),
    },
  ),
  PastEntry: object({
    id: uuid,
    type: text,
    name: text,
    version: whole,
    at: moment,
    deleted: flag,
    attributes: map(anything),
    references: map(list(reference)),
  }),
  Written: object(
    {
      result: oneOf("created", "updated", "unchanged", "deleted", "restored"),
      entry: named("Entry"),
    },
    { locked: list(named("Lock")) },
  ),
  Lock: object({
    attribute: text,
    locked_by: text,
    edits: oneOf("warn", "refuse"),
    policy: text,
    value: anything,
    observed_at: moment,
    message: text,
  }),
  Changeset: object(changeset),
  ...claimSchemas,
  ...importSchemas,
  ...typeSchemas,
};

const entries: Readonly<Record<string, Answer>> = {
  "get /entries": ok(named("EntryPage")),
  "post /search": ok(named("EntryPage")),
  "get /entries/:id": ok(named("Entry")),
  "get /entries/:id/members": ok(named("EntryPage")),
  "post /entries": ok(named("Written"), { status: 201 }),
  "patch /entries/:id": ok(named("Written")),
  "delete /entries/:id": ok(named("Written")),
  "post /entries/:id/restore": ok(named("Written")),
  "post /entries/:id/revert": ok(named("Written")),
  "post /upsert": ok(
    object({
      results: list(
        object(
          { result: oneOf("created", "updated", "unchanged", "ambiguous", "conflict", "invalid") },
          {
            id: uuid,
            name: text,
            version: whole,
            changed: list(text),
            locked: list(named("Lock")),
            error: text,
            details: map(anything),
          },
        ),
      ),
    }),
  ),
  "post /allocate": ok(object({ entries: list(named("Entry")) }), { status: 201 }),
  "get /available": ok(object({ values: list({ type: ["string", "integer"] }) })),
  "post /entries/:id/clone": ok(
    object({
      changeset: uuidOrNull,
      copies: list(
        object({
          id: uuid,
          type: text,
          name: text,
          of: object({ id: uuid, name: text }),
          attributes: map(anything),
        }),
      ),
    }),
    { also: [201] },
  ),
};

const past: Readonly<Record<string, Answer>> = {
  "get /entries/:id/history": ok(
    object({
      revisions: list(
        object({
          version: whole,
          at: moment,
          op: operation,
          name: text,
          actor: text,
          reason: textOrNull,
          ticket: textOrNull,
          cause: object({
            kind: text,
            source: textOrNull,
            execution: textOrNull,
            rule_chain: list(text),
          }),
          changeset: uuid,
          changes: list(change),
          names: map(text),
        }),
      ),
    }),
  ),
  "get /entries/:id/diff": ok(
    object({ from: whole, to: whole, changes: list(change), names: map(text) }),
  ),
  "get /entries/:id/versions/:version": ok(named("PastEntry")),
  "get /entries/:id/at/:moment": ok(named("PastEntry")),
  "get /changesets": ok(object({ changesets: list(named("Changeset")) }, { next: text })),
  "get /changesets/:id": ok(
    object(
      {
        ...changeset,
        entries: list(
          object({
            id: uuid,
            type: text,
            name: text,
            op: operation,
            version: whole,
            changes: list(change),
          }),
        ),
      },
      { next: text },
    ),
  ),
  "post /changesets/:id/revert": ok(object({ changes: whole })),
};

export const inventoryAnswers: Readonly<Record<string, Answer>> = {
  ...entries,
  ...past,
  ...deployAnswers,
  ...claimAnswers,
  ...importAnswers,
  ...typeAnswers,
};
