import { defineAction, type JsonObject } from "raicho/pack";
import { openJira } from "../lib/client.ts";
import { createOnce, howToLook } from "../lib/create.ts";
import { labelsOf, richFields, subtaskType } from "../lib/fields.ts";
import { issueResult } from "../lib/issue.ts";
import { object, textOf } from "../lib/json.ts";
import type { Config } from "../lib/settings.ts";

interface Parameters {
  readonly parent: string;
  readonly summary: string;
  readonly type: string | null;
  readonly description: string | null;
  readonly extra_fields: JsonObject | null;
  readonly assignee: string | null;
  readonly fallback_assignee: string | null;
  readonly idempotency_key: string | null;
  readonly search_first: boolean;
}

/** Answers the sub-task with `parent`, `created`, `idempotency_label` and `assignee_note`. */
export const action = defineAction<Parameters, Config>(async (parameters, context) => {
  const jira = await openJira(context.config, context);
  const parent = await jira.get(parameters.parent);
  const project = textOf(object(object(parent["fields"])["project"])["key"]) ?? "";
  const asked = textOf(parameters.type);
  const type = asked === undefined ? await subtaskType(jira, project) : { name: asked };
  const extra = parameters.extra_fields ?? {};
  const { issue, created, label, assigneeNote } = await createOnce(
    jira,
    {
      project,
      fields: {
        ...(await richFields(jira, project, type, extra)),
        issuetype: type,
        parent: { key: parent["key"] },
      },
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
    parent: parent["key"],
    created,
    idempotency_label: label,
    assignee_note: assigneeNote,
  };
});
