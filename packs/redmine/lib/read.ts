/** Issues of Redmine as pack ticket sees the tickets of any tracker. */
import type { JsonObject } from "raicho/pack";
import type { RedmineHttp } from "./http.ts";
import { list, object, objects, textOf } from "./json.ts";
import { statusesOf, type Status } from "./names.ts";
import { named, parted } from "./open.ts";

export async function issueOf(http: RedmineHttp, key: string): Promise<JsonObject> {
  const path = `/issues/${encodeURIComponent(key)}.json`;
  const query = { include: "journals,attachments,relations,children" };
  return object((await http.send({ method: "GET", path, query }))["issue"]);
}

const id = (value: unknown): string | null => {
  const found = object(value)["id"];
  return typeof found === "number" ? String(found) : null;
};
const name = (value: unknown): string | null => textOf(object(value)["name"]) ?? null;

export async function getTicket(http: RedmineHttp, input: JsonObject): Promise<JsonObject> {
  const issue = await issueOf(http, textOf(input["ticket"]) ?? "");
  const statuses = await statusesOf(http);
  const { text, words } = parted(textOf(issue["description"]) ?? "");
  return {
    ...standing(issue, statuses),
    url: named(http, String(issue["id"]))["url"],
    summary: issue["subject"] ?? null,
    description: text,
    assignee_name: name(issue["assigned_to"]),
    labels: words,
    component: name(issue["category"]),
    components: componentsOf(issue),
    type: name(issue["tracker"]),
    priority: name(issue["priority"]),
    reporter: id(issue["author"]),
    parent: id(issue["parent"]),
    created_at: issue["created_on"] ?? null,
    history: objects(issue["journals"]).flatMap((journal) => moves(journal, statuses)),
    ...(input["comments"] === true ? { comments: commentsOf(issue) } : {}),
  };
}

export function commentsOf(issue: JsonObject): readonly JsonObject[] {
  return objects(issue["journals"])
    .filter(({ notes }) => textOf(notes) !== undefined)
    .map((journal) => ({
      id: journal["id"],
      body: String(journal["notes"]).replaceAll("\r\n", "\n"),
      author: name(journal["user"]),
      created_at: journal["created_on"],
    }));
}

/** An issue of Redmine has at most one category. */
function componentsOf(issue: JsonObject): readonly string[] {
  const found = name(issue["category"]);
  return found === null ? [] : [found];
}

function standing(issue: JsonObject, statuses: readonly Status[]): JsonObject {
  const status = object(issue["status"]);
  return {
    key: String(issue["id"]),
    status: textOf(status["name"]) ?? "",
    category: statuses.find((one) => one.id === status["id"])?.category ?? "",
    assignee: id(issue["assigned_to"]),
    updated_at: issue["updated_on"] ?? null,
  };
}

function moves({ details, user, created_on: at }: JsonObject, statuses: readonly Status[]) {
  const called = (value: unknown): Status | undefined =>
    statuses.find((one) => String(one.id) === value);
  return objects(details)
    .filter((detail) => detail["property"] === "attr" && detail["name"] === "status_id")
    .map((detail) => ({
      at,
      author: id(user),
      author_name: name(user),
      from: called(detail["old_value"])?.name ?? "",
      to: called(detail["new_value"])?.name ?? "",
      to_category: called(detail["new_value"])?.category ?? "",
    }));
}

/** Issues of the project (and of one of `components`, where they are given) that changed in the last `minutes`, oldest change first. */
export async function changedTickets(http: RedmineHttp, input: JsonObject): Promise<JsonObject> {
  const since = new Date(Date.now() - Number(input["minutes"]) * 60_000).toISOString();
  const statuses = await statusesOf(http);
  const wanted = list(input["components"]).map(String);
  const found: JsonObject[] = [];
  for (let read = 0; ;) {
    const query = {
      project_id: textOf(input["project"]) ?? http.project,
      status_id: "*",
      updated_on: `>=${since.slice(0, 19)}Z`,
      sort: "updated_on",
      limit: "100",
      offset: String(read),
    };
    const rows = objects(
      (await http.send({ method: "GET", path: "/issues.json", query }))["issues"],
    );
    read += rows.length;
    const fitting = rows.filter(
      (row) => wanted.length === 0 || componentsOf(row).some((one) => wanted.includes(one)),
    );
    found.push(...fitting.map((row) => standing(row, statuses)));
    if (rows.length < 100 || read >= 5_000) return { tickets: found };
  }
}
