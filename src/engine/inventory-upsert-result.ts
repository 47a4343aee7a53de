/** What became of the items of an upsert. */
import type { KnownType } from "../inventory/catalogue.ts";
import { derive } from "../inventory/derive.ts";
import type { Lock } from "../inventory/lock.ts";
import type { InventoryError } from "../inventory/problem.ts";
import type { JsonObject } from "../model/json.ts";
import type { Decided } from "./inventory-write.ts";

export interface UpsertResult {
  readonly result: "created" | "updated" | "unchanged" | "ambiguous" | "conflict" | "invalid";
  /** The entry; absent when there is none. */
  readonly id?: string;
  readonly name?: string;
  readonly version?: number;
  readonly changed?: readonly string[];
  /** What it edits that other sources own. */
  readonly locked?: readonly Lock[];
  /** Why not, with details as in the API's errors. */
  readonly error?: string;
  readonly details?: JsonObject;
}

export function failure(error: InventoryError): UpsertResult {
  const kinds: Partial<Record<string, UpsertResult["result"]>> = {
    INVENTORY_KEY_TAKEN: "conflict",
    INVENTORY_LOCKED: "conflict",
    INVENTORY_STALE: "conflict",
  };
  const result = error.details["ambiguous"] === undefined ? kinds[error.code] : "ambiguous";
  return { result: result ?? "invalid", error: error.message, details: error.details };
}

/** `type`: as it exists for the caller. */
export function outcome(decision: Decided, type: KnownType): UpsertResult {
  switch (decision.kind) {
    case "refused":
      return failure(decision.error);
    case "unchanged": {
      const { id, before } = decision.draft;
      const name = before?.name ?? derive(decision.draft.type, decision.draft.document).name;
      return { result: "unchanged", id, name, version: before?.version ?? 0, changed: [] };
    }
    case "change": {
      const { id, name, version, op } = decision.change;
      const changed = decision.change.changed.filter((one) => type.attributes.has(one));
      return { result: op === "I" ? "created" : "updated", id, name, version, changed };
    }
  }
}
