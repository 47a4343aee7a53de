import { defineAction, type JsonObject } from "raicho/pack";
import { openJira } from "../lib/client.ts";
import { createOnce, howToLook } from "../lib/create.ts";
import { labelsOf, richFields } from "../lib/fields.ts";
import { issueResult } from "../lib/issue.ts";
import type { Config } from "../lib/settings.ts";

interface Parameters {
  readonly summary: string;
  readonly type: string;
  readonly description: string | null;
  readonly project: string | null;
  readonly extra_fields: JsonObject | null;
  readonly assignee: string | null;
  readonly fallback_assignee: string | null;
  readonly idempotency_key: string | null;
  readonly search_first: boolean;
}

/** Answers the issue with `created`, `idempotency_label` and `assignee_note`. */
export const action = defineAction<Parameters, Config>(async (parameters, context) => {
  const jira = await openJira(context.config, context);
  const project = jira.project(parameters.project);
  const type = { name: parameters.type };
  const extra = parameters.extra_fields ?? {};
  const { issue, created, label, assigneeNote } = await createOnce(
    jira,
    {
      project,
      fields: { ...(await richFields(jira, project, type, extra)), issuetype: type },
      summary: parameters.summary,
      description: parameters.description,
      labels: labelsOf(extra),
      assignee: parameters.assignee,
      fallbackAssignee: parameters.fallback_assignee,
      idempotencyKey: parameters.idempotency_key ?? context.idempotencyKey,
      lookFirst: howToLook(parameters, context.attempt),
    },
    context,
  );
  return {
    ...issueResult(jira, issue),
    created,
    idempotency_label: label,
    assignee_note: assigneeNote,
  };
});
