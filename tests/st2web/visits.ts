/** What people do in the console, step by step. Each answers what was seen, and throws when it is something else. */
import { actionVisits } from "./visit-actions.ts";
import { contentVisits } from "./visit-content.ts";
import { historyVisits } from "./visit-history.ts";
import type { Step } from "./visit.ts";
import { workflowVisits } from "./visit-workflows.ts";

/** The first opens the console; the others need nothing but that. */
export const visits: readonly Step[] = [
  ...historyVisits,
  ...actionVisits,
  ...contentVisits,
  ...workflowVisits,
];
