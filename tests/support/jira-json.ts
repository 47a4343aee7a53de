/** How the fake JIRA shows what it holds. */
import {
  issueTypes,
  people,
  personOf,
  statuses,
  type Comment,
  type Field,
  type Issue,
  type Person,
  type Rules,
  type Status,
} from "./jira-world.ts";

export interface World {
  readonly issues: Map<string, Issue>;
  /** Milliseconds for which searches do not see a new issue. */
  lagMs: number;
  base: string;
}

export type Json = Record<string, unknown>;

export const keyOf = (value: unknown): string | undefined => {
  const key = (value as Json | null | undefined)?.["key"];
  return typeof key === "string" ? key : undefined;
};

const status = (name: Status): Json => ({
  id: String(Object.keys(statuses).indexOf(name) + 1),
  name,
  statusCategory: { key: statuses[name] },
});

const editField = ({ id, name, required = false, schema }: Field): Json => ({
  key: id,
  name,
  required,
  schema,
  operations: ["set"],
  hasDefaultValue: false,
});

export function jiraJson(world: World, { cloud }: Rules) {
  const person = (one: Person | undefined): Json | undefined => {
    if (!one) return undefined;
    const { accountId, name, emailAddress, displayName } = one;
    return cloud
      ? { accountId, accountType: "atlassian", displayName, active: true }
      : { name, key: name, emailAddress, displayName, active: true };
  };
  const comment = ({ id, body, created }: Comment): Json => ({
    id,
    body,
    created,
    author: person(people[0]),
  });
  const createField = (field: Field): Json => ({ ...editField(field), fieldId: field.id });
  const subtasks = (key: string): Json[] =>
    [...world.issues.values()]
      .filter(({ values }) => keyOf(values["parent"]) === key)
      .map((one) => ({ id: one.id, key: one.key, fields: { summary: one.values["summary"] } }));
  const issue = (one: Issue): Json => ({
    id: one.id,
    key: one.key,
    self: `${world.base}/rest/api/${cloud ? 3 : 2}/issue/${one.id}`,
    fields: {
      ...one.values,
      project: { id: "10000", key: "OPS", name: "Operations" },
      issuetype: one.type,
      status: status(one.status),
      labels: one.values["labels"] ?? [],
      reporter: person(people[0]),
      assignee: person(personOf(one.values["assignee"], cloud)) ?? null,
      created: one.created,
      updated: one.updated,
      resolution: one.status === "Done" ? { id: "1", name: "Done" } : null,
      subtasks: subtasks(one.key),
      comment: { comments: one.comments.map(comment), total: one.comments.length },
    },
  });
  /** Cloud and Data Center name the list differently. */
  const listed = (name: string, values: readonly unknown[]): Json => ({
    startAt: 0,
    maxResults: 200,
    total: values.length,
    [cloud ? name : "values"]: values,
  });
  return { person, status, comment, editField, createField, issue, listed, issueTypes };
}
