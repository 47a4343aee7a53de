/** Looks up what references mean, all of a batch at once. */
import { targets, type Catalogue } from "../inventory/catalogue.ts";
import { isUuid } from "../inventory/attribute-types.ts";
import { probesFor, type Probes } from "../inventory/lookup.ts";
import { requestKey, type ReferenceRequest, type Resolution } from "../inventory/references.ts";
import { shown } from "../inventory/validate.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { findKeys, findNames, keyText, livingEntries } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";
import { mayRead, type Eyes } from "./inventory-eyes.ts";

export type Resolutions = ReadonlyMap<string, Resolution>;

/** Keys inside keys inside keys: deeper is a mistake. */
const deepestKey = 4;

export interface ResolveOptions {
  /** What the caller may not see is not there. */
  readonly eyes: Eyes;
  /** True inside a write: what was found cannot be deleted until the transaction ends. */
  readonly hold: boolean;
}

/** Answers every request, by `requestKey`. */
export async function resolveReferences(
  db: Db,
  requests: readonly ReferenceRequest[],
  { eyes, hold }: ResolveOptions,
  depth = 0,
): Promise<Resolutions> {
  const { known } = eyes;
  const distinct = new Map(requests.map((request) => [requestKey(request), request]));
  if (distinct.size === 0) return new Map();
  const plain = await withoutInnerReferences(db, distinct, { eyes, hold }, depth);
  const found = await search(db, plain, eyes);
  const living = await livingOnes(db, [...found.values()].flat(2), hold);
  const sights = await eyes.sights(
    db,
    [...living].map(([id, typeId]) => ({ id, typeId })),
  );
  return new Map(
    [...distinct].map(([key, request]) => {
      const problem = plain.get(key)?.probes.problem;
      if (problem !== undefined) return [key, { problem }];
      const seen = (found.get(key) ?? []).map((hits) =>
        hits.filter(({ id, by }) => {
          const allowed = sights.get(id);
          return allowed !== undefined && by.every((attribute) => mayRead(allowed, attribute));
        }),
      );
      const hits = seen.find(({ length }) => length > 0) ?? [];
      return [key, verdict(request, new Set(hits.map(({ id }) => id)), living, known)];
    }),
  );
}

/** The types of those that live, by id. What was found by a key or a name lives; it is held, or only told. */
async function livingOnes(
  db: Db,
  hits: readonly Hit[],
  hold: boolean,
): Promise<ReadonlyMap<string, number>> {
  const told = new Map(
    hits.flatMap(({ id, typeId }) => (hold || typeId === undefined ? [] : [[id, typeId] as const])),
  );
  const asked = new Set(hits.flatMap(({ id }) => (told.has(id) ? [] : [id])));
  return new Map([...told, ...(await livingEntries(db, [...asked], { hold }))]);
}

/** What one request means. */
export async function meaningOf(
  db: Db,
  request: ReferenceRequest,
  eyes: Eyes,
): Promise<Resolution | undefined> {
  const answers = await resolveReferences(db, [request], { eyes, hold: false });
  return answers.get(requestKey(request));
}

/** An entry that a request could mean, found by these attributes. */
interface Hit {
  readonly id: string;
  readonly by: readonly string[];
  /** Of one that is known to live. */
  readonly typeId?: number;
}

interface Plain {
  readonly given: unknown;
  readonly probes: Probes;
}
const noProbes: Probes = { keys: [], names: [] };

async function withoutInnerReferences(
  db: Db,
  requests: ReadonlyMap<string, ReferenceRequest>,
  options: ResolveOptions,
  depth: number,
): Promise<Map<string, Plain>> {
  const { known } = options.eyes;
  const inner = [...requests.values()].flatMap((request) => innerRequests(request, known));
  const answers =
    depth < deepestKey ? await resolveReferences(db, inner, options, depth + 1) : new Map();
  return new Map(
    [...requests].map(([key, request]) => {
      const given = isObject(request.given)
        ? replaced(request.given, innerRequests(request, known), answers)
        : request.given;
      const probes = isUuid(given) ? noProbes : probesFor(known, { ...request, given });
      return [key, { given, probes }];
    }),
  );
}

