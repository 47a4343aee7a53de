/** What rules hear of alerts. docs/alerts.md tells when. */
import { builtin, object, text } from "./builtin-trigger.ts";

const alert = {
  id: { type: "string", description: "Names the alert of a day for people." },
  source: text,
  source_ref: text,
  class: text,
  status: text,
  severity: text,
  urgency: { type: "string", description: "immediate or business_day." },
  urgency_rule: { description: "The rule that decided the urgency, or null." },
  host_raw: text,
  entity_id: { description: "The machine's entry in the inventory, or null." },
  entity: { description: "The same as {id, type, name}, or null." },
  owner: { description: "Who answers for it: {kind, via, person, team, leader}." },
  belongs_to: { type: "array", description: "Service, node set … of the machine: ids and names." },
  service: text,
  summary: text,
  detail: text,
  occurred_at: text,
  labels: object,
  fingerprint: text,
  group_key: { type: "string", description: "The group it belongs to; its fingerprint when none." },
  first_at: { type: "string", description: "When the first report of that day happened." },
  last_at: { type: "string", description: "When the latest report happened." },
  received_at: text,
  raw_ref: text,
  day: { type: "string", description: "Calendar day of the alert in the site's time zone." },
  count: { type: "integer", description: "Reports of this alert on that day." },
  ticket: { description: "The ticket of this alert and day, or null." },
  previous_ticket: { description: "For a new alert: the ticket of an earlier record, or null." },
  earlier_tickets: {
    type: "array",
    description: "For a recovery: tickets of earlier days that are over with it.",
  },
  previous_urgency: { description: "Of the report before, or null." },
  previous_severity: { description: "Of the report before, or null." },
  reopened: { type: "boolean", description: "It had been resolved and is open again." },
  released: {
    type: "boolean",
    description: "It was held back (silence, maintenance …) until now.",
  },
  suppressed_by: {
    type: "array",
    description: "Why rules do not hear of it: [{by, name, source}].",
  },
  flapping: { type: "boolean" },
  mail: object,
};

const events = [
  ["firing", "An alert is new."],
  ["repeated", "A known alert was reported again."],
  ["resolved", "An alert is over."],
  [
    "suppressed",
    "An alert is held back by a silence, maintenance, another alert, or because it flaps.",
  ],
  ["flapping", "An alert began to change all the time (flapping is true), or stopped (false)."],
  ["source_silent", "Nothing came from a source for too long."],
] as const;

const group = {
  group_key: text,
  rule: { type: "string", description: "The rule that made the group." },
  labels: object,
  count: { type: "integer", description: "Alerts of the group that are open." },
  opened_at: text,
  alerts: { type: "array", description: "The first hundred of them." },
};

const groupEvents = [
  ["opened", "Alerts of a new group, together."],
  ["updated", "Alerts came to a group, or left it."],
  ["repeated", "A group stands unchanged for long."],
  ["closed", "No alert of the group is open."],
] as const;

export const alertTriggerTypes = [
  ...events.map(([event, description]) => builtin("alert", event, description, { payload: alert })),
  ...groupEvents.map(([event, description]) =>
    builtin("alert", `group.${event}`, description, { payload: group }),
  ),
  builtin("alert", "acknowledged", "Somebody looks after an alert.", {
    payload: {
      ...alert,
      by: text,
      comment: text,
      noted_in: { type: "string", description: "raicho, or the monitor that said so." },
    },
  }),
  builtin("alert", "unparsed", "A message came that no alert parser knows.", {
    payload: { ...alert, reason: {}, text, raw_ref: text },
  }),
];
