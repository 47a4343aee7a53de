/** Answers about spreadsheets on their way in and out. */
import {
  anything,
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
  uuidOrNull,
  whole,
  type Answer,
  type Schema,
} from "./answer-schemas.ts";

const counts = {
  rows: whole,
  create: whole,
  update: whole,
  unchanged: whole,
  conflict: whole,
  error: whole,
  conflicts: whole,
  undecided: whole,
  locked: whole,
};
const committed = {
  created: whole,
  updated: whole,
  changes: whole,
  failed: list(map(anything)),
};
const sheet = object(
  {},
  {
    sheet: text,
    type: text,
    rows: whole,
    columns: list(object({ heading: text, attribute: text })),
    unread: list(object({ heading: text }, { nearest: text })),
    problem: text,
    left: list(map(anything)),
  },
);
const conflict = object(
  {
    type: text,
    entry: text,
    id: uuidOrNull,
    attribute: text,
    sides: list(object({ sources: list(text), places: list(text) }, { value: anything })),
    decided: textOrNull,
  },
  { locked_by: text },
);
const decision = object(
  { type: text, attribute: text },
  { entry: textOrNull, take: text, value: anything },
);
const staged = {
  id: uuid,
  state: oneOf("staged", "committing", "committed", "reverted", "discarded"),
  created_by: text,
  created_at: moment,
  committed_by: textOrNull,
  committed_at: momentOrNull,
  changeset: uuidOrNull,
  options: object({ newest: flag }, { authority: list(text), override: flag }),
  decisions: list(decision),
  files: list(
    object(
      {
        name: text,
        source: text,
        sha256: text,
        as_of: moment,
        sheets: list(sheet),
        columns: map(text),
      },
      { imported_before: moment },
    ),
  ),
  summary: object(counts, committed),
};
const problem = object(
  {
    cell: text,
    heading: text,
    attribute: text,
    value: anything,
    message: text,
    expected: text,
  },
  { nearest: text },
);

export const importSchemas: Readonly<Record<string, Schema>> = {
  Import: object({ ...staged, conflicts: list(conflict) }),
  ImportProblem: problem,
};

const one = ok(named("Import"));

export const importAnswers: Readonly<Record<string, Answer>> = {
  "post /imports": ok(named("Import"), { status: 201 }),
  "get /imports": ok(object({ imports: list(object(staged)) }, { next: text })),
  "get /imports/:id": one,
  "get /imports/:id/rows": ok(
    object(
      {
        rows: list(
          object({
            number: whole,
            file: text,
            sheet: text,
            row: whole,
            source: text,
            type: text,
            set: map(anything),
            action: oneOf("create", "update", "unchanged", "conflict", "error"),
            entry: orNull(object({ id: uuidOrNull, name: text })),
            changes: list(
              object({ attribute: text }, { before: anything, after: anything, locked_by: text }),
            ),
            problems: list(named("ImportProblem")),
          }),
        ),
      },
      { next: whole },
    ),
  ),
  "post /imports/:id/decisions": one,
  "post /imports/:id/commit": ok(
    object({ ...staged, conflicts: list(conflict), result: object(committed) }),
  ),
  "post /imports/:id/revert": one,
  "delete /imports/:id": one,
  "get /export": { status: 200, schema: text, contentType: "text/csv" },
  "post /export": { status: 200, schema: text, contentType: "text/csv" },
};
