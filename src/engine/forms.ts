/** Request forms: what the inventory knows of the servers, checks, and the event that a submission is. */
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { decide } from "../processes/ask.ts";
import type { Tongue } from "../runbooks/document.ts";
import { compileForms, type RequestForm } from "../runbooks/form.ts";
import {
  checkForm,
  type Filled,
  type FormFault,
  type KnownServer,
  prefilled,
  serversOf,
  ticketOf,
} from "../runbooks/form-values.ts";
import type { Core } from "./core.ts";
import { ingest } from "./ingest.ts";
import type { Inventory } from "./inventory.ts";

export interface FormGround {
  readonly core: Core;
  /** As the person who fills in sees it. */
  readonly inventory: Inventory;
}

export interface Submission {
  readonly filled: Filled;
  readonly tongue: Tongue;
  readonly user: string;
  /** The same one is sent in once. */
  readonly id: string;
}

const compiled = new WeakMap<object, ReadonlyMap<string, RequestForm>>();

/** Forms of the present content, by name. */
export function presentForms(core: Core): ReadonlyMap<string, RequestForm> {
  const { declarations } = core.definitions().content;
  const forms = compiled.get(declarations) ?? compileForms(declarations);
  compiled.set(declarations, forms);
  return forms;
}

/** Throws DOCUMENTS_UNKNOWN. */
export function formNamed(core: Core, name: string): RequestForm {
  const forms = presentForms(core);
  const form = forms.get(name);
  if (form !== undefined) return form;
  throw new AppError("DOCUMENTS_UNKNOWN", [
    `There is no form "${name}"; there are: ${[...forms.keys()].join(", ") || "none"}.`,
  ]);
}

const mostOptions = 20;

/** Names of machines that hold those words. */
export async function serverOptions(
  { inventory }: FormGround,
  words: string,
): Promise<readonly string[]> {
  const types = [...inventory.known.byName.values()]
    .filter(({ host }) => host !== undefined)
    .map(({ name }) => name);
  if (types.length === 0) return [];
  const text = words.trim() === "" ? undefined : words;
  const { entries } = await inventory.search({ type: types, text, limit: mostOptions });
  return entries.map(({ name }) => name);
}

async function known(
  inventory: Inventory,
  names: readonly string[],
): Promise<readonly KnownServer[]> {
  return Promise.all(
    names.slice(0, 200).map(async (name): Promise<KnownServer> => {
      const found = await inventory.findHost(name);
      if (!found.found) return { name, unknown: found.reason };
      const { type, name: official, attributes, references } = found.host;
      return { name, entry: { type, name: official, attributes, references: namesOf(references) } };
    }),
  );
}

function nameOf(one: unknown): unknown {
  return isObject(one) ? (one["name"] ?? null) : null;
}

/** What each reference points at, by name. */
function namesOf(references: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(references).map(([attribute, to]) => [
      attribute,
      Array.isArray(to) ? to.map(nameOf) : nameOf(to),
    ]),
  );
}

/** The present settings of the servers that were filled in, for fields that are empty. */
export async function prefillForm(
  { core, inventory }: FormGround,
  form: RequestForm,
  filled: Filled,
): Promise<Filled> {
  const servers = await known(inventory, serversOf(form, filled));
  return decide(
    (ask) => prefilled(form, { filled, servers, ask }),
    (question) => core.answer(question),
  );
}

export type Submitted =
  | { readonly faults: readonly FormFault[] }
  | { readonly key: string; readonly ticket: JsonObject };

/** Checks, and raises `forms.submitted` once per submission: a rule opens the ticket under that key. */
export async function submitForm(
  { core, inventory }: FormGround,
  form: RequestForm,
  { filled, tongue, user, id }: Submission,
): Promise<Submitted> {
  const servers = await known(inventory, serversOf(form, filled));
  const answer = (question: Parameters<Core["answer"]>[0]) => core.answer(question);
  const faults = await decide((ask) => checkForm(form, { filled, servers, tongue, ask }), answer);
  if (faults.length > 0) return { faults };
  const wanted = await decide((ask) => ticketOf(form, { filled, servers, tongue, ask }), answer);
  const key = `form:${form.name}:${id}`;
  const blank = { project: null, type: null, priority: null };
  const ticket = { ...blank, ...wanted, key };
  const payload = { form: form.name, submission: id, user, fields: filled, ticket };
  await ingest(core, [{ trigger: "forms.submitted", source: "forms", dedupeKey: key, payload }]);
  return { key, ticket };
}
