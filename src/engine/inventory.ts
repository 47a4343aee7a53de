/** The inventory as the rest of the engine, the door and the actions use it. */
import { catalogue, typeNamed, type KnownType } from "../inventory/catalogue.ts";
import type { EntityTypes } from "../inventory/definition.ts";
import type { Lock } from "../inventory/lock.ts";
import { badRequest, invalidEntry } from "../inventory/problem.ts";
import type { UpsertItem } from "../inventory/upsert.ts";
import { computedProblems } from "../inventory/validate.ts";
import type { InventoryVerb } from "../model/inventory-grants.ts";
import type { JsonObject } from "../model/json.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import type { Db } from "../store/schema.ts";
import type { AllocationRequest } from "./inventory-allocate.ts";
import { clone, type Copy } from "./inventory-clone.ts";
import type { CloneRequest } from "../inventory/clone-request.ts";
import { openEyes, type Eyes } from "./inventory-eyes.ts";
import {
  attributesNamed,
  changesOf,
  editOf,
  living,
  patched,
  present,
  stale,
  type EntryPatch,
} from "./inventory-patched.ts";
import { deniedOf, insistOnReach, unwritable } from "./inventory-permit.ts";
import { changesetRevert, entryRevert, type RevertTo } from "./inventory-revert.ts";
import { apply } from "./inventory-recompute.ts";
import { removal } from "./inventory-remove.ts";
import { openShared, storeTypes, type InventoryOptions, type Shared } from "./inventory-shared.ts";
import { withoutDoubles } from "./inventory-taken-keys.ts";
import { upsertAll } from "./inventory-upsert.ts";
import type { Settled } from "./inventory-upsert-wave.ts";
import type { UpsertResult } from "./inventory-upsert-result.ts";
import type { InventoryWriter, WriteRequest, Written } from "./inventory-writer.ts";
import type { EntryView } from "./inventory-view.ts";
import {
  changesetOf,
  decide,
  insist,
  withoutRaces,
  type Author,
  type Draft,
} from "./inventory-write.ts";
import { InventoryReading } from "./inventory-reading.ts";

export type { EntryPatch } from "./inventory-patched.ts";

export interface Cloned {
  /** Null after a dry run. */
  readonly changeset: string | null;
  readonly copies: readonly Copy[];
}

/** `unchanged` = the entry was so already: no version, no history, no event. */
export interface WriteResult {
  readonly result: "created" | "updated" | "unchanged" | "deleted" | "restored";
  readonly entry: EntryView;
  /** What was edited that other sources own; there only when there is some. */
  readonly locked?: readonly Lock[];
}

function lockedIn({ locked }: Pick<Written, "locked">): Pick<WriteResult, "locked"> {
  return locked.length === 0 ? {} : { locked };
}

export interface WriteOptions {
  readonly author: Author;
  /** The version the caller saw. Newer ones are merged when they changed other attributes, else INVENTORY_STALE. */
  readonly ifVersion?: number | undefined;
}

/**
 * The inventory as one caller sees it: what that caller may not read is answered for as if it were not there. `open` gives the whole of it,
 * `as` the part of somebody. Expected ends that callers can act on are thrown as InventoryError (403, 404, 409, 412, 422 …).
 */
export class Inventory extends InventoryReading {
  private constructor(shared: Shared, eyes: Eyes) {
    super(shared, eyes);
  }

  /** Brings the type table up to date with the packs. */
  static async open(options: InventoryOptions): Promise<Inventory> {
    const shared = await openShared(options);
    return new Inventory(
      shared,
      openEyes(() => shared.known),
    );
  }

  /** The same inventory through other eyes. */
  as(eyes: Eyes): Inventory {
    return new Inventory(this.shared, eyes);
  }

  /** The part of it that the caller may take out in files. */
  get exported(): Inventory {
    return this.as(this.eyes.exporting());
  }

  /** Takes over new or changed types and sources. */
  async reload(types: EntityTypes, sources = this.shared.known.sources): Promise<void> {
    const { database, answer } = this.shared.options;
    const stored = await storeTypes(database, types);
    this.shared.known = catalogue(types, stored, answer, sources);
    this.shared.migrator.start();
  }

