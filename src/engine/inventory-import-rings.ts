/**
 * Writes the entries of a plan, also where they need each other in a ring: a machine names its address, the address its interface, and that the
 * machine. Then one kind of them is written without what it may do without, and that follows.
 */
import type { UpsertItem } from "../inventory/upsert.ts";
import { closeChangeset } from "../store/inventory/write.ts";
import type { Db } from "../store/schema.ts";
import type { EntryPlan } from "./inventory-import-plan.ts";
import type { ImportGround } from "./inventory-imports.ts";
import type { UpsertResult } from "./inventory-upsert-result.ts";
import type { Author } from "./inventory-write.ts";

/** In the transaction that wrote them: these attributes of the entry are written. */
type Settled = (tx: Db, done: readonly Done[]) => Promise<void>;

export interface Done {
  readonly plan: EntryPlan;
  readonly result: UpsertResult;
}

interface Part {
  readonly index: number;
  /** What is written of the plan now. */
  readonly plan: EntryPlan;
  /** References that follow. */
  readonly later: readonly string[];
}

const well = new Set<UpsertResult["result"]>(["created", "updated", "unchanged"]);

/** One result per plan, in order; `author` has a changeset of its own. */
export async function upsertInRings(
  service: ImportGround,
  plans: readonly EntryPlan[],
  author: Author & { readonly changeset: string },
  settled: Settled,
): Promise<readonly UpsertResult[]> {
  const results = new Map<number, UpsertResult>();
  const write = async (parts: readonly Part[], last: boolean): Promise<void> => {
    const writing = { ...author, open: !last };
    const done = await service.upsert(parts.map(itemOf), writing, async (tx, wave) => {
      const written = [...wave].flatMap(([place, result]): readonly Done[] => {
        const part = parts[place];
        return part === undefined || result.id === undefined ? [] : [{ plan: part.plan, result }];
      });
      await settled(tx, written);
    });
    done.forEach((result, place) => {
      const part = parts[place];
      if (part !== undefined) results.set(part.index, joined(results.get(part.index), result));
    });
  };
  const whole = plans.map((plan, index): Part => ({ index, plan, later: [] }));
  const ring = plans.some((plan) => spare(plan).length > 0);
  await write(whole, !ring);
  if (!ring) return plans.map((_, index) => results.get(index) ?? { result: "invalid" });
  await unwind(whole, { results, write });
  await closeChangeset(service.workshop.database.db, author.changeset);
  return plans.map((_, index) => results.get(index) ?? { result: "invalid" });
}

async function unwind(
  whole: readonly Part[],
  {
    results,
    write,
  }: {
    readonly results: ReadonlyMap<number, UpsertResult>;
    readonly write: (parts: readonly Part[], last: boolean) => Promise<void>;
  },
): Promise<void> {
  const failed = (part: Part): boolean => results.get(part.index)?.result === "invalid";
  const cut: Part[] = [];
  for (;;) {
    const left = whole.filter(failed);
    const type = left.find(({ plan }) => spare(plan).length > 0)?.plan.type.name;
    if (type === undefined) break;
    const parts = left.map((part) => (part.plan.type.name === type ? without(part) : part));
    await write(parts, false);
    const now = parts.filter((part) => !failed(part));
    if (now.length === 0) break;
    cut.push(...now.filter(({ later }) => later.length > 0));
  }
  const rest = cut.flatMap(({ index, later }): readonly Part[] => {
    const plan = whole[index]?.plan;
    return plan === undefined
      ? []
      : [{ index, plan: only(plan, later, results.get(index)?.id), later: [] }];
  });
  if (rest.length > 0) await write(rest, false);
}

/** References to entries of the same import that a new entry may be without, for a moment. */
function spare({ row, type, set, records }: EntryPlan): readonly string[] {
  if (row !== undefined) return [];
  const keys = new Set(type.keys.flatMap(({ attributes }) => attributes));
  const pending = new Set(records.flatMap((record) => [...record.pending]));
  return [...pending].filter(
    (name) => name in set && type.attributes.get(name)?.required !== true && !keys.has(name),
  );
}

function without(part: Part): Part {
  const later = spare(part.plan);
  const { set, claims } = part.plan;
  return {
    ...part,
    later,
    plan: {
      ...part.plan,
      set: Object.fromEntries(Object.entries(set).filter(([name]) => !later.includes(name))),
      claims: new Map([...claims].filter(([name]) => !later.includes(name))),
    },
  };
}

function only(plan: EntryPlan, names: readonly string[], id: string | undefined): EntryPlan {
  const { set, claims } = plan;
  return {
    ...plan,
    set: Object.fromEntries(Object.entries(set).filter(([name]) => names.includes(name))),
    claims: new Map([...claims].filter(([name]) => names.includes(name))),
    ...(id === undefined ? {} : { written: id }),
  };
}

/** The entry was made by the first of two writes; what the second failed with is told. */
function joined(before: UpsertResult | undefined, after: UpsertResult): UpsertResult {
  if (before === undefined || !well.has(before.result)) return after;
  if (well.has(after.result)) return { ...after, result: before.result };
  return { ...before, ...after, result: after.result };
}

function itemOf({ plan: { type, row, set, written } }: Part): UpsertItem {
  const aim =
    written !== undefined
      ? { id: written }
      : row === undefined
        ? {}
        : { id: row.id, ifVersion: row.version };
  return { type: type.name, match: undefined, set, setOnce: {}, add: {}, ...aim };
}
