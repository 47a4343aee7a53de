/**
 * Makes an issue for pack ticket, which remembers what it wanted and what it got.
 *
 * 1. The issue carries the label of its key, and the key itself as a property, from the request that creates it.
 * 2. `look`: an earlier request may have made it. It is looked for by its label, which the search may show late, and by the keys that JIRA gave since
 *    `after` (or since the newest that the search shows), which are shown at once. What is found is believed when it has the label.
 * 3. `make: false`: only look. Who asks waits and asks again before it is made a second time.
 */
import type { ActionContext, JsonObject } from "raicho/pack";
import { findUser } from "./assignee.ts";
import type { Jira } from "./client.ts";
import { findByLabel, labelOf, quoted } from "./create.ts";
import { createFitting, type Candidate } from "./fitting.ts";
import { richFields, subtaskType } from "./fields.ts";
import { list, object, objects, textOf } from "./json.ts";
import { wordsFor } from "./words.ts";

/** Keys that are tried after the last known one, and how many missing ones in a row end that. */
const probes = { most: 300, gap: 5 };

export async function openTicket(
  jira: Jira,
  input: JsonObject,
  context: Pick<ActionContext, "sleep" | "log">,
): Promise<JsonObject> {
  const parent = textOf(input["parent"]);
  const project = parent === undefined ? jira.project(textOf(input["project"])) : projectOf(parent);
  const key = textOf(input["key"]) ?? "";
  const label = labelOf(key);
  if (input["look"] === true) {
    const found =
      (await findByKeys(jira, project, label, textOf(input["after"]))) ??
      textOf((await findByLabel(jira, { project, label }, [0], context))?.["key"]);
    if (found !== undefined) return { ...named(jira, found), notes: [], created: false };
    if (input["make"] !== true) return { key: null };
  }
  const type = await typeOf(jira, project, input, parent);
  const extra = { ...object(input["fields"]), ...plainFields(input) };
  const { made, note, person } = await createFitting(
    jira,
    {
      project,
      label,
      lenient: true,
      words: wordsFor(input),
      fields: {
        ...(await richFields(jira, project, type, extra)),
        issuetype: type,
        ...(parent === undefined ? {} : { parent: { key: parent } }),
      },
      summary: textOf(input["summary"]) ?? "",
      description: textOf(input["description"]) ?? null,
      labels: list(input["labels"]).map((one) => String(one).replaceAll(/\s+/g, "-")),
      people: candidates(input),
    },
    (fields) => jira.create(fields, [{ key: "raicho.ticket", value: { key } }]),
  );
  return {
    ...named(jira, made),
    assignee: person,
    leader: await leaderOf(jira, project, input),
    notes: note === null ? [] : [note],
    created: true,
  };
}

/** JIRA's id of the leader whom the ticket names; null when it has none of theirs. */
async function leaderOf(jira: Jira, project: string, input: JsonObject): Promise<string | null> {
  const [leader] = candidates({ assignees: [input["leader"]] });
  if (leader === undefined) return null;
  return (await findUser(jira, project, leader.text))?.id ?? null;
}

export const named = (jira: Jira, key: string): JsonObject => ({
  key,
  url: `${jira.settings.url}/browse/${key}`,
});

export const projectOf = (key: string): string => key.replace(/-\d+$/, "");

async function typeOf(
  jira: Jira,
  project: string,
  input: JsonObject,
  parent: string | undefined,
): Promise<JsonObject> {
  if (parent === undefined) return { name: textOf(input["type"]) ?? "Task" };
  const asked = textOf(input["sub_type"]);
  return asked === undefined ? await subtaskType(jira, project) : { name: asked };
}

/** What tickets of every tracker have, in JIRA's words. */
export function plainFields(input: JsonObject): JsonObject {
  const [priority, component, due] = ["priority", "component", "due"].map((name) =>
    textOf(input[name]),
  );
  return {
    ...(priority === undefined ? {} : { priority: { name: priority } }),
    ...(component === undefined ? {} : { components: [{ name: component }] }),
    ...(due === undefined ? {} : { duedate: due }),
  };
}

export function candidates(input: JsonObject): readonly Candidate[] {
  return objects(input["assignees"]).flatMap((person) => {
    const text = ["account", "mail", "login", "name"].flatMap((part) => textOf(person[part]) ?? []);
    const [first] = text;
    return first === undefined ? [] : [{ text: first, name: textOf(person["name"]) ?? first }];
  });
}

const numberOf = (key: string): number => Number(key.slice(key.lastIndexOf("-") + 1));

/** The newest issue that the search shows. It is as late as the search that did not find ours, so that ours, if there is one, has a later key. */
async function newestSeen(jira: Jira, project: string): Promise<string | undefined> {
  const jql = `project = ${quoted(project)} ORDER BY created DESC`;
  const [newest] = await jira.search(jql, 0, 1);
  return textOf(newest?.["key"]);
}

async function findByKeys(
  jira: Jira,
  project: string,
  label: string,
  after: string | undefined,
): Promise<string | undefined> {
  const known = after !== undefined && projectOf(after) === project ? after : undefined;
  const last = numberOf(known ?? (await newestSeen(jira, project)) ?? `${project}-0`);
  for (let step = 1, missing = 0; step <= probes.most && missing < probes.gap; step += 1) {
    const key = `${project}-${last + step}`;
    const issue = await jira.find(key);
    if (list(object(issue?.["fields"])["labels"]).includes(label)) return key;
    missing = issue === undefined ? missing + 1 : 0;
  }
  return undefined;
}
