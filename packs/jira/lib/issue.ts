/** Issues as results of actions, with the keys that the StackStorm Exchange's pack uses. */
import type { JsonObject } from "raicho/pack";
import type { Jira } from "./client.ts";
import { toText } from "./document.ts";
import { list, object, objects, textOf } from "./json.ts";

export interface Includes {
  readonly include_comments?: boolean | null;
  readonly include_attachments?: boolean | null;
  readonly include_customfields?: boolean | null;
  readonly include_components?: boolean | null;
  readonly include_subtasks?: boolean | null;
  readonly include_links?: boolean | null;
}

export function issueResult(jira: Jira, issue: JsonObject, includes: Includes = {}): JsonObject {
  const fields = object(issue["fields"]);
  const named = (field: string, name = "name"): string | null =>
    textOf(object(fields[field])[name]) ?? null;
  const key = textOf(issue["key"]) ?? "";
  return {
    id: issue["id"],
    key,
    url: `${jira.settings.url}/browse/${key}`,
    summary: fields["summary"] ?? null,
    description: toText(fields["description"]),
    type: named("issuetype"),
    status: named("status"),
    priority: named("priority"),
    resolution: named("resolution"),
    labels: list(fields["labels"]),
    reporter: named("reporter", "displayName"),
    assignee: named("assignee", "displayName"),
    created_at: fields["created"] ?? null,
    updated_at: fields["updated"] ?? null,
    resolved_at: fields["resolutiondate"] ?? null,
    ...included(fields, includes),
  };
}

export function commentResult(comment: JsonObject): JsonObject {
  const { id, created = null, author } = comment;
  return {
    id,
    body: toText(comment["body"]),
    author: textOf(object(author)["displayName"]) ?? null,
    created_at: created,
  };
}

function included(fields: JsonObject, includes: Includes): JsonObject {
  const custom = Object.entries(fields).filter(([name]) => name.startsWith("customfield_"));
  return {
    ...(includes.include_customfields === true ? Object.fromEntries(custom) : {}),
    ...(includes.include_comments === true
      ? { comments: objects(object(fields["comment"])["comments"]).map(commentResult) }
      : {}),
    ...(includes.include_attachments === true
      ? { attachments: objects(fields["attachment"]).map(attachmentResult) }
      : {}),
    ...(includes.include_components === true
      ? { components: objects(fields["components"]).map(({ id, name }) => ({ id, name })) }
      : {}),
    ...(includes.include_subtasks === true
      ? { subtasks: objects(fields["subtasks"]).map(shortResult) }
      : {}),
    ...(includes.include_links === true
      ? { links: objects(fields["issuelinks"]).map(linkResult) }
      : {}),
  };
}

function attachmentResult({ filename, size, created, content }: JsonObject): JsonObject {
  return { filename, size, created_at: created, content };
}

function shortResult(issue: JsonObject): JsonObject {
  return {
    id: issue["id"],
    key: issue["key"],
    summary: object(issue["fields"])["summary"] ?? null,
  };
}

function linkResult(link: JsonObject): JsonObject {
  const outward = "outwardIssue" in link;
  const other = object(outward ? link["outwardIssue"] : link["inwardIssue"]);
  const status = object(object(other["fields"])["status"])["name"] ?? null;
  const type = object(link["type"])[outward ? "outward" : "inward"] ?? null;
  return { ...shortResult(other), id: link["id"], status, type };
}
