/** Who can be assigned: from a name, a mail address or an id to what JIRA takes. */
import { ActionFailed, type JsonObject } from "raicho/pack";
import type { Jira } from "./client.ts";
import { textOf } from "./json.ts";

export interface User {
  /** What the field `assignee` takes. */
  readonly field: JsonObject;
  readonly id: string;
}

/** A storm of alerts is about few people: who was found is known for a while. */
const known = new Map<string, { readonly user: User; readonly until: number }>();
const keepMs = 300_000;

/** The user meant by `text`; undefined when nobody, or more than one, can be meant. */
export async function findUser(
  jira: Jira,
  project: string,
  text: string,
): Promise<User | undefined> {
  const key = JSON.stringify([jira.settings.url, project, text]);
  const kept = known.get(key);
  if (kept !== undefined && kept.until > Date.now()) return kept.user;
  if (known.size > 10_000) known.clear();
  const user = await askUser(jira, project, text);
  if (user !== undefined) known.set(key, { user, until: Date.now() + keepMs });
  return user;
}

async function askUser(jira: Jira, project: string, text: string): Promise<User | undefined> {
  const users = await jira.assignable(project, text);
  const names = ["accountId", "name", "key", "emailAddress", "displayName"];
  const exact = users.filter((user) =>
    names.some((name) => textOf(user[name])?.toLowerCase() === text.toLowerCase()),
  );
  // Cloud hides mail addresses from most callers: a single hit for the address is the one.
  const [only] = exact.length === 1 ? exact : users;
  if (!only || (exact.length !== 1 && users.length !== 1)) return undefined;
  const id = textOf(only[jira.cloud ? "accountId" : "name"]);
  if (id === undefined) return undefined;
  return { field: jira.cloud ? { accountId: id } : { name: id }, id };
}

export async function mustFindUser(jira: Jira, project: string, text: string): Promise<User> {
  const user = await findUser(jira, project, text);
  if (user) return user;
  throw new ActionFailed(
    `jira: "${text}" is not exactly one user who can be assigned issues of ${project}`,
  );
}
