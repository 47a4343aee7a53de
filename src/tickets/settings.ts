/** What `<configs>/ticket.yaml` says, with what counts where it says nothing. */
import { isObject, type JsonObject } from "../model/json.ts";

export type Language = "ja" | "en";

export interface TicketSettings {
  /** The pack that talks to the tracker: it has an action `ticket`. */
  readonly backend: string;
  readonly language: Language;
  /** Tickets that one process works at at once. */
  readonly lanes: number;
  /** How long a ticket whose answer was lost is looked for before it is made again, in seconds. */
  readonly settleSeconds: number;
  /** Updates of the same kind of one ticket are at least so many seconds apart. */
  readonly coalesceSeconds: number;
  /** `real_time` of the configuration: raise.ts reads it. */
  readonly realTime: unknown;
  /** `review` of the configuration: review.ts reads it. */
  readonly review: unknown;
  /** `survey` of the configuration: review.ts reads it. */
  readonly survey: unknown;
  /** `knowledge` of the configuration: review.ts reads it. */
  readonly knowledge: unknown;
  /** How often the tracker is read. */
  readonly pollSeconds: number;
  /** Given to the backend with every call: project, type, statuses, language … */
  readonly defaults: JsonObject;
}

export function ticketSettings(config: JsonObject): TicketSettings {
  const { defaults, statuses } = config;
  const language = config["language"] === "ja" ? "ja" : "en";
  return {
    backend: text(config["backend"]) ?? "jira",
    language,
    lanes: number(config["lanes"], 4),
    settleSeconds: number(config["settle_seconds"], 60),
    coalesceSeconds: number(config["coalesce_seconds"], 30),
    realTime: config["real_time"],
    review: config["review"],
    survey: config["survey"],
    knowledge: config["knowledge"],
    pollSeconds: Math.max(1, number(config["poll_seconds"], 60)),
    defaults: {
      language,
      ...(isObject(defaults) ? defaults : {}),
      ...(isObject(statuses) ? { statuses } : {}),
    },
  };
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function number(value: unknown, otherwise: number): number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : otherwise;
}
