/** What rules hear of the inventory. */
import { builtin, object, text, type BuiltinTriggerType } from "./builtin-trigger.ts";

const oneOrMore = {
  anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }],
} as const;
/** Which events a rule listens to; `rules/inventory-filter.ts` knows what they mean. */
const inventoryFilters = {
  type: { ...oneOrMore, description: "The entry's type, or several." },
  attribute: { ...oneOrMore, description: "Attributes of which one must have changed." },
  not_from: {
    ...oneOrMore,
    description: "Systems whose own changes are not heard (origin.source).",
  },
  reentrant: {
    type: "integer",
    minimum: 0,
    description: "How often the rule may be a cause of its own event; 0 unless said.",
  },
};

const entryEvents = ["created", "updated", "deleted", "restored"].map((event) =>
  builtin("inventory", `entry.${event}`, `An inventory entry was ${event}.`, {
    parameters: inventoryFilters,
    payload: {
      event_id: text,
      at: text,
      type: { type: "string", description: "The entry's type." },
      op: text,
      entry: { type: "object", description: "id, name and version of the entry." },
      changed: { type: "array", description: "Names of the attributes that changed." },
      before: object,
      after: object,
      refs: { type: "object", description: "References that were added and removed, with names." },
      changeset: object,
      origin: { type: "object", description: "Who and what caused the change." },
    },
  }),
);

const claimPayload = {
  event_id: text,
  at: text,
  type: { type: "string", description: "The entry's type." },
  entry: { type: "object", description: "id, type and name of the entry." },
  attribute: text,
  changeset: object,
  origin: { type: "object", description: "Who and what caused it." },
} as const;

const driftEvents = (
  [
    ["detected", "A source reports something else than the inventory says."],
    ["resolved", "A source and the inventory agree again, or somebody decided."],
    ["enforce", "A source is to be made to say what the inventory says."],
  ] as const
).map(([event, description]) =>
  builtin("inventory", `drift.${event}`, description, {
    parameters: inventoryFilters,
    payload: {
      ...claimPayload,
      source: { type: "string", description: "Who reports it." },
      policy: text,
      state: text,
      reported: { description: "What the source says." },
      document: { description: "What the inventory says." },
      observed_at: text,
      first_seen: text,
      since: text,
      place: { type: ["string", "null"], description: "File, sheet and cell." },
    },
  }),
);

const conflictEvents = (["opened", "resolved"] as const).map((event) =>
  builtin("inventory", `conflict.${event}`, `Sources contradict each other: ${event}.`, {
    parameters: inventoryFilters,
    payload: {
      ...claimPayload,
      sides: { type: "array", description: "What is said, by whom, and where." },
      value: { description: "What the inventory says now." },
      decided: { type: ["string", "null"], description: "How it was decided." },
    },
  }),
);

const changeEvents = (
  [
    [
      "proposed",
      "Changes of entries were proposed, or made anew, and wait for somebody to decide.",
    ],
    ["approved", "A proposed change was approved."],
    ["refused", "A proposed change was refused."],
    ["cancelled", "A proposed change was taken back."],
    ["applied", "An approved change was applied."],
    ["blocked", "An approved change could not be applied: something stands against it."],
  ] as const
).map(([event, description]) =>
  builtin("inventory", `change.${event}`, description, {
    payload: {
      event_id: text,
      at: text,
      change: { type: "object", description: "id, title, state, created_by, apply_at, ticket." },
      by: text,
      comment: { type: ["string", "null"] },
      types: { type: "array", description: "Types of the entries." },
      items: { type: "array", description: "What is done to which entry, without values." },
      problems: { type: "array", description: "What stands against it." },
      changeset: object,
      origin: object,
    },
  }),
);

export const inventoryTriggerTypes: readonly BuiltinTriggerType[] = [
  ...entryEvents,
  builtin("inventory", "changeset.committed", "A write or an import is complete.", {
    parameters: { not_from: inventoryFilters.not_from, reentrant: inventoryFilters.reentrant },
    payload: {
      event_id: text,
      at: text,
      types: { type: "array", description: "Types of the entries that changed." },
      counts: { type: "object", description: "By type: how many were created, updated …" },
      changeset: object,
      origin: object,
    },
  }),
  builtin("inventory", "expiry.due", "A date of an entry has come near.", {
    parameters: {
      type: inventoryFilters.type,
      attribute: { ...oneOrMore, description: "Attributes with such dates." },
    },
    payload: {
      event_id: text,
      at: text,
      type: text,
      entry: object,
      attribute: text,
      label: object,
      date: { type: "string", description: "The day, at the site." },
      threshold: {
        type: "integer",
        description: "Days before the date, of the attribute's expiry.",
      },
      days_left: { type: "integer", description: "Negative when the date is over." },
      latest: { type: "boolean", description: "Whether no nearer threshold has been passed." },
      document: object,
    },
  }),
  builtin(
    "inventory",
    "breaker.opened",
    "A rule fired too often on an entry and is held off it until somebody resets it.",
    {
      payload: {
        event_id: { type: "string", description: "Id of the breaker." },
        rule: text,
        entry: object,
        firings: { type: "integer" },
        seconds: { type: "number" },
      },
    },
  ),
  ...driftEvents,
  builtin(
    "inventory",
    "snapshot.refused",
    "So much is missing in a complete report of a source that it was not believed.",
    {
      payload: {
        event_id: text,
        at: text,
        source: text,
        type: text,
        known: { type: "integer", description: "Entries that could be missing." },
        absent: { type: "integer" },
        reason: text,
        origin: object,
      },
    },
  ),
  ...conflictEvents,
  ...changeEvents,
  builtin(
    "inventory",
    "loop.suspected",
    "A change of the inventory came about by a very long chain of causes; no rule heard of it.",
    {
      payload: {
        trigger: { type: "string", description: "The trigger that it would have been." },
        type: text,
        entry: object,
        changeset: object,
        origin: object,
      },
    },
  ),
];
