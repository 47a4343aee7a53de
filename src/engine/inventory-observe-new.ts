/** Entries that a report makes. */
import type { CheckedRecord } from "../inventory/import-records.ts";
import { policyFor } from "../inventory/sources.ts";
import { claimsOf, saveClaims } from "../store/inventory/claims.ts";
import type { Db } from "../store/schema.ts";
import type { ImportGround } from "./inventory-imports.ts";
import type { ObservedItem, Report } from "./inventory-observe.ts";
import type { Author } from "./inventory-write.ts";

/** Entries that the source may make, because it is adopted from. */
export async function createThem(
  service: ImportGround,
  records: readonly CheckedRecord[],
  { report, author }: { readonly report: Report; readonly author: Author },
): Promise<readonly (readonly [number, ObservedItem])[]> {
  const { sources } = service.ground.known;
  const made = records.filter(
    ({ type, source }) => policyFor(sources, source, { type, attribute: "" })?.policy === "adopt",
  );
  if (made.length === 0) return [];
  const items = made.map(({ type, values }) => ({
    type,
    match: undefined,
    set: values,
    setOnce: {},
    add: {},
  }));
  const results = await service.upsert(items, author, (tx, wave) =>
    dateClaims(
      tx,
      [...wave.values()].flatMap(({ id }) => id ?? []),
      report,
    ),
  );
  return results.map(({ id, name, error }, place) => {
    const index = made[place]?.index ?? -1;
    if (id === undefined)
      return [index, { result: "invalid", errors: [{ message: error ?? "" }] }] as const;
    return [index, { result: "created", id, ...(name === undefined ? {} : { name }) }] as const;
  });
}

/** What the source said of entries that it made is as old as its report. */
async function dateClaims(
  tx: Db,
  ids: readonly string[],
  { source, observedAt }: Pick<Report, "source" | "observedAt">,
): Promise<void> {
  const own = (await claimsOf(tx, ids)).filter((claim) => claim.source === source);
  await saveClaims(
    tx,
    own.map((claim) => ({ ...claim, observedAt, firstSeen: observedAt })),
  );
}
