/** Trigger types that exist without any pack: StackStorm's `core.st2.*`, and what Raicho itself sees. Schemas are JSON Schema draft-4
 * with StackStorm's `required` on the property. Parameters are closed; payloads may grow. */
import { alertTriggerTypes } from "./alert-triggers.ts";
import { builtin, object, text, type BuiltinTriggerType } from "./builtin-trigger.ts";
import { inventoryTriggerTypes } from "./inventory-triggers.ts";
import { requestTriggerTypes } from "./request-triggers.ts";
import { ticketTriggerTypes } from "./ticket-triggers.ts";

const anything = {} as const;
const zone = { type: "string", description: "Time zone, such as Asia/Tokyo." } as const;

const timerPayload = {
  executed_at: {
    type: "string",
    description: "When it fired, as 2026-01-01 00:00:00.123456+00:00.",
  },
  schedule: { description: "Always null, as in StackStorm." },
};

/** With the bounds of what is given as a number. */
const cronFields: Readonly<
  Record<string, readonly [minimum: number, maximum: number] | undefined>
> = {
  year: undefined,
  month: [1, 12],
  day: [1, 31],
  week: [1, 53],
  day_of_week: [0, 6],
  hour: [0, 23],
  minute: [0, 59],
  second: [0, 59],
};
/** A number, or text in APScheduler's grammar (`0-30`, `mon-fri`, `last`). */
const numberOrText = {
  anyOf: [{ type: "string" }, { type: "integer" }, { type: "null" }],
} as const;

const timers = [
  builtin("core", "st2.IntervalTimer", "Fires again and again after a fixed time.", {
    parameters: {
      unit: {
        type: "string",
        enum: ["weeks", "days", "hours", "minutes", "seconds"],
        required: true,
      },
      delta: { type: "integer", required: true },
      timezone: zone,
    },
    payload: timerPayload,
  }),
  builtin("core", "st2.DateTimer", "Fires once, at a date and time.", {
    parameters: { date: { type: "string", format: "date-time", required: true }, timezone: zone },
    payload: timerPayload,
  }),
  builtin("core", "st2.CronTimer", "Fires whenever all given fields of the calendar match.", {
    parameters: {
      ...Object.fromEntries(
        Object.entries(cronFields).map(([field, bounds]) => [
          field,
          bounds === undefined
            ? numberOrText
            : { ...numberOrText, minimum: bounds[0], maximum: bounds[1] },
        ]),
      ),
      timezone: zone,
    },
    payload: timerPayload,
  }),
];

const requests = [
  builtin("core", "st2.webhook", "A request came in at /v1/webhooks/<url>.", {
    parameters: { url: { type: "string", required: true } },
    payload: { headers: object, headers_lower: object, body: anything },
  }),
  builtin("core", "st2.action.file_written", "A file of an action was written through the API.", {
    payload: { ref: text, file_path: text, host_info: object },
  }),
];

const executions = [
  builtin("core", "st2.generic.actiontrigger", "An action ended.", {
    payload: {
      execution_id: text,
      status: text,
      start_timestamp: text,
      action_name: text,
      action_ref: text,
      runner_ref: text,
      parameters: object,
      result: anything,
    },
  }),
  builtin("core", "st2.generic.notifytrigger", "An execution notifies a route.", {
    payload: {
      execution_id: text,
      status: text,
      start_timestamp: text,
      end_timestamp: text,
      action_ref: text,
      runner_ref: text,
      channel: text,
      route: text,
      message: text,
      data: object,
    },
  }),
  builtin("core", "st2.generic.inquiry", "An inquiry waits for an answer.", {
    payload: { id: text, route: text },
  }),
];

const sensors = ["process_spawn", "process_exit"].map((event) =>
  builtin("core", `st2.sensor.${event}`, "A sensor's process started or ended.", {
    payload: {
      id: text,
      timestamp: anything,
      pid: { type: "integer" },
      cmd: text,
      exit_code: { type: "integer" },
    },
  }),
);

const sensor = { sensor: text, pack: text, class_name: text, host: text } as const;

const sensorTroubles = [
  builtin(
    "core",
    "raicho.sensor.crashlooping",
    "A sensor ends again and again soon after it starts.",
    {
      payload: {
        ...sensor,
        failures: { type: "integer", description: "Quick ends in a row." },
        exit_code: { type: "integer", description: "Negative: the signal that ended it." },
        words: { type: "string", description: "What it printed last." },
        pause_seconds: { type: "number", description: "Until it is started again." },
      },
    },
  ),
  builtin(
    "core",
    "raicho.sensor.recovered",
    "A sensor that was crash-looping has run for a while.",
    {
      payload: sensor,
    },
  ),
];

const loops = [
  builtin(
    "core",
    "raicho.rule.held",
    "A rule fired again and again because of what it had started, and is held off that.",
    {
      payload: {
        event_id: { type: "string", description: "Id of the breaker." },
        rule: text,
        firings: { type: "integer" },
        seconds: { type: "number", description: "Within which it fired so often." },
        hold_seconds: { type: "number", description: "For how long; 0 = until it is reset." },
      },
    },
  ),
];

const datastore = [
  ...["create", "update", "delete"].map((event) =>
    builtin("core", `st2.key_value_pair.${event}`, `A datastore item: ${event}.`, {
      payload: { object },
    }),
  ),
  builtin("core", "st2.key_value_pair.value_change", "The value of a datastore item changed.", {
    payload: { old_object: object, new_object: object },
  }),
];

const mail = ["smtp", "imap"].map((protocol) =>
  builtin("email", `${protocol}.message`, `A mail arrived by ${protocol.toUpperCase()}.`, {
    payload: {
      message_id: text,
      message_key: text,
      subject: text,
      from: text,
      to: text,
      cc: text,
      reply_to: text,
      date: text,
      text,
      html: text,
      headers: { type: "array" },
      attachments: { type: "array" },
      has_attachments: { type: "boolean" },
      raw: text,
      raw_truncated: { type: "boolean" },
      raw_sha256: text,
      parse_error: { description: "Why the mail could not be parsed; null when it was." },
    },
  }),
);

/** By ref. */
export const builtinTriggerTypes: ReadonlyMap<string, BuiltinTriggerType> = new Map(
  [
    ...timers,
    ...requests,
    ...executions,
    ...sensors,
    ...sensorTroubles,
    ...loops,
    ...datastore,
    ...inventoryTriggerTypes,
    ...mail,
    ...requestTriggerTypes,
    ...alertTriggerTypes,
    ...ticketTriggerTypes,
  ].map((type) => [type.ref, type]),
);
