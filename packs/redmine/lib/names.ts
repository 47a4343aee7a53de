/** Redmine wants ids; people write names. What it has of each kind is known for a while. */
import type { JsonObject } from "raicho/pack";
import { Refusal, type RedmineHttp } from "./http.ts";
import { object, objects, textOf } from "./json.ts";

interface Kept {
  readonly until: number;
  readonly rows: readonly JsonObject[];
}

const kept = new Map<string, Kept>();
const keepMs = 300_000;

async function rowsOf(
  http: RedmineHttp,
  path: string,
  name: string,
): Promise<readonly JsonObject[]> {
  const key = http.url + path;
  const found = kept.get(key);
  if (found !== undefined && found.until > Date.now()) return found.rows;
  const answer = await http.send({ method: "GET", path, query: { limit: "100" } });
  const rows = objects(answer[name]);
  kept.set(key, { rows, until: Date.now() + keepMs });
  return rows;
}

const same = (left: unknown, right: string): boolean =>
  textOf(left)?.toLowerCase() === right.toLowerCase();

const lists = {
  type: () => ["/trackers.json", "trackers"] as const,
  priority: () => ["/enumerations/issue_priorities.json", "issue_priorities"] as const,
  component: (project: string) =>
    [`/projects/${encodeURIComponent(project)}/issue_categories.json`, "issue_categories"] as const,
} as const;

/** The id of what has that name; undefined when nothing has. */
export async function idOf(
  http: RedmineHttp,
  kind: keyof typeof lists,
  project: string,
  name: string,
): Promise<number | undefined> {
  const [path, list] = lists[kind](project);
  const found = (await rowsOf(http, path, list)).find((row) => same(row["name"], name));
  return typeof found?.["id"] === "number" ? found["id"] : undefined;
}

export interface Status {
  readonly id: number;
  readonly name: string;
  /** As JIRA's categories: `new`, `indeterminate`, `done`. */
  readonly category: string;
}

/** In Redmine's order; the first is where tickets begin. */
export async function statusesOf(http: RedmineHttp): Promise<readonly Status[]> {
  const rows = await rowsOf(http, "/issue_statuses.json", "issue_statuses");
  return rows.map(({ id, name, is_closed: closed }, index) => ({
    id: Number(id),
    name: String(name),
    category: closed === true ? "done" : index === 0 ? "new" : "indeterminate",
  }));
}

/** The id of the one person whom one of these texts names: login, mail address or name. Only administrators may look for logins; others find members. */
export async function personId(
  http: RedmineHttp,
  project: string,
  texts: readonly string[],
): Promise<number | undefined> {
  for (const text of texts) {
    const users = await usersLike(http, text);
    const found = users.filter((user) =>
      [user["login"], user["mail"], fullName(user)].some((value) => same(value, text)),
    );
    const [only] = found;
    if (only !== undefined && found.length === 1) return Number(only["id"]);
  }
  const path = `/projects/${encodeURIComponent(project)}/memberships.json`;
  const members = await rowsOf(http, path, "memberships");
  const named = members
    .map(({ user }) => object(user))
    .filter(({ name }) => texts.some((text) => same(name, text)));
  const [only] = named;
  return only !== undefined && named.length === 1 ? Number(only["id"]) : undefined;
}

async function usersLike(http: RedmineHttp, text: string): Promise<readonly JsonObject[]> {
  try {
    return await rowsOf(http, `/users.json?name=${encodeURIComponent(text)}`, "users");
  } catch (error) {
    if (error instanceof Refusal && error.status === 403) return [];
    throw error;
  }
}

function fullName({ firstname, lastname }: JsonObject): string {
  return [textOf(firstname), textOf(lastname)].filter((part) => part !== undefined).join(" ");
}
