/** Changes of issues as pack ticket asks for them. `look` in the input: an earlier request may have done it. */
import { ActionFailed, type JsonObject } from "raicho/pack";
import { findUser } from "./assignee.ts";
import type { Jira } from "./client.ts";
import { toText } from "./document.ts";
import { longText, oneLine } from "./fitting.ts";
import { Refusal } from "./http.ts";
import { list, object, objects, textOf } from "./json.ts";
import { candidates, plainFields, projectOf } from "./ticket-open.ts";
import { takeTransition } from "./transition.ts";
import { wordsFor } from "./words.ts";

const keyOf = (input: JsonObject): string => textOf(input["ticket"]) ?? "";

export async function commentTicket(jira: Jira, input: JsonObject): Promise<JsonObject> {
  const [key, text] = [keyOf(input), textOf(input["text"]) ?? ""];
  const written = toText(jira.richText(text));
  const newest = input["look"] === true ? await jira.comments(key, 20) : [];
  const found = newest.find(({ body }) => toText(body) === written);
  const { id } = found ?? (await jira.comment(key, text));
  return { id };
}

export async function attachToTicket(jira: Jira, input: JsonObject): Promise<JsonObject> {
  const key = keyOf(input);
  const content = Buffer.from(textOf(input["content_base64"]) ?? "", "base64");
  const name = textOf(input["name"]) ?? "file";
  if (input["look"] === true) {
    const there = objects(object((await jira.get(key))["fields"])["attachment"]);
    const found = there.find((one) => one["filename"] === name && one["size"] === content.length);
    if (found !== undefined) return { id: found["id"] };
  }
  const type = textOf(input["content_type"]) ?? "application/octet-stream";
  const { id = null } = await jira.attach(key, new File([content], name, { type }));
  return { id };
}

const categoryOfStage: Readonly<Record<string, string>> = {
  open: "new",
  in_progress: "indeterminate",
  closed: "done",
};

/** `to` = a stage in the words of the configuration, or a transition or status of JIRA. */
export async function moveTicket(jira: Jira, input: JsonObject): Promise<JsonObject> {
  const [key, to] = [keyOf(input), textOf(input["to"]) ?? ""];
  const status = object(object((await jira.get(key))["fields"])["status"]);
  const now = {
    name: textOf(status["name"]) ?? "",
    category: textOf(object(status["statusCategory"])["key"]) ?? "",
  };
  const wanted = await waysTo(jira, key, to, input);
  const there =
    wanted.category === undefined
      ? wanted.names.some((name) => same(name, now.name))
      : wanted.category === now.category;
  if (there) return { status: now.name, changed: false, stage_changed: false };
  const moved = await takeTransition(jira, key, wanted.choice ?? to, {
    fields: null,
    repeated: input["look"] === true,
  });
  return { status: moved["status"], changed: moved["changed"], stage_changed: true };
}

/** What leads there: names of the configuration, else any transition to a status of the stage's category, else the name as it was given. */
async function waysTo(jira: Jira, key: string, to: string, input: JsonObject) {
  const configured = object(input["statuses"])[to];
  const names = typeof configured === "string" ? [configured] : list(configured).map(String);
  const category = names.length > 0 ? undefined : categoryOfStage[to];
  const offered = await jira.transitions(key);
  const found =
    category === undefined
      ? (names.length > 0 ? names : [to]).flatMap((name) =>
          offered.filter((one) => one.id === name || same(one.name, name) || same(one.to, name)),
        )[0]
      : offered.find((one) => one.category === category);
  return { names: names.length > 0 ? names : [to], category, choice: found?.id };
}

const same = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();

export async function assignTicket(jira: Jira, input: JsonObject): Promise<JsonObject> {
  const key = keyOf(input);
  const project = projectOf(key);
  const notes: string[] = [];
  const words = wordsFor(input);
  for (const { text, name } of candidates(input)) {
    const user = await findUser(jira, project, text);
    if (user === undefined) {
      notes.push(words.unassignable(name, project));
      continue;
    }
    try {
      await jira.assign(key, user.field);
      return { assignee: user.id, notes, stage_changed: true };
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 400) throw error;
      notes.push(words.refusedPerson(name));
    }
  }
  throw new ActionFailed({
    error: `nobody could be assigned: ${notes.join("; ") || "nobody was named"}`,
    reason: "refused",
  });
}

export async function updateTicket(jira: Jira, input: JsonObject): Promise<JsonObject> {
  const summary = textOf(input["summary"]);
  const description = textOf(input["description"]);
  const fields = {
    ...object(input["fields"]),
    ...plainFields(input),
    ...(summary === undefined ? {} : { summary: oneLine(summary) }),
    ...(description === undefined ? {} : { description: longText(jira, description) }),
  };
  const labels = [
    ...list(input["add_labels"]).map((add) => ({ add: String(add) })),
    ...list(input["remove_labels"]).map((remove) => ({ remove: String(remove) })),
  ];
  await jira.edit(keyOf(input), { fields, ...(labels.length > 0 ? { update: { labels } } : {}) });
  return {};
}

export async function linkTickets(jira: Jira, input: JsonObject): Promise<JsonObject> {
  const [key, other] = [keyOf(input), textOf(input["other"]) ?? ""];
  const links = objects(object((await jira.get(key))["fields"])["issuelinks"]);
  const there = links.some((link) =>
    ["inwardIssue", "outwardIssue"].some((side) => object(link[side])["key"] === other),
  );
  if (!there) await jira.link(textOf(input["type"]) ?? "Relates", [other, key]);
  return { linked: !there };
}
