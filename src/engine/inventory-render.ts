/** Configuration files from the inventory: Jinja over an entry and what it refers to, read through the caller's eyes. */
import { ExpressionError, type Question } from "../expressions/context.ts";
import { compileJinjaTemplate, JinjaSyntaxError } from "../expressions/jinja/compile.ts";
import { typeNamed, type Answer } from "../inventory/catalogue.ts";
import { deepestReference, expanded, followed, type Seen } from "../inventory/formula.ts";
import { badRequest } from "../inventory/problem.ts";
import { nearest } from "../inventory/text.ts";
import { shown } from "../inventory/validate.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { decide as decideAsking } from "../processes/ask.ts";
import { loadEntries } from "../store/inventory/entries.ts";
import type { Inventory } from "./inventory.ts";
import type { EntryView } from "./inventory-view.ts";
import { viewEntries } from "./inventory-view.ts";

export interface RenderRequest {
  /** The entry that stands as `entry` in the template. */
  readonly id: string | undefined;
  /** The template itself; without it, that of an attribute of the entry. */
  readonly template: string | undefined;
  readonly attribute: string | undefined;
  /** Further names, each a search whose entries it stands for. */
  readonly queries: JsonObject;
  /** Further names with their values. */
  readonly variables: JsonObject;
}

type Source = Pick<Inventory, "get" | "search" | "ground">;

const longestTemplate = 200_000;
const mostEntries = 5_000;

/** The text that comes of it. Throws INVENTORY_REQUEST with the place when the template is wrong or names what is not there. */
export async function render(inventory: Source, request: RenderRequest): Promise<string> {
  const root = request.id === undefined ? undefined : await inventory.get(request.id);
  const template = templateOf(request, root);
  const names = new Set(template.match(/[A-Za-z_][A-Za-z0-9_]*/g));
  const lists = new Map<string, readonly EntryView[]>();
  for (const [name, query] of Object.entries(request.queries)) {
    if (isTaken(name, request)) throw badRequest(`queries.${name}: the name is taken`);
    lists.set(name, await queried(inventory, name, query));
  }
  const referrers = root === undefined ? [] : await referrersOf(inventory, root, template);
  const all = [
    ...(root === undefined ? [] : [root]),
    ...[...lists.values()].flat(),
    ...referrers.flatMap(({ entries }) => entries),
  ];
  const whole = await expander(inventory, all, names);
  const referredBy: Record<string, Record<string, unknown>> = {};
  for (const { type, attribute, entries } of referrers)
    (referredBy[type] ??= {})[attribute] = entries.map(whole);
  const variables = {
    ...request.variables,
    ...Object.fromEntries([...lists].map(([name, entries]) => [name, entries.map(whole)])),
    ...(root === undefined ? {} : { entry: whole(root), referred_by: referredBy }),
  };
  return rendered(template, variables, inventory.ground.known.answer);
}

function isTaken(name: string, { id, variables }: RenderRequest): boolean {
  const own = id === undefined ? [] : ["entry", "referred_by"];
  return own.includes(name) || Object.hasOwn(variables, name);
}

function templateOf(
  { template, attribute = "config_template" }: RenderRequest,
  root: EntryView | undefined,
): string {
  const found = template ?? root?.attributes[attribute];
  if (typeof found !== "string") {
    const near = nearest(attribute, Object.keys(root?.attributes ?? {}));
    const hint = near === undefined ? "" : `; did you mean ${near}?`;
    throw badRequest(
      root === undefined
        ? "template is missing; expected a Jinja template"
        : `${root.name} has no template in ${attribute}${hint}`,
    );
  }
  if (found.length <= longestTemplate) return found;
  throw badRequest(`the template has ${found.length} characters; at most ${longestTemplate}`);
}

