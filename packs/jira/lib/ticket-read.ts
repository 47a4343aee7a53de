/** Issues as pack ticket sees the tickets of any tracker. */
import type { JsonObject } from "raicho/pack";
import type { Jira } from "./client.ts";
import { toText } from "./document.ts";
import { commentResult } from "./issue.ts";
import { list, object, objects, textOf } from "./json.ts";
import { named } from "./ticket-open.ts";

interface Categories {
  readonly until: number;
  readonly byStatus: ReadonlyMap<string, string>;
}

const categories = new Map<string, Categories>();
const keepMs = 600_000;

async function categoriesOf(jira: Jira): Promise<ReadonlyMap<string, string>> {
  const kept = categories.get(jira.settings.url);
  if (kept !== undefined && kept.until > Date.now()) return kept.byStatus;
  const byStatus = await jira.statusCategories();
  categories.set(jira.settings.url, { byStatus, until: Date.now() + keepMs });
  return byStatus;
}

/** Answers {key, url, summary, status, category, assignee, …, history}; with `comments`, those too. */
export async function getTicket(jira: Jira, input: JsonObject): Promise<JsonObject> {
  const { issue, history } = await jira.getWithHistory(textOf(input["ticket"]) ?? "");
  const fields = object(issue["fields"]);
  const moved = history.flatMap((one) => movesOf(jira, one));
  const known = moved.length === 0 ? new Map<string, string>() : await categoriesOf(jira);
  const name = (field: string, part = "name"): string | null =>
    textOf(object(fields[field])[part]) ?? null;
  return {
    ...standing(jira, issue),
    url: named(jira, textOf(issue["key"]) ?? "")["url"],
    summary: fields["summary"] ?? null,
    description: toText(fields["description"]),
    assignee_name: name("assignee", "displayName"),
    labels: list(fields["labels"]),
    component: textOf(objects(fields["components"])[0]?.["name"]) ?? null,
    components: objects(fields["components"]).flatMap((one) => textOf(one["name"]) ?? []),
    type: name("issuetype"),
    priority: name("priority"),
    reporter: idOf(jira, fields["reporter"]),
    parent: name("parent", "key"),
    created_at: fields["created"] ?? null,
    history: moved.map((move) => ({ ...move, to_category: known.get(move.to) ?? "" })),
    ...(input["comments"] === true
      ? { comments: objects(object(fields["comment"])["comments"]).map(commentResult) }
      : {}),
  };
}

function standing(jira: Jira, issue: JsonObject): JsonObject {
  const fields = object(issue["fields"]);
  const status = object(fields["status"]);
  return {
    key: issue["key"],
    status: textOf(status["name"]) ?? "",
    category: textOf(object(status["statusCategory"])["key"]) ?? "",
    assignee: idOf(jira, fields["assignee"]),
    updated_at: fields["updated"] ?? null,
  };
}

function idOf(jira: Jira, person: unknown): string | null {
  return textOf(object(person)[jira.cloud ? "accountId" : "name"]) ?? null;
}

function movesOf(jira: Jira, { author, created, items }: JsonObject) {
  return objects(items)
    .filter(({ field }) => field === "status")
    .map((item) => ({
      at: textOf(created) ?? "",
      author: idOf(jira, author),
      author_name: textOf(object(author)["displayName"]) ?? null,
      from: textOf(item["fromString"]) ?? "",
      to: textOf(item["toString"]) ?? "",
    }));
}

function quoted(text: string): string {
  return text.replaceAll(/["\\]/g, String.raw`\$&`);
}

/** Issues of the project (and of one of `components`, where they are given) that changed in the last `minutes`: the search knows whole minutes only, so that what is asked for overlaps. */
export async function changedTickets(jira: Jira, input: JsonObject): Promise<JsonObject> {
  const minutes = Number(input["minutes"]);
  const project = jira.project(textOf(input["project"])).replaceAll(/["\\]/g, "");
  const components = list(input["components"]).map((one) => `"${quoted(String(one))}"`);
  const among = components.length === 0 ? "" : ` AND component in (${components.join(", ")})`;
  const issues = await jira.search(
    `project = "${project}"${among} AND updated >= "-${Math.max(1, Math.ceil(minutes))}m" ORDER BY updated ASC`,
    0,
    5_000,
  );
  return { tickets: issues.map((issue) => standing(jira, issue)) };
}