interface InnerRequest extends ReferenceRequest {
  readonly attribute: string;
}

/** References among the attributes of a key: `{name: "R12", room: {…}}`. */
function innerRequests({ to, given }: ReferenceRequest, known: Catalogue): readonly InnerRequest[] {
  if (!isObject(given)) return [];
  return Object.entries(given).flatMap(([attribute, value]) => {
    const element = targets(known, to)
      .map((type) => type.attributes.get(attribute)?.element)
      .find((candidate) => candidate?.type === "ref");
    return element === undefined || value === null || value === undefined
      ? []
      : [{ attribute, to: element.to, given: value }];
  });
}

function replaced(
  given: JsonObject,
  inner: readonly InnerRequest[],
  answers: Resolutions,
): JsonObject {
  const ids = inner.flatMap((request) => {
    const answer = answers.get(requestKey({ to: request.to, given: request.given }));
    return answer !== undefined && "id" in answer ? [[request.attribute, answer.id]] : [];
  });
  return { ...given, ...Object.fromEntries(ids) };
}

/** Entries that each request could mean, in lists of which the first with an entry counts; an id means itself. */
async function search(
  db: Db,
  plain: ReadonlyMap<string, Plain>,
  { known, unlimited }: Eyes,
): Promise<Map<string, readonly (readonly Hit[])[]>> {
  const all = [...plain.values()].map(({ probes }) => probes);
  const keys = all.flatMap((probes) => probes.keys);
  const byKey = new Map((await findKeys(db, keys)).map((hit) => [keyText(hit), hit.entry_id]));
  // Where a key answers nobody asks for names, unless what holds the key may not be seen.
  const open = all.filter(
    (probes) => !unlimited || !probes.keys.some((key) => byKey.has(keyText(key))),
  );
  const named = await findNames(
    db,
    open.flatMap(({ names }) => names),
  );
  const byName = Map.groupBy(named, ({ typeId, name }) => nameText(typeId, name));
  return new Map(
    [...plain].map(([key, { given, probes }]) => {
      if (isUuid(given)) return [key, [[{ id: given.toLowerCase(), by: [] }]]];
      const fromKeys = probes.keys.flatMap((probe): Hit[] => {
        const id = byKey.get(keyText(probe));
        const { type_id: typeId } = probe;
        return id === undefined ? [] : [{ id, typeId, by: keyAttributes(known, probe) }];
      });

      const fromNames = probes.names.flatMap(
        ({ type_id, name }) => byName.get(nameText(type_id, name)) ?? [],
      );
      const living = fromNames.filter((hit) => known.byId.has(hit.typeId));
      // A key names one entry; a name may be shared, so it counts only where no key answers.
      return [key, [fromKeys, living.map(({ id, typeId }) => ({ id, typeId, by: [] }))]];
    }),
  );
}

function nameText(typeId: number, name: string): string {
  return `${typeId} ${name}`;
}

function keyAttributes(
  { byId }: Catalogue,
  probe: { readonly type_id: number; readonly key_name: string },
): readonly string[] {
  const key = byId.get(probe.type_id)?.keys.find(({ name }) => name === probe.key_name);
  return key?.attributes ?? [];
}

function verdict(
  { to, given }: ReferenceRequest,
  found: ReadonlySet<string>,
  living: ReadonlyMap<string, number>,
  known: Catalogue,
): Resolution {
  const wanted = to.length === 0 ? "entry" : to.join(" or ");
  const ids = [...found].filter((id) => living.has(id));
  const [id] = ids;
  if (id === undefined) return { problem: `there is no ${wanted} ${shown(given)}` };
  if (ids.length > 1)
    return {
      problem: `${shown(given)} means ${ids.length} of ${wanted}: ${ids.slice(0, 5).join(", ")}`,
    };
  const type = known.byId.get(living.get(id) ?? 0)?.name;
  if (to.length > 0 && (type === undefined || !to.includes(type)))
    return { problem: `${shown(given)} is a ${type ?? "retired type"}, not a ${wanted}` };
  return { id };
}
