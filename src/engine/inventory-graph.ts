/** What hangs together around an entry, as far as the caller may see it. */
import {
  loadNeighbourhood,
  loadReferring,
  type GraphEdge,
  type GraphEntry,
} from "../store/inventory/hosts.ts";
import { mayRead, readablePart, type Allowed } from "./inventory-eyes.ts";
import type { Ground } from "./inventory-history.ts";

type Where = Pick<Ground, "db" | "eyes">;

async function sightsOf(
  { db, eyes }: Where,
  entries: readonly GraphEntry[],
): Promise<ReadonlyMap<string, Allowed>> {
  return eyes.sights(
    db,
    entries.map(({ id, typeId }) => ({ id, typeId })),
  );
}

/** Everything that can be reached over the attributes in at most `depth` steps, over entries and references that the caller may read. */
export async function seenNeighbourhood(
  ground: Where,
  start: string,
  attributes: readonly string[],
  depth: number,
): Promise<{ readonly entries: readonly GraphEntry[]; readonly edges: readonly GraphEdge[] }> {
  const found = await loadNeighbourhood(ground.db, start, attributes, depth);
  if (ground.eyes.unlimited) return found;
  const sights = await sightsOf(ground, found.entries);
  const edges = found.edges.filter(
    ({ src, attr, dst }) => mayRead(sights.get(src), attr) && sights.has(dst),
  );
  const reached = new Set(sights.has(start) ? [start] : []);
  // A set grows while it is walked: what is reached leads on.
  for (const id of reached) for (const { src, dst } of edges) if (src === id) reached.add(dst);
  return {
    entries: found.entries
      .filter(({ id }) => reached.has(id))
      .map((entry) => ({ ...entry, doc: readablePart(sights.get(entry.id), entry.doc) })),
    edges: edges.filter(({ src }) => reached.has(src)),
  };
}

/** Entries of a type that refer to `dst` by one of the attributes, by name; of those that the caller may read there. */
export async function seenReferring(
  ground: Where,
  dst: string,
  type: string,
  attributes: readonly string[],
): Promise<readonly GraphEntry[]> {
  const found = new Map<string, GraphEntry>();
  for (const attribute of attributes) {
    const entries = await loadReferring(ground.db, [dst], type, attribute);
    const sights = await sightsOf(ground, entries);
    for (const entry of entries) {
      const allowed = sights.get(entry.id);
      if (mayRead(allowed, attribute))
        found.set(entry.id, { ...entry, doc: readablePart(allowed, entry.doc) });
    }
  }
  return [...found.values()];
}
