/** Lists of packs that can be installed by name: StackStorm's index.json, from files and from servers. */
import { readFileSync } from "node:fs";
import { isObject, type JsonObject } from "../model/json.ts";
import { getBytes } from "./fetch.ts";

/** How reading one index went. */
export interface IndexStatus {
  readonly index: string;
  readonly message: string;
  readonly packs: number;
  /** "unresponsive", or "malformed"; absent when it is good. */
  readonly error?: string;
}

export interface PackIndex {
  /** By name; of two indexes with one name the first counts. */
  readonly packs: ReadonlyMap<string, JsonObject>;
  readonly status: readonly IndexStatus[];
}

/** Never rejects: what cannot be read is in the status. `places` are paths and addresses. */
export async function readIndexes(
  places: readonly string[],
  signal?: AbortSignal,
): Promise<PackIndex> {
  const packs = new Map<string, JsonObject>();
  const status: IndexStatus[] = [];
  for (const index of places) {
    const read = await readIndex(index, signal);
    if ("error" in read) {
      status.push({ index, message: read.message, packs: 0, error: read.error });
      continue;
    }
    for (const [name, pack] of Object.entries(read.packs))
      if (isObject(pack) && !packs.has(name)) packs.set(name, { ref: name, name, ...pack });
    status.push({ index, message: "Success.", packs: Object.keys(read.packs).length });
  }
  return { packs, status };
}

async function readIndex(
  place: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly packs: JsonObject } | { readonly error: string; readonly message: string }> {
  let text: string;
  try {
    text = /^https?:\/\//i.test(place)
      ? (await getBytes(place, 64 * 1_048_576, signal)).toString("utf8")
      : readFileSync(place.replace(/^file:\/\//i, ""), "utf8");
  } catch (error) {
    return {
      error: "unresponsive",
      message: error instanceof Error ? error.message : String(error),
    };
  }
  try {
    const document: unknown = JSON.parse(text);
    const packs = isObject(document) ? document["packs"] : undefined;
    if (isObject(packs)) return { packs };
    return {
      error: "malformed",
      message: 'Index file structure is malformed: there is no "packs".',
    };
  } catch {
    return { error: "malformed", message: "The index is not JSON." };
  }
}

const searched = ["ref", "name", "description", "author", "keywords"] as const;

/** Packs of which an attribute holds the text, in any case. */
export function searchIndex({ packs }: PackIndex, query: string): readonly JsonObject[] {
  const wanted = query.toLowerCase();
  return [...packs.values()].filter((pack) =>
    searched.some((name) =>
      JSON.stringify(pack[name] ?? "")
        .toLowerCase()
        .includes(wanted),
    ),
  );
}
