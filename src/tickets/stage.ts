/** Where the work at a ticket stands, from the tracker's own words. */
import { isObject, type JsonObject } from "../model/json.ts";

export const ticketStages = ["open", "in_progress", "fixed", "closed"] as const;
export type TicketStage = (typeof ticketStages)[number];

/** The tracker's names of each stage, as `statuses` of the configuration has them: a name, or several. */
export function statusNames(statuses: unknown, stage: string): readonly string[] {
  const value = isObject(statuses) ? statuses[stage] : undefined;
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.map(String) : [];
}

/** `category` = JIRA's: `new`, `indeterminate` or `done`. Names of the configuration count first. */
export function stageOf(
  { status, category }: { readonly status: string; readonly category: string },
  statuses: JsonObject,
): TicketStage {
  const same = (name: string): boolean => name.toLowerCase() === status.toLowerCase();
  const named = ticketStages.find((stage) => statusNames(statuses, stage).some(same));
  if (named !== undefined) return named;
  if (category === "done") return "closed";
  return category === "indeterminate" ? "in_progress" : "open";
}
