/** Where pages of long lists ended, so that the next page of the same list begins there instead of counting its way from the first row. */
import type { Db } from "./schema.ts";

interface Mark {
  readonly offset: number;
  readonly id: string;
  readonly until: number;
}

/** A list that is read page by page is read on within that time; later its rows may be others. */
const livesMs = 60_000;
const mostLists = 200;
const mostMarks = 50;
/** Fewer rows are skipped as fast as looked up. */
const worthwhile = 200;

const lists = new WeakMap<Db, Map<string, Mark[]>>();

export interface Beginning {
  /** The page comes after that id; undefined = from the first row. */
  readonly mark: string | undefined;
  /** Rows to skip from there. */
  readonly skip: number;
  /** A page ended with that row; so many came up to it. */
  remember(offset: number, id: string): void;
}

/** Where to begin to read a page. */
export function beginning(
  db: Db,
  filter: object,
  { offset, order }: { readonly offset: number; readonly order: string },
): Beginning {
  const known = lists.get(db) ?? new Map<string, Mark[]>();
  lists.set(db, known);
  const now = Date.now();
  const key = `${order} ${JSON.stringify(filter)}`;
  const marks = (known.get(key) ?? []).filter(({ until }) => until > now);
  const nearest = marks
    .filter((mark) => mark.offset <= offset)
    .toSorted((a, b) => b.offset - a.offset)[0];
  const used = offset >= worthwhile ? nearest : undefined;
  return {
    mark: used?.id,
    skip: offset - (used?.offset ?? 0),
    remember: (reached, id) => {
      const kept = marks.filter((mark) => mark.offset !== reached);
      known.delete(key);
      known.set(key, [...kept, { offset: reached, id, until: now + livesMs }].slice(-mostMarks));
      const [oldest] = known.keys();
      if (known.size > mostLists && oldest !== undefined) known.delete(oldest);
    },
  };
}
