/** Changes of Redmine's issues as pack ticket asks for them. `look` in the input: an earlier request may have done it. */
import { ActionFailed, type JsonObject } from "raicho/pack";
import { Refusal, type RedmineHttp } from "./http.ts";
import { list, object, objects, textOf } from "./json.ts";
import { statusesOf, type Status } from "./names.ts";
import { fieldsOf, footer, oneLine, parted, peopleOf } from "./open.ts";
import { commentsOf, issueOf } from "./read.ts";
import { wordsFor } from "./words.ts";

const keyOf = (input: JsonObject): string => textOf(input["ticket"]) ?? "";

async function put(
  http: RedmineHttp,
  key: string,
  issue: JsonObject,
  repeatable = true,
): Promise<void> {
  const path = `/issues/${encodeURIComponent(key)}.json`;
  await http.send({ method: "PUT", path, body: { issue }, repeatable });
}

export async function commentTicket(http: RedmineHttp, input: JsonObject): Promise<JsonObject> {
  const text = textOf(input["text"]) ?? "";
  if (input["look"] === true) {
    const comments = commentsOf(await issueOf(http, keyOf(input)));
    const found = comments.slice(-20).find(({ body }) => body === text.replaceAll("\r\n", "\n"));
    if (found !== undefined) return { id: found["id"] };
  }
  await put(http, keyOf(input), { notes: text }, false);
  return {};
}

export async function attachToTicket(http: RedmineHttp, input: JsonObject): Promise<JsonObject> {
  const key = keyOf(input);
  const content = new Uint8Array(Buffer.from(textOf(input["content_base64"]) ?? "", "base64"));
  const filename = textOf(input["name"]) ?? "file";
  if (input["look"] === true) {
    const there = objects((await issueOf(http, key))["attachments"]);
    const found = there.find(
      (one) => one["filename"] === filename && one["filesize"] === content.length,
    );
    if (found !== undefined) return { id: found["id"] };
  }
  const answer = await http.send({
    method: "POST",
    path: "/uploads.json",
    query: { filename },
    body: content,
    repeatable: true,
  });
  const token = object(answer["upload"])["token"];
  const type = textOf(input["content_type"]) ?? "application/octet-stream";
  await put(http, key, { uploads: [{ token, filename, content_type: type }] }, false);
  return {};
}

const categoryOfStage: Readonly<Record<string, string>> = {
  open: "new",
  in_progress: "indeterminate",
  closed: "done",
};
const same = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();

/** `to` = a stage in the words of the configuration, or the name of a status. */
export async function moveTicket(http: RedmineHttp, input: JsonObject): Promise<JsonObject> {
  const [key, to] = [keyOf(input), textOf(input["to"]) ?? ""];
  const statuses = await statusesOf(http);
  const now = object((await issueOf(http, key))["status"])["id"];
  const wanted = waysTo(statuses, to, input);
  const there = wanted.find(({ id }) => id === now);
  if (there !== undefined) return { status: there.name, changed: false, stage_changed: false };
  for (const status of wanted) {
    await put(http, key, { status_id: status.id });
    // What its workflow does not allow, Redmine leaves out without a word.
    const after = object((await issueOf(http, key))["status"])["id"];
    if (after === status.id) return { status: status.name, changed: true, stage_changed: true };
  }
  const from = statuses.find(({ id }) => id === now)?.name ?? "";
  const names = statuses.map(({ name }) => name).join(", ");
  throw new ActionFailed({
    error: `redmine does not let ${key} go from "${from}" to "${to}"; there are: ${names}`,
    reason: "refused",
  });
}

function waysTo(statuses: readonly Status[], to: string, input: JsonObject): readonly Status[] {
  const configured = object(input["statuses"])[to];
  const names = typeof configured === "string" ? [configured] : list(configured).map(String);
  const category = categoryOfStage[to];
  if (names.length === 0 && category !== undefined)
    return statuses.filter((status) => status.category === category);
  return statuses.filter(({ name }) =>
    (names.length > 0 ? names : [to]).some((one) => same(one, name)),
  );
}

export async function assignTicket(http: RedmineHttp, input: JsonObject): Promise<JsonObject> {
  const notes: string[] = [];
  const project = await projectOf(http, input);
  for (const { id, name } of await peopleOf(http, project, input, notes)) {
    try {
      await put(http, keyOf(input), { assigned_to_id: id });
      return { assignee: String(id), notes, stage_changed: true };
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 422) throw error;
      notes.push(wordsFor(input).refusedPerson(name, error.words.join("; ")));
    }
  }
  throw new ActionFailed({
    error: `nobody could be assigned: ${notes.join(" ") || "nobody was named"}`,
    reason: "refused",
  });
}

async function projectOf(http: RedmineHttp, input: JsonObject): Promise<string> {
  const { id } = object((await issueOf(http, keyOf(input)))["project"]);
  return typeof id === "number" ? String(id) : http.project;
}

export async function updateTicket(http: RedmineHttp, input: JsonObject): Promise<JsonObject> {
  const notes: string[] = [];
  const issue = await issueOf(http, keyOf(input));
  const project = String(object(issue["project"])["id"]);
  const fields = await fieldsOf(http, project, input, notes);
  const summary = textOf(input["summary"]);
  const description = describe(textOf(issue["description"]) ?? "", input);
  await put(http, keyOf(input), {
    ...fields,
    ...(summary === undefined ? {} : { subject: oneLine(summary) }),
    ...(description === undefined ? {} : { description }),
  });
  return { notes };
}

/** The description with its new text and labels; undefined when neither changes. */
function describe(before: string, input: JsonObject): string | undefined {
  const text = textOf(input["description"]);
  const [added, removed] = ["add_labels", "remove_labels"].map((name) =>
    list(input[name]).map((label) => String(label).replaceAll(/\s+/g, "-")),
  );
  if (text === undefined && added?.length === 0 && removed?.length === 0) return undefined;
  const { text: old, words } = parted(before);
  const [mark, ...labels] = words;
  if (mark === undefined) return text ?? undefined;
  const kept = [...new Set([...labels, ...(added ?? [])])].filter(
    (label) => removed?.includes(label) !== true,
  );
  return (text ?? old) + footer(mark, kept);
}

export async function linkTickets(http: RedmineHttp, input: JsonObject): Promise<JsonObject> {
  const [key, other] = [keyOf(input), textOf(input["other"]) ?? ""];
  const relations = objects((await issueOf(http, key))["relations"]);
  const there = relations.some((one) =>
    [one["issue_id"], one["issue_to_id"]].some((id) => String(id) === other),
  );
  if (!there)
    await http.send({
      method: "POST",
      path: `/issues/${encodeURIComponent(key)}/relations.json`,
      body: {
        relation: {
          issue_to_id: other,
          relation_type: (textOf(input["type"]) ?? "relates").toLowerCase(),
        },
      },
    });
  return { linked: !there };
}
