/** The inventory as one caller reads it. */
import { typeNamed, type Catalogue, type KnownType } from "../inventory/catalogue.ts";
import { isUuid } from "../inventory/attribute-types.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { shown } from "../inventory/validate.ts";
import type { InventoryVerb } from "../model/inventory-grants.ts";
import type { QueryClock } from "../inventory/query-time.ts";
import { loadEntries, type EntryRow, type Lock } from "../store/inventory/entries.ts";
import { countEntries } from "../store/inventory/types.ts";
import type { Db } from "../store/schema.ts";
import { withSaved } from "./inventory-filters.ts";
import { findHost, type FoundHost } from "./inventory-host.ts";
import { findOwner, type OwnerAnswer } from "./inventory-owner.ts";
import type { Ground } from "./inventory-history.ts";
import { seenOf, type Eyes } from "./inventory-eyes.ts";
import { present } from "./inventory-patched.ts";
import { insistOn } from "./inventory-permit.ts";
import { meaningOf } from "./inventory-resolve.ts";
import {
  countSeen,
  queryClock,
  search,
  type SearchPage,
  type SearchQuery,
} from "./inventory-search.ts";
import type { Shared } from "./inventory-shared.ts";
import type { Sheets } from "./inventory-sheets.ts";
import type { UpsertGround } from "./inventory-upsert.ts";
import { viewEntries, type EntryView } from "./inventory-view.ts";

/** What that caller may not read is answered for as if it were not there. */
export class InventoryReading {
  protected readonly shared: Shared;
  /** Whose grants decide. */
  readonly eyes: Eyes;

  protected constructor(shared: Shared, eyes: Eyes) {
    this.shared = shared;
    this.eyes = eyes;
  }

  protected get db(): Db {
    return this.shared.options.database.db;
  }

  /** The types and attributes that exist for the caller. */
  get known(): Catalogue {
    return this.eyes.known;
  }

  /** What `today` and `now` mean in queries at this moment. */
  get clock(): QueryClock {
    return queryClock(Date.now(), this.shared.options.timeZone);
  }

  /** The site's. */
  get timeZone(): string {
    return this.shared.options.timeZone;
  }

  type(name: string): KnownType {
    return typeNamed(this.known, name);
  }

  /** Living entries per type. */
  counts(): Promise<ReadonlyMap<string, number>> {
    return this.eyes.unlimited ? countEntries(this.db) : countSeen(this.ground);
  }

  /** By id; also a deleted entry, which says so in `deleted_at`. */
  async get(id: string): Promise<EntryView> {
    return this.view(await this.load(this.db, id, "none"));
  }

  /** The entry, of which the caller may do this with these attributes. Throws what `get` does, and INVENTORY_DENIED. */
  async insist(
    id: string,
    verb: InventoryVerb,
    attributes: readonly string[] = [],
  ): Promise<EntryView> {
    const row = await this.load(this.db, id, "none");
    await insistOn(this.db, this.eyes, { row, type: this.typeOf(row), verb, attributes });
    return this.view(row);
  }

  /** A living entry of a type by id, name or key: `find("Device", "web012")`, `find("Rack", {room: "R1", name: "A-07"})`. */
  async find(typeName: string, given: unknown): Promise<EntryView> {
    const request = { to: [this.type(typeName).name], given };
    const answer = await meaningOf(this.db, request, this.eyes);
    if (answer !== undefined && "id" in answer) return this.get(answer.id);
    throw new InventoryError("INVENTORY_ENTRY_UNKNOWN", [
      `${typeName} ${shown(given)}: ${answer?.problem ?? ""}`,
    ]);
  }

  async search(query: SearchQuery): Promise<SearchPage> {
    return search(this.db, await withSaved(this, query), this.ground);
  }

  findHost(query: string): Promise<FoundHost> {
    return findHost(this.ground, query);
  }

  findOwner(host: string): Promise<OwnerAnswer> {
    return findOwner(this.ground, host, this.shared.options.owners);
  }

  get sheets(): Sheets {
    const { sheets } = this.shared.options;
    if (sheets === undefined) throw badRequest("spreadsheets are not read here");
    return sheets;
  }

  /** Where writes happen: all types, and whose grants decide. */
  get workshop(): UpsertGround {
    const { database } = this.shared.options;
    return { database, known: this.shared.known, eyes: this.eyes };
  }

  /** The past: `inventory-history.ts` reads it. */
  get ground(): Ground {
    return { db: this.db, known: this.known, eyes: this.eyes, clock: this.clock };
  }

  protected async load(db: Db, id: string, lock: Lock): Promise<EntryRow> {
    if (!isUuid(id)) throw badRequest(`${shown(id)} is not an id of an entry; expected a UUID`);
    const row = (await loadEntries(db, [id], lock)).get(id.toLowerCase());
    const [seen] = await seenOf(this.eyes, db, row === undefined ? [] : [row]);
    return present(id, seen);
  }

  protected typeOf(row: EntryRow): KnownType {
    const type = this.shared.known.byId.get(row.typeId);
    if (type !== undefined) return type;
    throw new InventoryError("INVENTORY_TYPE_UNKNOWN", [`of entry ${row.id}; it was retired`]);
  }

  private async view(row: EntryRow): Promise<EntryView> {
    const [view] = await viewEntries(this.db, [row], this.eyes);
    if (view === undefined) throw new InventoryError("INVENTORY_ENTRY_UNKNOWN", [row.id]);
    return view;
  }
}
