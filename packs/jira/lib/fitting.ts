/** Makes an issue of what JIRA takes of what is wanted: people who cannot be assigned never prevent it, and for tickets no other field does. */
import type { JsonObject } from "raicho/pack";
import { findUser, type User } from "./assignee.ts";
import type { Jira } from "./client.ts";
import { Refusal } from "./http.ts";
import type { Words } from "./words.ts";

/** Somebody who may get an issue: what JIRA may know them by, and how people call them. */
export interface Candidate {
  readonly text: string;
  readonly name: string;
}

export interface FittingIssue {
  readonly project: string;
  /** Everything but labels, description and assignee, in JIRA's form. */
  readonly fields: JsonObject;
  readonly summary: string;
  readonly description: string | null;
  readonly labels: readonly string[];
  /** The label that marks it. */
  readonly label: string;
  /** In order: the first whom JIRA takes. */
  readonly people: readonly Candidate[];
  /** Whether fields that JIRA does not take are left out. */
  readonly lenient: boolean;
  readonly words: Words;
}

export interface Fitted<Made> {
  readonly made: Made;
  /** What was left out, and why; also in the ticket. */
  readonly note: string | null;
  /** JIRA's id of the assignee. */
  readonly person: string | null;
}

/** Without these there is no issue. */
const indispensable = new Set(["project", "summary", "issuetype", "parent"]);
const limits = { summary: 255, description: 32_767 };

export async function createFitting<Made>(
  jira: Jira,
  wanted: FittingIssue,
  make: (fields: JsonObject) => Promise<Made>,
): Promise<Fitted<Made>> {
  const fitting = new Fitting(jira, wanted);
  for (;;) {
    const user = await fitting.nextUser();
    const { note, fields } = fitting.attempt(user);
    try {
      return { made: await make(fields), note, person: user?.id ?? null };
    } catch (error) {
      if (!(error instanceof Refusal) || !fitting.learn(error.fields, user)) throw error;
    }
  }
}

class Fitting {
  readonly #jira: Jira;
  readonly #wanted: FittingIssue;
  readonly #people: Candidate[];
  readonly #refusedPeople: string[] = [];
  readonly #dropped = new Map<string, string>();

  constructor(jira: Jira, wanted: FittingIssue) {
    this.#jira = jira;
    this.#wanted = wanted;
    this.#people = [...wanted.people];
  }

  /** The next of the people whom JIRA knows. */
  async nextUser(): Promise<User | undefined> {
    const { project, words } = this.#wanted;
    for (let [person] = this.#people; person !== undefined; [person] = this.#people) {
      const user = await findUser(this.#jira, project, person.text);
      if (user !== undefined) return user;
      this.#refusedPeople.push(words.unassignable(person.name, project));
      this.#people.shift();
    }
    return undefined;
  }

  attempt(user: User | undefined): { readonly note: string | null; readonly fields: JsonObject } {
    const notes = [
      ...this.#peopleNote(),
      ...[...this.#dropped].map(([name, why]) => this.#wanted.words.refusedField(name, why)),
    ];
    const note = notes.length === 0 ? null : notes.join(" ");
    const fields = {
      ...allFields(this.#jira, this.#wanted, note),
      ...(user ? { assignee: user.field } : {}),
    };
    const kept = Object.entries(fields).filter(([name]) => !this.#dropped.has(name));
    return { note, fields: Object.fromEntries(kept) };
  }

  /** Takes in why an attempt was refused; false when nothing can be done about it. */
  learn(words: Readonly<Record<string, string>>, user: User | undefined): boolean {
    const { assignee, ...others } = words;
    const fields = Object.entries(others);
    const hopeless = fields.some(
      ([name]) => !this.#wanted.lenient || indispensable.has(name) || this.#dropped.has(name),
    );
    if (hopeless || (assignee === undefined && fields.length === 0)) return false;
    if (assignee !== undefined) {
      if (user === undefined) return false;
      const name = this.#people.shift()?.name ?? user.id;
      this.#refusedPeople.push(this.#wanted.words.refusedPerson(name, assignee));
    }
    for (const [name, word] of fields) this.#dropped.set(name, word);
    return true;
  }

  #peopleNote(): readonly string[] {
    if (this.#refusedPeople.length === 0) return [];
    const [person] = this.#people;
    const { words } = this.#wanted;
    const end = person === undefined ? words.nobody : words.instead(person.name);
    return [`${this.#refusedPeople.join("; ")}${words.stop}${end}`];
  }
}

function allFields(jira: Jira, wanted: FittingIssue, note: string | null): JsonObject {
  const description = [wanted.description ?? "", note ?? ""]
    .filter((part) => part !== "")
    .join("\n\n");
  return {
    ...wanted.fields,
    project: { key: wanted.project },
    summary: oneLine(wanted.summary),
    labels: [...new Set([...wanted.labels, wanted.label])],
    ...(description === "" ? {} : { description: longText(jira, description) }),
  };
}

/** JIRA takes one line of at most 255 characters. */
export function oneLine(text: string): string {
  return shortened(text.replaceAll(/\s*[\r\n]+\s*/g, " ").trim(), limits.summary);
}

/** JIRA takes at most 32,767 characters. */
export function longText(jira: Jira, text: string): unknown {
  return jira.richText(shortened(text, limits.description));
}

function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text;
  // Not in the middle of a surrogate pair.
  return `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
