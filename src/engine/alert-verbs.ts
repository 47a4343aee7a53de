/** Actions of the pack `alert` on alerts as a whole. */
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { RunCall } from "../runners/runner.ts";
import type { Alerts, Doing } from "./alerts.ts";

type AlertVerb = (alerts: Alerts, call: RunCall) => Promise<unknown>;

export const alertVerbs: Readonly<Record<string, AlertVerb>> = {
  receive: (alerts, { parameters, executionId }) => alerts.receive(parameters, executionId),
  list: async (alerts, { parameters }) => {
    const { limit, held } = parameters;
    const filter = {
      ...Object.fromEntries(
        ["day", "status", "source", "host", "urgency", "ticket"].map((name) => [
          name,
          text(parameters, name),
        ]),
      ),
      held: typeof held === "boolean" ? held : undefined,
    };
    const page = { limit: typeof limit === "number" ? limit : 100, offset: 0 };
    return { alerts: await alerts.list(filter, page) };
  },
  acknowledge: (alerts, call) => {
    const ticket = text(call.parameters, "ticket");
    return ticket === undefined
      ? alerts.acknowledge(needed(call.parameters, "id"), doing(call))
      : alerts.acknowledgeTicket(ticket, doing(call));
  },
  resolve: (alerts, call) => alerts.resolve(needed(call.parameters, "id"), doing(call)),
  silence_add: (alerts, call) =>
    alerts.addSilence(call.parameters, { by: doing(call).by, id: call.executionId }),
  silence_expire: (alerts, { parameters }) => alerts.expireSilence(needed(parameters, "id")),
  silence_list: async (alerts, { parameters }) => ({
    silences: await alerts.silences(parameters["ended"] === true, { limit: 1_000, offset: 0 }),
  }),
  replay: (alerts, { parameters, executionId }) => {
    const message = text(parameters, "message");
    const filter = {
      unparsed: parameters["unparsed"] === true,
      since: moment(parameters, "since"),
      until: moment(parameters, "until"),
    };
    if (message === undefined && !filter.unparsed && filter.since === undefined)
      throw new AppError("PARAMETERS_INVALID", ["replay what? Give message, since, or unparsed"]);
    const how = { again: parameters["again"] === true, dryRun: parameters["dry_run"] === true };
    return alerts.replay({ message, filter }, { ...how, key: executionId });
  },
};

/** In whose name an action runs: said, or whose execution it is. */
function doing({ parameters, context, executionId }: RunCall): Doing {
  const user = isObject(context) ? context["user"] : undefined;
  return {
    by: text(parameters, "by") ?? (typeof user === "string" ? user : "stanley"),
    comment: text(parameters, "comment") ?? "",
    key: executionId,
  };
}

function text(parameters: JsonObject, name: string): string | undefined {
  const value = parameters[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function needed(parameters: JsonObject, name: string): string {
  const value = text(parameters, name);
  if (value === undefined) throw new AppError("PARAMETERS_INVALID", [`${name} is missing`]);
  return value;
}

function moment(parameters: JsonObject, name: string): Date | undefined {
  const value = text(parameters, name);
  if (value === undefined) return undefined;
  const at = new Date(value);
  if (!Number.isNaN(at.getTime())) return at;
  throw new AppError("PARAMETERS_INVALID", [
    `${name}: "${value}" is no time such as 2026-11-21T00:00:00+09:00`,
  ]);
}
