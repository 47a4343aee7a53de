/** Looks up what saved filters and groups ask, before a condition that names them is compiled.
 *
 * 1. One's own filter comes before a shared one of the same name; those of others that are not shared are not there.
 * 2. A ring of filters and groups that name each other is a fault wherever it is met, never a loop.
 * 3. A group is asked through the eyes of whoever asks: who may not read its query, or the reference that makes a member, knows of no such members. */
import type { KnownType } from "../inventory/catalogue.ts";
import { memberStep } from "../inventory/compile-group.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import type { Named, NamedParts } from "../inventory/query.ts";
import { namedIn, readCondition, type Condition } from "../inventory/query-condition.ts";
import { readFilterQuery, type FilterQuery } from "../inventory/saved-filter.ts";
import { nearest } from "../inventory/text.ts";
import { shown } from "../inventory/validate.ts";
import { loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import { visibleFilters } from "../store/inventory/filters.ts";
import type { Db } from "../store/schema.ts";
import { mayRead, type Eyes } from "./inventory-eyes.ts";
import { meaningOf } from "./inventory-resolve.ts";

type NamedCondition = ReturnType<typeof namedIn>[number];
type Answer = ReturnType<Named>;

export interface NamedOptions {
  readonly eyes: Eyes;
  /** Roles only count on filters that not everybody can change. */
  readonly onlyProtected?: boolean;
  /** A filter that is about to be saved: it counts instead of the stored one. */
  readonly candidate?: { readonly name: string; readonly query: FilterQuery };
  /** A group that is about to be written. */
  readonly group?: { readonly id: string; readonly query: FilterQuery };
}

/** Filters and groups that one condition may lead to. */
const mostNamed = 100;

const keyOf = (what: string, given: unknown): string => JSON.stringify([what, given]);

/** Answers for all that these conditions name, and what that names in turn. */
export async function namedFor(
  db: Db,
  conditions: readonly Condition[],
  options: NamedOptions,
): Promise<Named> {
  const answers = new Map<string, Answer>();
  const lookup = new Lookup(db, options, answers);
  for (const condition of conditions) await lookup.follow(condition, []);
  return (what, given) =>
    answers.get(keyOf(what, given)) ?? { problem: `there is no ${what} ${shown(given)}` };
}

class Lookup {
  readonly #db: Db;
  readonly #options: NamedOptions;
  readonly #answers: Map<string, Answer>;

  constructor(db: Db, options: NamedOptions, answers: Map<string, Answer>) {
    this.#db = db;
    this.#options = options;
    this.#answers = answers;
  }

  /** `trail`: the filters and groups that led here, by identity. */
  async follow(condition: Condition, trail: readonly string[]): Promise<void> {
    for (const named of namedIn(condition)) await this.#answer(named, trail);
  }

  async #answer({ what, given }: NamedCondition, trail: readonly string[]): Promise<void> {
    const answer = await (what === "filter" ? this.#filter(String(given)) : this.#group(given));
    const key = keyOf(what, given);
    if ("problem" in answer) return void this.#answers.set(key, answer);
    if (trail.includes(answer.identity))
      throw badRequest(
        `filters and groups name each other in a ring: ${[...trail.slice(trail.indexOf(answer.identity)), answer.identity].join(" → ")}`,
      );
    if (this.#answers.has(key)) return;
    if (this.#answers.size >= mostNamed)
      throw badRequest(`more than ${mostNamed} filters and groups`);
    for (const { condition } of answer.parts)
      await this.follow(condition, [...trail, answer.identity]);
    this.#answers.set(key, answer);
  }

  async #filter(name: string): Promise<Found> {
    const { candidate, eyes, onlyProtected = false } = this.#options;
    if (candidate?.name === name) return found(`filter ${name}`, candidate.query);
    const [row] = await visibleFilters(this.#db, eyes.viewer, [name]);
    if (row === undefined) {
      const all = await visibleFilters(this.#db, eyes.viewer);
      const near = nearest(
        name,
        all.map((one) => one.name),
      );
      return {
        problem: `there is no filter ${shown(name)}${near === undefined ? "" : `; did you mean ${near}?`}`,
      };
    }
    if (onlyProtected && !row.protected)
      return {
        problem: `filter ${name} is not protected: whoever changes it would change what the role allows`,
      };
    const { type, where } = row.document;
    return found(`filter ${name}`, readFilterQuery({ type, where }));
  }

  async #group(given: unknown): Promise<Found> {
    const row = await this.#groupRow(given);
    if ("problem" in row) return row;
    const { eyes } = this.#options;
    const type = eyes.known.byId.get(row.typeId);
    const query = type === undefined ? undefined : await this.#queryOf(row, type);
    return {
      name: `group ${row.name}`,
      identity: `group ${row.name}`,
      parts: [
        ...(type === undefined ? [] : staticParts(type, row.id, eyes)),
        ...(query === undefined ? [] : [partOf(query)]),
      ],
    };
  }

  async #groupRow(given: unknown): Promise<EntryRow | { readonly problem: string }> {
    const { eyes } = this.#options;
    const nobody = { problem: `there is no group ${shown(given)}` };
    const types = [...eyes.known.byName.values()].filter((type) => type.group !== undefined);
    if (types.length === 0) return nobody;
    const request = { to: types.map(({ name }) => name), given };
    const answer = await meaningOf(this.#db, request, eyes);
    if (answer === undefined || !("id" in answer))
      return { problem: `group ${shown(given)}: ${answer?.problem ?? "there is none"}` };
    return (await loadEntries(this.#db, [answer.id], "none")).get(answer.id) ?? nobody;
  }

  async #queryOf(row: EntryRow, type: KnownType): Promise<FilterQuery | undefined> {
    const { eyes, group } = this.#options;
    if (group?.id === row.id) return group.query;
    const attribute = type.group?.query;
    if (attribute === undefined) return undefined;
    const allowed = (await eyes.sights(this.#db, [row])).get(row.id);
    return mayRead(allowed, attribute) ? queryIn(row.doc[attribute]) : undefined;
  }
}

type Found = (NamedParts & { readonly identity: string }) | { readonly problem: string };

function partOf({ types, where }: FilterQuery): NamedParts["parts"][number] {
  return { types, condition: readCondition(where) };
}

function found(name: string, query: FilterQuery): Found {
  return { name, identity: name, parts: [partOf(query)] };
}

/** What an earlier version of the program stored may be no query. */
function queryIn(stored: unknown): FilterQuery | undefined {
  if (stored === undefined) return undefined;
  try {
    return readFilterQuery(stored);
  } catch (error) {
    if (error instanceof InventoryError) return undefined;
    throw error;
  }
}

function leadsTo(id: string, path: string): Condition {
  return { kind: "test", path, op: "eq", value: id };
}

/** Who was put into the group: by references of the group, and by references to it. */
function staticParts(type: KnownType, id: string, { known }: Eyes): NamedParts["parts"] {
  return (type.group?.members ?? []).flatMap((member): NamedParts["parts"] => {
    const step = memberStep(member);
    if (step === undefined) {
      const own = type.attributes.get(member);
      if (own === undefined) return [];
      const types = own.element.to.length === 0 ? undefined : own.element.to;
      return [{ types, condition: leadsTo(id, `<${type.name}.${member}`) }];
    }
    const there = known.byName.get(step.type)?.attributes.has(step.attribute) === true;
    return there ? [{ types: [step.type], condition: leadsTo(id, step.attribute) }] : [];
  });
}
