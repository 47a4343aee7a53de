/**
 * Creates an issue once.
 *
 * 1. Every issue carries a label made of the idempotency key, set by the same request that creates it.
 * 2. Whenever an earlier request may have created it (a later attempt, a lost answer), JIRA is searched for the label first, for as long
 *    as its search may lag behind, and what is found is read back before it is believed.
 * 3. An assignee that JIRA does not take never prevents the ticket: the fallback is tried, then nobody, and the ticket says why.
 */
import { createHash } from "node:crypto";
import type { ActionContext, JsonObject } from "raicho/pack";
import { createFitting } from "./fitting.ts";
import type { Jira } from "./client.ts";
import { Unsure } from "./http.ts";
import { list, object, textOf } from "./json.ts";
import { wordsFor } from "./words.ts";

export interface NewIssue {
  readonly project: string;
  /** Everything but labels, description and assignee, in JIRA's form. */
  readonly fields: JsonObject;
  readonly summary: string;
  readonly description: string | null;
  readonly labels: readonly string[];
  readonly assignee: string | null;
  readonly fallbackAssignee: string | null;
  readonly idempotencyKey: string;
  /** How hard to look for it first: an earlier request may have made it a moment ago, another execution long ago. */
  readonly lookFirst: "no" | "once" | "long";
}

export interface CreatedIssue {
  readonly issue: JsonObject;
  readonly created: boolean;
  readonly label: string;
  readonly assigneeNote: string | null;
}

interface Marked {
  readonly project: string;
  readonly label: string;
}

/** Milliseconds between looks for an issue that the search may not show yet: 6 s in all. */
const looks = [0, 500, 1_000, 1_500, 3_000];
const creations = 3;

export function labelOf(idempotencyKey: string): string {
  return `raicho-${createHash("sha256").update(idempotencyKey).digest("hex").slice(0, 16)}`;
}

export async function createOnce(
  jira: Jira,
  wanted: NewIssue,
  context: Pick<ActionContext, "sleep" | "log">,
): Promise<CreatedIssue> {
  const label = labelOf(wanted.idempotencyKey);
  const found = await findByLabel(
    jira,
    { project: wanted.project, label },
    looksFor(wanted),
    context,
  );
  if (found) return { issue: found, created: false, label, assigneeNote: null };
  const people = [wanted.assignee, wanted.fallbackAssignee].flatMap((name) => textOf(name) ?? []);
  const { made, note } = await createFitting(
    jira,
    {
      ...wanted,
      label,
      lenient: false,
      words: wordsFor({}),
      people: people.map((text) => ({ text, name: text })),
    },
    (fields) => createOrFind(jira, { fields, project: wanted.project, label }, context),
  );
  return { issue: made, created: true, label, assigneeNote: note };
}

async function createOrFind(
  jira: Jira,
  { fields, project, label }: Marked & { readonly fields: JsonObject },
  context: Pick<ActionContext, "sleep" | "log">,
): Promise<JsonObject> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await jira.get(await jira.create(fields));
    } catch (error) {
      if (!(error instanceof Unsure)) throw error;
      context.log.warn(error.message);
      const found = await findByLabel(jira, { project, label }, looks, context);
      if (found) return found;
      if (tries >= creations) throw error;
    }
  }
}

function looksFor({ lookFirst }: NewIssue): readonly number[] {
  if (lookFirst === "no") return [];
  return lookFirst === "once" ? [0] : looks;
}

export async function findByLabel(
  jira: Jira,
  { project, label }: Marked,
  delays: readonly number[],
  { sleep }: Pick<ActionContext, "sleep">,
): Promise<JsonObject | undefined> {
  for (const ms of delays) {
    if (ms > 0) await sleep(ms);
    const hits = await jira.search(
      `project = ${quoted(project)} AND labels = ${quoted(label)} ORDER BY created ASC`,
      0,
      5,
    );
    for (const hit of hits) {
      const issue = await jira.find(textOf(hit["key"]) ?? "");
      if (issue && list(object(issue["fields"])["labels"]).includes(label)) return issue;
    }
  }
  return undefined;
}

/** A JQL string. */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** How hard to look before creating, from the action's parameters and its attempt. */
export function howToLook(
  parameters: { readonly idempotency_key: string | null; readonly search_first: boolean },
  attempt: number,
): NewIssue["lookFirst"] {
  if (parameters.search_first || attempt > 1) return "long";
  return parameters.idempotency_key === null ? "no" : "once";
}
