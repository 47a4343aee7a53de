/** What is copied, and how. */
import type { Catalogue, KnownType } from "../inventory/catalogue.ts";
import type { CloneRequest } from "../inventory/clone-request.ts";
import type { JsonObject } from "../model/json.ts";
import type { EntryRow } from "../store/inventory/entries.ts";
import type { Eyes } from "./inventory-eyes.ts";

/** A copy before it is written. */
export interface CopyDraft {
  readonly original: EntryRow;
  readonly type: KnownType;
  readonly id: string;
  document: JsonObject;
}

export interface CloneWork {
  readonly known: Catalogue;
  readonly eyes: Eyes;
  readonly request: CloneRequest;
}
