/** Answers about types, saved filters, and what somebody may do. */
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
  orNull,
  text,
  textOrNull,
  uuid,
  whole,
  type Answer,
  type Schema,
} from "./answer-schemas.ts";
import { inventoryVerbs } from "../model/inventory-grants.ts";

const label = map(text);
const attribute = object(
  {
    name: text,
    label,
    description: anything,
    type: text,
    required: flag,
    default: anything,
    pattern: textOrNull,
    min: anything,
    max: anything,
    index: textOrNull,
    scope: textOrNull,
    convert: textOrNull,
    expiry: list(whole),
    aliases: list(text),
    authority: list(text),
    search: flag,
    impact: flag,
    computed: orNull(object({ expression: text, stored: flag })),
    renamed_from: list(text),
  },
  { items: text, to: list(text), on_delete: text, values: map(label) },
);
const filter = object(
  {
    name: text,
    owner: text,
    shared: flag,
    protected: flag,
    version: whole,
    created_at: moment,
    updated_at: moment,
  },
  { type: anything, where: anything, description: anything, sort: anything, select: anything },
);
const names = either(oneOf("all"), list(text));
const verbs = list(
  object({
    verb: oneOf(...inventoryVerbs),
    allowed: oneOf("yes", "some", "no"),
    attributes: names,
    by: list(whole),
    why: text,
  }),
);
const typeHead = {
  name: text,
  pack: text,
  label,
  description: anything,
  schema_version: whole,
};
const changed = ok(named("TypeChange"), { also: [201] });
const savedFilter = object({
  result: oneOf("created", "updated", "unchanged"),
  filter: named("Filter"),
});

export const typeSchemas: Readonly<Record<string, Schema>> = {
  Filter: filter,
  Type: object({
    ...typeHead,
    title: text,
    keys: list(object({ name: text, attributes: list(text), unless: textOrNull })),
    host: anything,
    allocate: anything,
    attributes: list(attribute),
    validate: list(object({ assert: text, message: anything }, { attribute: text })),
    views: list(map(anything)),
  }),
  TypeChange: object({
    result: oneOf("created", "updated", "unchanged", "deleted"),
    dry_run: flag,
    type: text,
    file: textOrNull,
    schema_version: whole,
    steps: list(text),
    migration: orNull(
      object({
        checked: whole,
        changed: whole,
        unfit: whole,
        misfits: list(object({ id: uuid, name: text, problems: list(map(anything)) })),
        entries: whole,
        seconds: whole,
      }),
    ),
  }),
};

export const typeAnswers: Readonly<Record<string, Answer>> = {
  "get /access": ok(
    object({
      user: text,
      roles: list(text),
      unlimited: textOrNull,
      type: textOrNull,
      entry: orNull(object({ id: uuid, name: text })),
      attribute: textOrNull,
      verbs,
      types: list(object({ type: text, verbs })),
      grants: list(
        object({
          grant: whole,
          role: textOrNull,
          from: text,
          types: list(text),
          may: list(text),
          applies: orNull(oneOf("yes", "some", "no")),
          attributes: orNull(names),
          where: anything,
          entries: orNull(list(anything)),
          hidden_entries: whole,
          why: text,
        }),
      ),
    }),
  ),
  "get /types": ok(object({ types: list(object({ ...typeHead, entries: whole })) })),
  "get /types/:type": ok(named("Type")),
  "get /types/:type/definition": ok(object({ definition: map(anything), yaml: textOrNull })),
  "get /types/:type/history": ok(
    object({
      changes: list(
        object({
          name: text,
          pack: text,
          schema_version: whole,
          op: oneOf("created", "updated", "deleted"),
          at: moment,
          actor: textOrNull,
          reason: textOrNull,
          definition: orNull(map(anything)),
        }),
      ),
    }),
  ),
  "get /types/:type/misfits": ok(
    object({
      misfits: list(
        object({ id: uuid, name: text, schema_version: whole, problems: list(map(anything)) }),
      ),
    }),
  ),
  "get /migrations": ok(
    object({
      migrations: list(
        object({
          type: text,
          schema_version: whole,
          state: oneOf("running", "finished", "superseded"),
          total: whole,
          done: whole,
          changed: whole,
          unfit: whole,
          error: textOrNull,
          started_at: moment,
          finished_at: momentOrNull,
        }),
      ),
    }),
  ),
  "put /types/:type": changed,
  "patch /types/:type": changed,
  "delete /types/:type": changed,
  "get /filters": ok(object({ filters: list(named("Filter")) })),
  "get /filters/:name": ok(named("Filter")),
  "get /filters/:name/history": ok(
    object({
      versions: list(
        object(
          {
            version: whole,
            at: moment,
            actor: text,
            op: oneOf("created", "updated", "deleted"),
            name: text,
            shared: flag,
            protected: flag,
            reason: textOrNull,
          },
          {
            type: anything,
            where: anything,
            description: anything,
            sort: anything,
            select: anything,
          },
        ),
      ),
    }),
  ),
  "post /filters": ok(savedFilter, { also: [201] }),
  "put /filters/:name": ok(savedFilter, { also: [201] }),
  "delete /filters/:name": ok(object({ result: oneOf("deleted"), filter: named("Filter") })),
};
