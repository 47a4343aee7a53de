/** Who keeps which document, how fresh it is, and how much it is used. Pure: days and changes are handed in. */
import type { RunbookDocument } from "./document.ts";

export interface DocumentChange {
  readonly author: string;
  /** ISO 8601. */
  readonly at: string;
  readonly files: readonly string[];
}

export interface DocumentFacts {
  readonly document: string;
  readonly title: string;
  readonly owner: string | null;
  readonly reviewed_at: string | null;
  /** Days since the last review; null when nobody said. */
  readonly age_days: number | null;
  readonly stale: boolean;
  readonly last_change: { readonly author: string; readonly at: string } | null;
  readonly changes: number;
  readonly authors: readonly string[];
}

export interface AuthorFacts {
  readonly author: string;
  readonly created: number;
  readonly changed: number;
  /** Documents that name this person as owner. */
  readonly owned: number;
  readonly documents: readonly string[];
  readonly last_at: string | null;
}

const dayMs = 86_400_000;

/** Each document; `changes` newest first, `today` as `2026-11-21`. */
export function documentFacts(
  documents: Iterable<RunbookDocument>,
  changes: readonly DocumentChange[],
  { today, staleDays }: { readonly today: string; readonly staleDays: number },
): readonly DocumentFacts[] {
  return [...documents].map(({ path, title, owner, reviewedAt }) => {
    const own = changes.filter(({ files }) => files.includes(path));
    const [last] = own;
    const age =
      reviewedAt === undefined
        ? null
        : Math.floor((Date.parse(today) - Date.parse(reviewedAt)) / dayMs);
    return {
      document: path,
      title,
      owner: owner ?? null,
      reviewed_at: reviewedAt ?? null,
      age_days: age,
      stale: age === null || age > staleDays,
      last_change: last === undefined ? null : { author: last.author, at: last.at },
      changes: own.length,
      authors: [...new Set(own.map(({ author }) => author))],
    };
  });
}

/** Each person who changed or owns documents, who did most first. The oldest change of a document made it. */
export function authorFacts(
  documents: readonly DocumentFacts[],
  changes: readonly DocumentChange[],
): readonly AuthorFacts[] {
  const known = new Set(documents.map(({ document }) => document));
  const made = new Map<string, string>();
  for (const { author, files } of changes)
    for (const file of files) if (known.has(file)) made.set(file, author);
  const people = new Set([
    ...changes
      .filter(({ files }) => files.some((file) => known.has(file)))
      .map(({ author }) => author),
    ...documents.flatMap(({ owner }) => owner ?? []),
  ]);
  return [...people]
    .map((author) => {
      const own = changes.filter((change) => change.author === author);
      const files = own.flatMap((change) => change.files.filter((file) => known.has(file)));
      const created = [...made].filter(([, maker]) => maker === author).length;
      return {
        author,
        created,
        changed: files.length - created,
        owned: documents.filter(({ owner }) => owner === author).length,
        documents: [...new Set(files)].toSorted(),
        last_at: own.find((change) => change.files.some((file) => known.has(file)))?.at ?? null,
      };
    })
    .toSorted(
      (left, right) =>
        right.created + right.changed - left.created - left.changed ||
        (left.author < right.author ? -1 : 1),
    );
}
