/** What can be done to the fake JIRA's issues, and why it may be refused. */
import { keyOf, type Json, type World } from "./jira-json.ts";
import {
  faultsOf,
  fields,
  issueTypes,
  transitions,
  type Comment,
  type Field,
  type Issue,
  type Person,
  type Rules,
} from "./jira-world.ts";

/** JIRA's no: status, sentences, words per field. */
export class Refused extends Error {
  readonly status: number;
  readonly messages: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
  constructor(
    status: number,
    messages: readonly string[],
    faults: Readonly<Record<string, string>> = {},
  ) {
    super(messages.join("; "));
    this.status = status;
    this.messages = messages;
    this.fields = faults;
  }
}

export function getIssue(world: World, key = ""): Issue {
  const found = world.issues.get(key);
  if (found) return found;
  throw new Refused(404, ["Issue does not exist or you do not have permission to see it."]);
}

/** The fields of a type's create screen. */
export function createScreen(type = ""): Field[] {
  const found = issueTypes.find(({ id }) => id === type);
  if (!found) throw new Refused(404, ["Issue type not found."]);
  return fields.filter(({ subtaskOnly }) => !subtaskOnly || found.subtask);
}

export const editScreen = fields.filter(({ onlyOnCreate }) => !onlyOnCreate);

export const offered = (issue: Issue) =>
  transitions.filter(({ from }) => from.includes(issue.status));

const bodyParts = new Set(["fields", "properties", "update", "historyMetadata"]);

export function createIssue(world: World, rules: Rules, body: Json): Issue {
  const unknown = Object.keys(body).find((name) => !bodyParts.has(name));
  if (unknown !== undefined) throw new Refused(400, [`Unrecognized field "${unknown}"`]);
  const values = (body["fields"] ?? {}) as Json;
  const asked = values["issuetype"] as Json | undefined;
  const type = issueTypes.find(({ id, name }) => id === asked?.["id"] || name === asked?.["name"]);
  if (!type) throw new Refused(400, [], { issuetype: "Specify a valid issue type" });
  if (keyOf(values["project"]) !== "OPS")
    throw new Refused(400, [], { project: "Specify a valid project ID or key" });
  const known = createScreen(type.id);
  refuse({
    ...missing(known, values),
    ...faultsOf(values, known, rules),
    ...parentFault(world, values),
  });
  const number = world.issues.size + 1;
  const created = new Date().toISOString();
  const issue: Issue = {
    id: String(10_000 + number),
    key: `OPS-${number}`,
    type,
    values: { ...values },
    comments: [],
    attachments: [],
    moves: [],
    links: [],
    properties: (body["properties"] ?? []) as unknown[],
    born: performance.now(),
    created,
    updated: created,
    status: "To Do",
  };
  world.issues.set(issue.key, issue);
  return issue;
}

function missing(known: readonly Field[], values: Json): Record<string, string> {
  const absent = known.filter(({ id, required }) => required === true && values[id] === undefined);
  return Object.fromEntries(
    absent.map(({ id, name }) => [
      id,
      id === "parent"
        ? "Issue type is a sub-task but parent issue key or id not specified."
        : `${name} is required.`,
    ]),
  );
}

function parentFault(world: World, values: Json): Record<string, string> {
  const parent = keyOf(values["parent"]);
  return parent === undefined || world.issues.has(parent)
    ? {}
    : { parent: "Could not find valid 'id' or 'key'" };
}

function refuse(faults: Readonly<Record<string, string>>): void {
  if (Object.keys(faults).length > 0) throw new Refused(400, [], faults);
}

export function editIssue(issue: Issue, rules: Rules, body: Json): void {
  const values = (body["fields"] ?? {}) as Json;
  refuse(faultsOf(values, editScreen, rules));
  Object.assign(issue.values, values);
  const changes = ((body["update"] as Json | undefined)?.["labels"] ?? []) as {
    add?: string;
    remove?: string;
  }[];
  const removed = new Set(changes.map(({ remove }) => remove));
  const added = changes.flatMap(({ add }) => add ?? []);
  if (changes.length > 0)
    issue.values["labels"] = [
      ...((issue.values["labels"] ?? []) as string[]).filter((label) => !removed.has(label)),
      ...added,
    ];
  issue.updated = new Date().toISOString();
}

export function moveIssue(issue: Issue, body: Json, by: Person): void {
  const id = (body["transition"] as { id?: string } | undefined)?.id;
  const found = offered(issue).find((one) => one.id === id);
  if (!found)
    throw new Refused(400, [
      `It seems that you have tried to perform an illegal workflow operation (${id}).`,
    ]);
  const created = new Date().toISOString();
  const moveId = String(5_000 + issue.moves.length);
  issue.moves.push({ id: moveId, by, created, from: issue.status, to: found.to });
  issue.status = found.to;
  issue.updated = created;
}

export function addComment(issue: Issue, rules: Rules, { body }: Json): Comment {
  const fault = faultsOf({ description: body }, editScreen, rules)["description"];
  if (fault !== undefined || body === "")
    throw new Refused(400, [], { comment: fault ?? "Comment body can not be empty!" });
  const made = {
    id: String(1_000 + issue.comments.length),
    body,
    created: new Date().toISOString(),
  };
  issue.comments.push(made);
  issue.updated = made.created;
  return made;
}

/** `two` are the keys of the inward and the outward issue. */
export function linkIssues(type: string, [inward, outward]: readonly [Issue, Issue]): void {
  if (!["Relates", "Blocks", "Duplicate"].includes(type))
    throw new Refused(404, [`No issue link type with name '${type}' found.`]);
  inward.links.push({ type, outward: outward.key });
  outward.links.push({ type, inward: inward.key });
}
