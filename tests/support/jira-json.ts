/** How the fake JIRA shows what it holds. */
import {
  issueTypes,
  people,
  personOf,
  statuses,
  type Attachment,
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
  const attachment = ({ id, filename, content, created }: Attachment): Json => ({
    id,
    filename,
    created,
    size: content.length,
    content: `${world.base}/attachment/${id}`,
  });
  const shortIssue = (key: string): Json => {
    const other = world.issues.get(key);
    const fields = { summary: other?.values["summary"], status: status(other?.status ?? "To Do") };
    return { id: other?.id, key, fields };
  };
  const link = ({ type, inward, outward }: Issue["links"][number], index: number): Json => ({
    id: String(7_000 + index),
    type: { id: "1", name: type, inward: "relates to", outward: "relates to" },
    ...(inward === undefined ? {} : { inwardIssue: shortIssue(inward) }),
    ...(outward === undefined ? {} : { outwardIssue: shortIssue(outward) }),
  });
  /** Newest first, as Cloud does it. */
  const changelog = ({ moves }: Issue): Json => ({
    startAt: 0,
    maxResults: moves.length,
    total: moves.length,
    histories: moves.toReversed().map(({ id, by, created, from, to }) => ({
      id,
      created,
      author: person(by),
      items: [
        { field: "status", fieldtype: "jira", from: "1", fromString: from, to: "2", toString: to },
      ],
    })),
  });
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
      issuelinks: one.links.map(link),
      attachment: one.attachments.map(attachment),
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
  return {
    person,
    status,
    comment,
    attachment,
    changelog,
    editField,
    createField,
    issue,
    listed,
    issueTypes,
  };
}
