/** The inventory for those who act on it: what breaks with an entry, hosts for Ansible, suggestions for form fields. */
import { targets, type KnownType } from "../inventory/catalogue.ts";
import { badRequest } from "../inventory/problem.ts";
import { compileWhere } from "../inventory/query.ts";
import { shown } from "../inventory/validate.ts";
import { impactOf } from "../store/inventory/impact.ts";
import type { Inventory } from "./inventory.ts";
import { contextOf, type FoundEntry, type SearchQuery } from "./inventory-search.ts";

/** What of the inventory is read. */
export type Readers = Pick<Inventory, "get" | "search" | "ground" | "type">;

export interface ImpactView {
  readonly entry: { readonly id: string; readonly type: string; readonly name: string };
  /** How many of each type. */
  readonly counts: Readonly<Record<string, number>>;
  /** Nearest first. */
  readonly affected: readonly {
    readonly id: string;
    readonly type: string;
    readonly name: string;
    readonly depth: number;
    readonly via: string;
    readonly attribute: string;
  }[];
  /** True: there are more than could be told. */
  readonly truncated: boolean;
}

const deepest = 10;
const mostAffected = 10_000;

/** What breaks with an entry: everything that leads to it by references that pass trouble on (`impact: false` does not). */
export async function impact(inventory: Readers, id: string): Promise<ImpactView> {
  const entry = await inventory.get(id);
  const { db, known, eyes, clock } = inventory.ground;
  const types = [...known.byId.values()];
  const references = types.flatMap((type) =>
    [...type.attributes.values()]
      .filter((attribute) => attribute.impact)
      .map(({ name }) => {
        return { typeId: type.id, attribute: name, guard: eyes.access.guard(type, name, false) };
      }),
  );
  const seen = compileWhere({}, types, contextOf({ eyes, clock }));
  const bounds = { depth: deepest, limit: mostAffected + 1 };
  const rows = await impactOf(db, entry.id, { references, seen, ...bounds });
  const affected = rows
    .slice(0, mostAffected)
    .map(({ typeId, ...row }) => ({ ...row, type: known.byId.get(typeId)?.name ?? "unknown" }));
  const counts = new Map<string, number>();
  for (const { type } of affected) counts.set(type, (counts.get(type) ?? 0) + 1);
  return {
    entry: { id: entry.id, type: entry.type, name: entry.name },
    counts: Object.fromEntries(counts),
    affected,
    truncated: rows.length > mostAffected,
  };
}

export interface AnsibleQuery {
  /** Types of machines; those that alerts may name unless said. */
  readonly type?: readonly string[] | undefined;
  readonly filter?: string | undefined;
  readonly where?: unknown;
  /** Paths by whose values hosts are grouped; `$group` = by the groups that they are members of. */
  readonly groupBy: readonly string[];
}

const byGroup = "$group";
/** Hosts in one answer. */
const mostHosts = 50_000;

/** Ansible's dynamic inventory in one answer: groups, and the variables of every host under `_meta`. */
export async function ansibleInventory(
  inventory: Readers,
  { type, filter, where, groupBy: given }: AnsibleQuery,
): Promise<Readonly<Record<string, unknown>>> {
  const types = type ?? machineTypes(inventory.ground.known.byName.values());
  const groupBy = given.filter((path) => path !== byGroup);
  const address = types.every((name) => leadsToAddress(inventory, name));
  const select = [...new Set([...groupBy, ...(address ? ["primary_ip.address"] : [])])];
  const groups = new Map<string, string[]>();
  const hostvars = new Map<string, unknown>();
  const machines = { type: types, filter, where, select, limit: 1000 };
  for await (const entry of pagesOf(inventory, machines)) {
    hostvars.set(entry.name, variablesOf(entry));
    for (const group of groupsOf(entry, groupBy)) join(groups, group, entry.name);
    if (hostvars.size > mostHosts)
      throw badRequest(`more than ${mostHosts} hosts; narrow the query`);
  }
  if (given.includes(byGroup))
    await joinGroups(inventory, { types, filter, where }, (group, host) =>
      join(groups, group, host),
    );
  return {
    _meta: { hostvars: Object.fromEntries(hostvars) },
    all: { hosts: [...hostvars.keys()], children: [...groups.keys()].toSorted() },
    ...Object.fromEntries([...groups].map(([group, hosts]) => [group, { hosts }])),
  };
}

