/** What the fake JIRA holds: one project with its types, fields, people, work flow and issues. */
export interface Person {
  readonly accountId: string;
  readonly name: string;
  readonly emailAddress: string;
  readonly displayName: string;
  /** Whether issues can be assigned to them. */
  readonly assignable: boolean;
}

export const people: readonly Person[] = [
  {
    accountId: "5b10ac8d82e05b22cc7d4e01",
    name: "raicho",
    emailAddress: "raicho@example.com",
    displayName: "Raicho",
    assignable: true,
  },
  {
    accountId: "5b10ac8d82e05b22cc7d4e02",
    name: "alice",
    emailAddress: "alice@example.com",
    displayName: "Alice 山田",
    assignable: true,
  },
  {
    accountId: "5b10ac8d82e05b22cc7d4e03",
    name: "leader",
    emailAddress: "leader@example.com",
    displayName: "The Leader",
    assignable: true,
  },
  {
    accountId: "5b10ac8d82e05b22cc7d4e04",
    name: "gone",
    emailAddress: "gone@example.com",
    displayName: "Gone Person",
    assignable: false,
  },
  // Found by the search for people, but refused when an issue is created: permissions changed in between.
  {
    accountId: "5b10ac8d82e05b22cc7d4e05",
    name: "blocked",
    emailAddress: "blocked@example.com",
    displayName: "Blocked Person",
    assignable: true,
  },
];
export const blockedName = "blocked";

export const issueTypes = [
  { id: "10001", name: "Task", subtask: false },
  { id: "10002", name: "Bug", subtask: false },
  { id: "10003", name: "サブタスク", subtask: true },
] as const;

export const statuses = {
  "To Do": "new",
  "In Progress": "indeterminate",
  Fixed: "indeterminate",
  Done: "done",
} as const;
export type Status = keyof typeof statuses;

export const transitions: readonly {
  id: string;
  name: string;
  from: readonly Status[];
  to: Status;
}[] = [
  { id: "11", name: "Start Progress", from: ["To Do"], to: "In Progress" },
  { id: "21", name: "Resolve", from: ["To Do", "In Progress"], to: "Done" },
  { id: "31", name: "Reopen", from: ["Done"], to: "To Do" },
  { id: "41", name: "Fix", from: ["In Progress"], to: "Fixed" },
  { id: "51", name: "Close", from: ["Fixed"], to: "Done" },
  { id: "61", name: "Send back", from: ["Fixed"], to: "In Progress" },
  { id: "71", name: "Ask for review", from: ["Done"], to: "Fixed" },
];

export interface Field {
  readonly id: string;
  readonly name: string;
  readonly kind:
    | "text"
    | "line"
    | "rich"
    | "labels"
    | "named"
    | "named-list"
    | "user"
    | "issue"
    | "number"
    | "date";
  readonly required?: boolean;
  readonly allowed?: readonly string[];
  readonly subtaskOnly?: boolean;
  readonly onlyOnCreate?: boolean;
  readonly schema: {
    readonly type: string;
    readonly system?: string;
    readonly custom?: string;
    readonly items?: string;
    readonly customId?: number;
  };
}

const custom = (id: number, type: string, more = {}) => ({
  customId: id,
  custom: `com.atlassian.jira.plugin.system.customfieldtypes:${type}`,
  ...more,
});

export const fields: readonly Field[] = [
  {
    id: "project",
    name: "Project",
    kind: "named",
    required: true,
    onlyOnCreate: true,
    schema: { type: "project", system: "project" },
  },
  {
    id: "issuetype",
    name: "Issue Type",
    kind: "named",
    required: true,
    onlyOnCreate: true,
    schema: { type: "issuetype", system: "issuetype" },
  },
  {
    id: "summary",
    name: "Summary",
    kind: "line",
    required: true,
    schema: { type: "string", system: "summary" },
  },
  {
    id: "description",
    name: "Description",
    kind: "rich",
    schema: { type: "string", system: "description" },
  },
  {
    id: "labels",
    name: "Labels",
    kind: "labels",
    schema: { type: "array", items: "string", system: "labels" },
  },
  {
    id: "priority",
    name: "Priority",
    kind: "named",
    allowed: ["High", "Medium", "Low"],
    schema: { type: "priority", system: "priority" },
  },
  {
    id: "components",
    name: "Components",
    kind: "named-list",
    allowed: ["DNS", "Web", "Mail", "Monitoring"],
    schema: { type: "array", items: "component", system: "components" },
  },
  { id: "assignee", name: "Assignee", kind: "user", schema: { type: "user", system: "assignee" } },
  { id: "duedate", name: "Due date", kind: "date", schema: { type: "date", system: "duedate" } },
  {
    id: "parent",
    name: "Parent",
    kind: "issue",
    required: true,
    subtaskOnly: true,
    onlyOnCreate: true,
    schema: { type: "issuelink", system: "parent" },
  },
  {
    id: "customfield_10010",
    name: "Response log",
    kind: "rich",
    schema: { type: "string", ...custom(10_010, "textarea") },
  },
  {
    id: "customfield_10011",
    name: "Asset tag",
    kind: "line",
    schema: { type: "string", ...custom(10_011, "textfield") },
  },
  {
    id: "customfield_10012",
    name: "Effort",
    kind: "number",
    schema: { type: "number", ...custom(10_012, "float") },
  },
];

