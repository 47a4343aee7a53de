/** What a role allows with entries of the inventory: on which types, attributes and entries. Grants only add up; nothing takes away. */

/** Every one of them includes reading. */
export const inventoryVerbs = ["read", "write", "create", "delete", "export", "approve"] as const;
export type InventoryVerb = (typeof inventoryVerbs)[number];

export interface InventoryGrant {
  /** Names of types; `*` is every type. */
  readonly types: readonly string[];
  readonly may: readonly InventoryVerb[];
  /** Only these attributes; undefined: all. */
  readonly attributes: readonly string[] | undefined;
  /** All but these. */
  readonly except: readonly string[];
  /** Only these entries, by id, name or key; undefined: all. */
  readonly entries: readonly unknown[] | undefined;
  /** Only entries of which this holds: a condition of the query model; undefined: all. */
  readonly where: unknown;
  /** The role that it belongs to, where that is known. */
  readonly role?: string;
}

export function isInventoryVerb(name: unknown): name is InventoryVerb {
  return inventoryVerbs.some((verb) => verb === name);
}