/** Hosts by the groups whose members they are, put in or found by a query. */
async function joinGroups(
  inventory: Readers,
  {
    types,
    filter,
    where,
  }: Pick<AnsibleQuery, "filter" | "where"> & { readonly types: readonly string[] },
  add: (group: string, host: string) => void,
): Promise<void> {
  const kinds = [...inventory.ground.known.byName.values()].filter(
    ({ group }) => group !== undefined,
  );
  if (kinds.length === 0) return;
  const groupsOfKinds = { type: kinds.map(({ name }) => name), limit: 1000 };
  for await (const { id, type, name } of pagesOf(inventory, groupsOfKinds)) {
    const members = { type: types, filter, where: { and: [{ $group: id }, where ?? {}] } };
    for await (const entry of pagesOf(inventory, { ...members, limit: 1000 }))
      add(groupName(`${type}_${name}`), entry.name);
  }
}

/** All entries that a search finds, page by page. */
async function* pagesOf(inventory: Readers, query: SearchQuery): AsyncGenerator<FoundEntry> {
  let after: string | undefined;
  do {
    const page = await inventory.search({ ...query, after });
    yield* page.entries;
    after = page.next;
  } while (after !== undefined);
}

function leadsToAddress(inventory: Readers, type: string): boolean {
  const attribute = inventory.type(type).attributes.get("primary_ip");
  if (attribute === undefined) return false;
  const { known } = inventory.ground;
  return targets(known, attribute.element.to).some(({ attributes }) => attributes.has("address"));
}

function join(groups: Map<string, string[]>, group: string, host: string): void {
  const hosts = groups.get(group);
  if (hosts === undefined) groups.set(group, [host]);
  else hosts.push(host);
}

function machineTypes(types: Iterable<KnownType>): readonly string[] {
  const names = [...types].filter(({ host }) => host !== undefined).map(({ name }) => name);
  if (names.length === 0) throw badRequest("no type says by `host` that its entries are machines");
  return names;
}

/** Ansible's names of groups are words of letters, digits and underscores. */
function groupsOf({ values = {} }: FoundEntry, groupBy: readonly string[]): readonly string[] {
  return groupBy.flatMap((path) => {
    const parts = path.replace(/\.(?:code|name)$/, "").split(".");
    return [values[path]].flat().flatMap((value) => {
      if (value === null || value === undefined) return [];
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return [groupName(`${parts.at(-1)}_${text}`)];
    });
  });
}

function groupName(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}_]+/gu, "_");
}

function variablesOf({ id, type, attributes, references, values = {} }: FoundEntry): unknown {
  const named = Object.entries(references).map(([attribute, target]) => [
    attribute,
    Array.isArray(target) ? target.map(({ name }) => name) : nameOf(target),
  ]);
  const address = values["primary_ip.address"];
  return {
    ...attributes,
    ...Object.fromEntries(named),
    raicho_id: id,
    raicho_type: type,
    ...(typeof address === "string" ? { ansible_host: address } : {}),
  };
}

function nameOf(target: unknown): unknown {
  return typeof target === "object" && target !== null && "name" in target ? target.name : target;
}

export interface Suggestion {
  readonly id: string;
  readonly type: string;
  readonly name: string;
}

/** Entries for a form field while somebody types: names that begin so first, then whatever holds the words. */
export async function suggest(
  inventory: Readers,
  {
    type,
    text,
    limit = 20,
  }: {
    readonly type: readonly string[];
    readonly text: string;
    readonly limit?: number | undefined;
  },
): Promise<readonly Suggestion[]> {
  if (limit < 1 || limit > 100) throw badRequest(`limit is ${shown(limit)}; expected 1 to 100`);
  const begins = text.trim() === "" ? [] : [{ path: "name", op: "starts_with", value: text }];
  const first = await inventory.search({ type, where: begins, limit });
  const found = new Map(first.entries.map((entry) => [entry.id, entry]));
  if (found.size < limit && text.trim() !== "") {
    const more = await inventory.search({ type, text, limit });
    for (const entry of more.entries) if (found.size < limit) found.set(entry.id, entry);
  }
  return [...found.values()].map(({ id, type: of, name }) => ({ id, type: of, name }));
}
