/**
 * Makes a ticket once: its description ends with a line that names the key. `look`: an earlier request may have made it; Redmine shows new tickets at
 * once, so that the newest ones are read until it is found. `make: false`: only look.
 */
import { createHash } from "node:crypto";
import { ActionFailed, type JsonObject } from "raicho/pack";
import { Refusal, type RedmineHttp } from "./http.ts";
import { list, object, objects, textOf } from "./json.ts";
import { idOf, personId } from "./names.ts";
import { wordsFor } from "./words.ts";

const pages = 5;

export function markOf(key: string): string {
  return `raicho-${createHash("sha256").update(key).digest("hex").slice(0, 16)}`;
}

/** Redmine has no labels: they stand in the last line, with the mark. */
export function footer(mark: string, labels: readonly string[]): string {
  return `\n\n----\n${[mark, ...labels].join(" ")}`;
}

/** The description without its last line, and that line's words. */
export function parted(description: string): { readonly text: string; readonly words: string[] } {
  const text = description.replaceAll("\r\n", "\n");
  const [all, words = ""] = /\n*----\n(raicho-[0-9a-f]{16}[^\n]*)\s*$/.exec(text) ?? [];
  return all === undefined
    ? { text, words: [] }
    : { text: text.slice(0, text.length - all.length), words: words.split(/\s+/) };
}

export async function openTicket(http: RedmineHttp, input: JsonObject): Promise<JsonObject> {
  const project = textOf(input["project"]) ?? http.project;
  const mark = markOf(textOf(input["key"]) ?? "");
  if (input["look"] === true) {
    const found = await findMarked(http, project, mark);
    if (found !== undefined) return { ...named(http, found), notes: [], created: false };
    if (input["make"] !== true) return { key: null };
  }
  return make(http, project, input, mark);
}

async function make(
  http: RedmineHttp,
  project: string,
  input: JsonObject,
  mark: string,
): Promise<JsonObject> {
  const notes: string[] = [];
  const issue = await issueOf(http, project, input, notes);
  const people = await peopleOf(http, project, input, notes);
  const labels = list(input["labels"]).map((label) => String(label).replaceAll(/\s+/g, "-"));
  const leader = await leaderOf(http, project, input);
  for (const person of [...people, undefined]) {
    try {
      const text = [textOf(input["description"]) ?? "", ...notes].filter((part) => part !== "");
      const body = {
        issue: {
          ...issue,
          description: text.join("\n\n") + footer(mark, labels),
          ...(person === undefined ? {} : { assigned_to_id: person.id }),
        },
      };
      const answer = await http.send({ method: "POST", path: "/issues.json", body });
      const { id } = object(answer["issue"]);
      const assignee = person === undefined ? null : String(person.id);
      return { ...named(http, String(id)), assignee, leader, notes, created: true };
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 422 || person === undefined) throw error;
      notes.push(wordsFor(input).refusedPerson(person.name, error.words.join("; ")));
    }
  }
  throw new ActionFailed({ error: "redmine made no ticket", reason: "refused" });
}

async function leaderOf(http: RedmineHttp, project: string, input: JsonObject) {
  const leader = object(input["leader"]);
  const texts = textsOf(leader);
  if (texts.length === 0) return null;
  const id = await personId(http, project, texts);
  return id === undefined ? null : String(id);
}

export const named = (http: RedmineHttp, key: string): JsonObject => ({
  key,
  url: `${http.url}/issues/${key}`,
});

function textsOf(person: JsonObject): readonly string[] {
  return ["login", "mail", "name", "account"].flatMap((part) => textOf(person[part]) ?? []);
}

interface Person {
  readonly id: number;
  readonly name: string;
}

/** People whom Redmine knows, in order; the others are noted. */
export async function peopleOf(
  http: RedmineHttp,
  project: string,
  input: JsonObject,
  notes: string[],
): Promise<readonly Person[]> {
  const found: Person[] = [];
  for (const person of objects(input["assignees"])) {
    const texts = textsOf(person);
    const name = textOf(person["name"]) ?? texts[0] ?? "";
    const id = await personId(http, project, texts);
    if (id === undefined) notes.push(wordsFor(input).unknownPerson(name));
    else found.push({ id, name });
  }
  return found;
}

/** Fields in Redmine's form; names that it does not have are left out and noted. */
export async function fieldsOf(
  http: RedmineHttp,
  project: string,
  input: JsonObject,
  notes: string[],
): Promise<JsonObject> {
  const fields: Record<string, unknown> = { ...object(input["fields"]) };
  for (const [kind, field] of [
    ["type", "tracker_id"],
    ["priority", "priority_id"],
    ["component", "category_id"],
  ] as const) {
    const name = textOf(input[kind]);
    if (name === undefined) continue;
    const id = await idOf(http, kind, project, name);
    if (id === undefined) notes.push(wordsFor(input).missing(kind, name));
    else fields[field] = id;
  }
  const due = textOf(input["due"]);
  return { ...fields, ...(due === undefined ? {} : { due_date: due }) };
}

async function issueOf(
  http: RedmineHttp,
  project: string,
  input: JsonObject,
  notes: string[],
): Promise<JsonObject> {
  const parent = textOf(input["parent"]);
  return {
    project_id: project,
    subject: oneLine(textOf(input["summary"]) ?? ""),
    ...(await fieldsOf(http, project, input, notes)),
    ...(parent === undefined ? {} : { parent_issue_id: Number(parent) }),
  };
}

/** Redmine takes one line of at most 255 characters. */
export function oneLine(text: string): string {
  const line = text.replaceAll(/\s*[\r\n]+\s*/g, " ").trim();
  return line.length <= 255 ? line : `${line.slice(0, 254).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

async function findMarked(
  http: RedmineHttp,
  project: string,
  mark: string,
): Promise<string | undefined> {
  for (let page = 0; page < pages; page += 1) {
    const query = {
      project_id: project,
      status_id: "*",
      sort: "created_on:desc",
      limit: "100",
      offset: String(page * 100),
    };
    const rows = objects(
      (await http.send({ method: "GET", path: "/issues.json", query }))["issues"],
    );
    const found = rows.find((row) => parted(textOf(row["description"]) ?? "").words[0] === mark);
    if (found !== undefined) return String(found["id"]);
    if (rows.length < 100) return undefined;
  }
  return undefined;
}