export interface Comment {
  readonly id: string;
  readonly body: unknown;
  readonly created: string;
}

export interface Attachment {
  readonly id: string;
  readonly filename: string;
  readonly content: Buffer;
  readonly created: string;
}

export interface Moved {
  readonly id: string;
  readonly by: Person;
  readonly created: string;
  readonly from: Status;
  readonly to: Status;
}

export interface Issue {
  readonly id: string;
  readonly key: string;
  readonly type: (typeof issueTypes)[number];
  readonly values: Record<string, unknown>;
  readonly comments: Comment[];
  readonly attachments: Attachment[];
  readonly moves: Moved[];
  readonly links: { readonly type: string; readonly inward?: string; readonly outward?: string }[];
  readonly properties: readonly unknown[];
  /** performance.now() when it was created: the search lags behind it. */
  readonly born: number;
  readonly created: string;
  updated: string;
  status: Status;
}

export interface Rules {
  readonly cloud: boolean;
  /** Undefined when Atlassian's documents are not at hand. */
  readonly isDocument: ((value: unknown) => boolean) | undefined;
}

/** JIRA's words per field when these values cannot be set. */
export function faultsOf(
  values: Readonly<Record<string, unknown>>,
  known: readonly Field[],
  rules: Rules,
): Record<string, string> {
  const faults: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const field = known.find(({ id }) => id === name);
    const fault = field
      ? fieldFault(field, value, rules)
      : `Field '${name}' cannot be set. It is not on the appropriate screen, or unknown.`;
    if (fault !== undefined) faults[name] = fault;
  }
  return faults;
}

export function personOf(value: unknown, cloud: boolean): Person | undefined {
  const id = (value as Record<string, unknown> | null)?.[cloud ? "accountId" : "name"];
  return people.find((person) => person[cloud ? "accountId" : "name"] === id);
}

type Check = (value: unknown, field: Field, rules: Rules) => string | undefined;

const checks: Record<Field["kind"], Check> = {
  text: (value) => (typeof value === "string" ? undefined : "Operation value must be a string"),
  line(value, { id }) {
    if (typeof value !== "string") return "Operation value must be a string";
    if (/[\r\n]/.test(value)) return `The ${id} is invalid because it contains newline characters.`;
    return value.length > 255 ? `${id} must be less than 255 characters.` : undefined;
  },
  rich(value, field, rules) {
    if (!rules.cloud) return checks.text(value, field, rules);
    const document = typeof value === "object" && (rules.isDocument?.(value) ?? true);
    return document
      ? undefined
      : "Operation value must be an Atlassian Document (see the Atlassian Document Format)";
  },
  labels(value) {
    if (!Array.isArray(value)) return "data was not an array";
    const wrong = value.find((label) => typeof label !== "string" || /\s/.test(label));
    return wrong === undefined
      ? undefined
      : `The label '${String(wrong)}' contains spaces which is invalid.`;
  },
  named(value, { allowed }) {
    const { id, name, key } = (value ?? {}) as Record<string, unknown>;
    if (id === undefined && name === undefined && key === undefined)
      return "Specify a valid 'id' or 'name'";
    return allowed && !allowed.includes(String(name))
      ? `The value '${String(name)}' is not valid`
      : undefined;
  },
  "named-list": (value, field, rules) =>
    Array.isArray(value)
      ? value
          .map((one: unknown) => checks.named(one, field, rules))
          .find((fault) => fault !== undefined)
      : "data was not an array",
  user(value, _field, { cloud }) {
    if (value === null) return undefined;
    const person = personOf(value, cloud);
    if (!person) return "User does not exist.";
    return person.assignable && person.name !== blockedName
      ? undefined
      : `User '${person.displayName}' cannot be assigned issues.`;
  },
  issue: (value) =>
    typeof (value as { key?: unknown } | null)?.key === "string"
      ? undefined
      : "Could not find valid 'id' or 'key'",
  number: (value) =>
    typeof value === "number" && Number.isFinite(value)
      ? undefined
      : "Operation value must be a number",
  date: (value) =>
    /^\d{4}-\d\d-\d\d$/.test(String(value)) ? undefined : "Error parsing date string",
};

function fieldFault(field: Field, value: unknown, rules: Rules): string | undefined {
  return checks[field.kind](value, field, rules);
}
