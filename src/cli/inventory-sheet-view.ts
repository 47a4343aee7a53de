/** What staged spreadsheets would do, for people: totals, errors, contradictions, what others own. */
import { isObject, type JsonObject } from "../model/json.ts";
import { rowsOf, service } from "./inventory-entry.ts";
import { formatOf } from "./output.ts";
import type { Asked } from "./verb.ts";

export function numberIn(value: unknown, name: string): number {
  const found = isObject(value) ? value[name] : undefined;
  return typeof found === "number" ? found : 0;
}

/** What is wrong with rows for want of a column is one fault of the sheet, with the rows that it is about. */
function together(problems: readonly JsonObject[]): readonly JsonObject[] {
  const groups = Map.groupBy(problems, ({ row: _row, ...problem }, index) =>
    problem["cell"] === "" ? JSON.stringify(problem) : index,
  );
  return [...groups.values()].map(([first = {}, ...others]) => ({
    ...first,
    row: spans([first, ...others].map(({ row }) => Number(row))),
  }));
}

/** `2–4, 7` */
function spans(rows: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const row of rows) {
    const last = parts.at(-1);
    if (last !== undefined && last[1] === row - 1) last[1] = row;
    else parts.push([row, row]);
  }
  return parts.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(", ");
}

/** Cells that would change what another source owns. */
async function showOwned({ client, print }: Asked, { id, summary }: JsonObject): Promise<void> {
  if (numberIn(summary, "locked") === 0) return;
  const { rows } = await client.object("GET", `/inventory/imports/${String(id)}/rows`, {
    service,
    query: { action: "update,conflict", limit: 1000 },
  });
  const owned = rowsOf(rows).flatMap(({ file, row, entry, changes }) =>
    rowsOf(changes)
      .filter((change) => change["locked_by"] !== undefined)
      .map((change) => ({ file, row, entry: isObject(entry) ? entry["name"] : "", ...change })),
  );
  print.done("Owned by other sources:");
  await print.list(owned, {
    columns: ["file", "row", "entry", "attribute", "before", "after", "locked_by"],
  });
}

/** What the sheets would do: totals, rows with errors, contradictions. */
export async function showImport(asked: Asked, staged: JsonObject): Promise<void> {
  const { client, print, options } = asked;
  if (formatOf(options) !== "table") return print.one(staged);
  const { id, state, summary, conflicts } = staged;
  await print.one({ id, state, ...(isObject(summary) ? summary : {}) });
  const unread = rowsOf(staged["files"]).flatMap(({ name, sheets }) =>
    rowsOf(sheets).flatMap((sheet) =>
      rowsOf(sheet["unread"]).map((column) => ({ file: name, sheet: sheet["sheet"], ...column })),
    ),
  );
  if (unread.length > 0) {
    print.done("Columns that are not read; --column heading=attribute names them:");
    await print.list(unread, { columns: ["file", "sheet", "heading", "nearest"] });
  }
  const left = rowsOf(staged["files"]).flatMap(({ name, sheets }) =>
    rowsOf(sheets).flatMap((sheet) => rowsOf(sheet["left"]).map((one) => ({ file: name, ...one }))),
  );
  if (left.length > 0) {
    print.done("Not taken over:");
    await print.list(left, { columns: ["file", "what", "rows", "why"] });
  }
  const { rows } = await client.object("GET", `/inventory/imports/${String(id)}/rows`, {
    service,
    query: { action: "error", limit: 100 },
  });
  const problems = rowsOf(rows).flatMap(({ file, sheet, row, problems: list }) =>
    rowsOf(list).map((problem) => ({ file, sheet, row, ...problem })),
  );
  if (problems.length > 0)
    await print.list(together(problems), {
      columns: [
        "file",
        "sheet",
        "row",
        "cell",
        "heading",
        "value",
        "message",
        "expected",
        "nearest",
      ],
    });
  await showOwned(asked, staged);
  const contested = rowsOf(conflicts).map(
    ({ type, entry, attribute, sides, decided, ...more }) => ({
      type,
      entry,
      attribute,
      says: rowsOf(sides)
        .map(({ sources, value }) => `${String(sources)}: ${JSON.stringify(value)}`)
        .join(" / "),
      decided: decided ?? "open",
      owner: more["locked_by"] ?? "",
    }),
  );
  if (contested.length > 0)
    await print.list(contested, {
      columns: ["type", "entry", "attribute", "says", "decided", "owner"],
    });
}