async function queried(
  inventory: Source,
  name: string,
  query: unknown,
): Promise<readonly EntryView[]> {
  if (!isObject(query)) throw badRequest(`queries.${name} is ${shown(query)}; expected a search`);
  const { type, where = {}, text, sort } = query;
  if (typeof type !== "string")
    throw badRequest(`queries.${name}.type is ${shown(type)}; expected the name of a type`);
  const found: EntryView[] = [];
  let after: string | undefined;
  do {
    const page = await inventory.search({
      type,
      where,
      text: typeof text === "string" ? text : undefined,
      sort: typeof sort === "string" ? sort : undefined,
      limit: 1000,
      after,
    });
    found.push(...page.entries);
    if (found.length > mostEntries)
      throw badRequest(`queries.${name} finds more than ${mostEntries}`);
    after = page.next;
  } while (after !== undefined);
  return found;
}

interface Referrers {
  readonly type: string;
  readonly attribute: string;
  readonly entries: readonly EntryView[];
}

/** `referred_by.Member.pool` in the template stands for the members whose pool the entry is. */
async function referrersOf(
  inventory: Source,
  root: EntryView,
  template: string,
): Promise<readonly Referrers[]> {
  const found = new Map<string, Referrers>();
  for (const [all, type = "", attribute = ""] of template.matchAll(
    /\breferred_by\.(\w+)\.(\w+)/g,
  )) {
    if (found.has(all)) continue;
    const known = typeNamed(inventory.ground.known, type);
    if (!known.attributes.has(attribute)) {
      const near = nearest(attribute, known.attributes.keys());
      throw badRequest(
        `${all}: ${type} has no attribute ${attribute}${near === undefined ? "" : `; did you mean ${near}?`}`,
      );
    }
    const where = { [attribute]: root.id };
    found.set(all, { type, attribute, entries: await queried(inventory, all, { type, where }) });
  }
  return [...found.values()];
}

function seenOf({ id, type, name, attributes }: EntryView): Seen {
  return { id, type, name, document: attributes };
}

/** Makes of an entry what a template sees: references are the entries that they name, as far as its names go. */
async function expander(
  { ground }: Source,
  entries: readonly EntryView[],
  names: ReadonlySet<string>,
): Promise<(entry: EntryView) => JsonObject> {
  const { db, eyes } = ground;
  const types = ground.known.byName;
  const found = new Map<string, Seen>();
  let here = entries;
  for (let depth = 0; depth < deepestReference && here.length > 0; depth += 1) {
    const ids = here.flatMap(({ type, attributes }) => {
      const known = types.get(type);
      return known === undefined ? [] : followed(known, attributes, names);
    });
    const fresh = [...new Set(ids)].filter((id) => id !== "" && !found.has(id));
    if (found.size + fresh.length > mostEntries)
      throw badRequest(`the template reads more than ${mostEntries} entries`);
    here = await viewEntries(db, [...(await loadEntries(db, fresh)).values()], eyes);
    for (const entry of here) found.set(entry.id, seenOf(entry));
  }
  return (entry) => expanded(seenOf(entry), names, { types, found });
}

async function rendered(template: string, variables: JsonObject, answer: Answer): Promise<string> {
  try {
    const compiled = compileJinjaTemplate(template);
    return await decideAsking((ask) => compiled.render({ variables, ask }), withoutKeys(answer));
  } catch (error) {
    if (error instanceof JinjaSyntaxError)
      throw badRequest(`the template, line ${error.line}: ${error.message}`);
    if (error instanceof ExpressionError) throw badRequest(`the template: ${error.message}`);
    throw error;
  }
}

/** Whoever may render may not for that reason read the datastore. */
function withoutKeys(answer: Answer): Answer {
  return (question: Question) => {
    if (question.kind === "datastore" || question.kind === "decrypt")
      return Promise.reject(badRequest("a template over the inventory reads no datastore keys"));
    return answer(question);
  };
}

/** `{id, template, attribute, queries, variables}` as somebody wrote it. */
export function renderRequest(body: JsonObject): RenderRequest {
  const text = (name: string): string | undefined => {
    const value = body[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string") return value;
    throw badRequest(`${name} is ${shown(value)}; expected text`);
  };
  const object = (name: string): JsonObject => {
    const value = body[name] ?? {};
    if (isObject(value)) return value;
    throw badRequest(`${name} is ${shown(value)}; expected an object`);
  };
  return {
    id: text("id"),
    template: text("template"),
    attribute: text("attribute"),
    queries: object("queries"),
    variables: object("variables"),
  };
}
