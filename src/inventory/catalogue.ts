import type { Question } from "../expressions/context.ts";
import type { JsonObject } from "../model/json.ts";
import type { EntityType, EntityTypes } from "./definition.ts";
import { watchedAttributes } from "./formula.ts";
import { InventoryError } from "./problem.ts";
import type { Sources } from "./sources.ts";
import { nearest } from "./text.ts";

/** A type with its number in the ledger. */
export interface KnownType extends EntityType {
  readonly id: number;
  readonly schemaVersion: number;
  /** Definitions by version, the earlier ones and the present one. */
  readonly definitions: ReadonlyMap<number, JsonObject>;
  /** True: it has more attributes than exist for the caller. */
  readonly partial?: boolean;
}

/** Answers what formulas ask: the time, and expressions that run in a child with a deadline. */
export type Answer = (question: Question) => Promise<unknown>;

/** The living types, by name and by number, and who answers their formulas. */
export interface Catalogue {
  readonly answer: Answer;
  readonly byName: ReadonlyMap<string, KnownType>;
  readonly byId: ReadonlyMap<number, KnownType>;
  /** Per type, the attributes that stored computed attributes of others may read. */
  readonly watched: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whose word about the entries counts for what. */
  readonly sources: Sources;
}

export function catalogue(
  types: EntityTypes,
  stored: ReadonlyMap<string, Pick<KnownType, "id" | "schemaVersion" | "definitions">>,
  answer: Answer,
  sources: Sources = new Map(),
): Catalogue {
  const known = [...types.values()].flatMap((type): KnownType[] => {
    const row = stored.get(type.name);
    if (row === undefined) return [];
    const { id, schemaVersion, definitions } = row;
    return [{ ...type, id, schemaVersion, definitions }];
  });
  return {
    answer,
    byName: new Map(known.map((type) => [type.name, type])),
    byId: new Map(known.map((type) => [type.id, type])),
    watched: watchedAttributes(types),
    sources,
  };
}

/** Throws INVENTORY_TYPE_UNKNOWN with the nearest right name. */
export function typeNamed({ byName }: Catalogue, name: string): KnownType {
  const type = byName.get(name);
  if (type !== undefined) return type;
  const near = nearest(name, byName.keys());
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  throw new InventoryError("INVENTORY_TYPE_UNKNOWN", [`${JSON.stringify(name)}${hint}`], {
    nearest: near ?? null,
  });
}

/** The candidates of a reference: its target types, or all. */
export function targets({ byName }: Catalogue, to: readonly string[]): readonly KnownType[] {
  if (to.length === 0) return [...byName.values()];
  return to.flatMap((name) => byName.get(name) ?? []);
}