  /** The type as it is, of whose entries the caller may do this with some. */
  #wholeType(name: string, verb: InventoryVerb): KnownType {
    const { id } = this.type(name);
    if (this.eyes.ever(id, verb) === undefined) throw deniedOf(verb, `any ${name}`);
    return typeNamed(this.shared.known, name);
  }

  async create(typeName: string, document: JsonObject, author: Author): Promise<WriteResult> {
    const type = this.#wholeType(typeName, "create");
    const draft = { id: uuidv7(), type, op: "I", before: undefined, document } as const;
    const { entry } = await this.#writeOne(author, undefined, () => draft);
    return { result: "created", entry };
  }

  /** A merge patch (RFC 7396: null removes an attribute), or the operations of a JSON Patch. */
  async patch(id: string, patch: EntryPatch, options: WriteOptions): Promise<WriteResult> {
    const { changed, entry, locked } = await this.#writeOne(
      options.author,
      id,
      async (tx, row, allowed) => {
        const before = living(id, row);
        const type = this.typeOf(before);
        const refused = unwritable({ type, eyes: this.eyes }, allowed, attributesNamed(patch));
        if (refused !== undefined) throw refused;
        const edit = await editOf(tx, patch, { type, eyes: this.eyes });
        const document = await patched(
          tx,
          { current: before, eyes: this.eyes },
          edit,
          options.ifVersion,
        );
        const computed = computedProblems(type, changesOf(before.doc, document), before.doc);
        if (computed.length > 0) throw invalidEntry(type.name, computed);
        return { id: before.id, type, op: "U", before, document };
      },
    );
    return { result: changed ? "updated" : "unchanged", entry, ...lockedIn({ locked }) };
  }

  #writeOne(
    author: Author,
    id: string | undefined,
    draft: WriteRequest["draft"],
  ): ReturnType<InventoryWriter["write"]> {
    return this.shared.writer.write({ author, eyes: this.eyes, id, draft });
  }

  /** Takes the next free of a pool: addresses, networks, numbers, rack units. `from` is the pool by id, name or key. */
  async allocate(
    typeName: string,
    from: unknown,
    wanted: Pick<AllocationRequest, "count" | "size" | "set" | "author">,
  ): Promise<readonly EntryView[]> {
    const type = this.#wholeType(typeName, "create");
    return this.shared.allocator.allocate({ ...wanted, type, from, eyes: this.eyes });
  }

  /** What `allocate` would take now. It tells what is taken, by entries that one may not see too: it is for those who may take it. */
  async available(
    typeName: string,
    from: unknown,
    wanted: Pick<AllocationRequest, "count" | "size">,
  ): Promise<readonly (string | number)[]> {
    const type = this.#wholeType(typeName, "create");
    return this.shared.allocator.available({ ...wanted, type, from, eyes: this.eyes });
  }

  /** A copy of an entry and of what belongs to it, in one changeset; the entry's own copy comes first. */
  async clone(request: CloneRequest, author: Author): Promise<Cloned> {
    const ground = {
      database: this.shared.options.database,
      known: this.shared.known,
      eyes: this.eyes,
    };
    const changeset = changesetOf(author);
    const copies = await clone(ground, request, changeset);
    if (request.dryRun) return { changeset: null, copies };
    await this.shared.onChange();
    return { changeset: changeset.id, copies };
  }

  /** Puts the entry aside; `restore` brings it back. References to it decide by their `on_delete`. */
  async remove(id: string, { author, ifVersion }: WriteOptions): Promise<WriteResult> {
    await this.#write(author, async (tx) => {
      const before = living(id, await this.load(tx, id, "delete"));
      if (ifVersion !== undefined && ifVersion !== before.version) throw stale(before, ifVersion);
      return removal(tx, this.shared.known, { first: before, eyes: this.eyes });
    });
    return { result: "deleted", entry: await this.get(id) };
  }

  async restore(id: string, author: Author): Promise<WriteResult> {
    const { entry } = await this.#writeOne(author, id, (_tx, row) => {
      const before = present(id, row);
      if (before.deletedAt === null)
        throw badRequest(`Entry ${id} is not deleted; there is nothing to restore.`);
      return { id: before.id, type: this.typeOf(before), op: "R", before, document: before.doc };
    });
    return { result: "restored", entry };
  }

  /** One result per item, in order; all share one changeset. */
  async upsert(
    items: readonly UpsertItem[],
    author: Author,
    settled?: Settled,
  ): Promise<readonly UpsertResult[]> {
    const results = await upsertAll(this.workshop, items, {
      changeset: changesetOf(author),
      settled,
      // Who settles claims has decided whose word counts.
      editor: settled === undefined ? author : undefined,
    });
    if (results.some(({ result }) => result === "created" || result === "updated"))
      await this.shared.onChange();
    return results;
  }

  /** Something was written beside this: wakes the feed. */
  readonly changed = (): Promise<void> => this.shared.onChange();

  /** Brings an entry, or some of its attributes, back to what it was at a version. */
  async revert(
    id: string,
    to: RevertTo,
    { author, ifVersion }: WriteOptions,
  ): Promise<WriteResult> {
    const draft: WriteRequest["draft"] = async (tx, stored, allowed) => {
      const row = present(id, stored);
      if (ifVersion !== undefined && ifVersion !== row.version) throw stale(row, ifVersion);
      return entryRevert(tx, { row, type: this.typeOf(row), eyes: this.eyes, allowed }, to);
    };
    const { op, changed, entry, locked } = await this.#writeOne(author, id, draft);
    const result = op === "R" ? "restored" : changed ? "updated" : "unchanged";
    return { result, entry, ...lockedIn({ locked }) };
  }

  /** Takes a changeset back as a whole; the answer is the changeset that does so, or undefined when there was nothing to do. */
  async revertChangeset(id: string, author: Author): Promise<{ changes: number }> {
    const reason = author.reason ?? `revert of changeset ${id}`;
    const changes = await this.#write({ ...author, reason, reverts: id }, (tx) =>
      changesetRevert(tx, { known: this.shared.known, eyes: this.eyes }, id),
    );
    return { changes };
  }

  async #write(author: Author, plan: (tx: Db) => Promise<readonly Draft[]>): Promise<number> {
    const written = await withoutRaces(() =>
      this.shared.options.database.transaction(async (tx) => {
        const decided = withoutDoubles(await decide(tx, await plan(tx), this.shared.known));
        insist(decided);
        const count = await apply(tx, this.shared.known, decided, changesetOf(author));
        await insistOnReach(tx, decided);
        return count;
      }),
    );
    if (written > 0) await this.shared.onChange();
    return written;
  }
}
