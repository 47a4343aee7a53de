/** A file that is not read: its message says why, in words for the person who sent it. Its name survives the way out of a child process. */
export class SheetRefused extends Error {
  override readonly name = "SheetRefused";
}

/** What a file may have at most. */
export const sheetBounds = {
  /** Bytes of the file, and of what it unpacks to. */
  bytes: 32_000_000,
  unpackedBytes: 400_000_000,
  rows: 200_000,
  columns: 1_000,
  cells: 4_000_000,
} as const;

/** Throws when there are more rows, columns or cells than are read. */
export function assertSize(name: string, rows: readonly (readonly unknown[])[]): void {
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const cells = rows.reduce((sum, row) => sum + row.length, 0);
  if (rows.length > sheetBounds.rows)
    throw new SheetRefused(
      `${name} has ${rows.length} rows; at most ${sheetBounds.rows} are read at once`,
    );
  if (columns > sheetBounds.columns)
    throw new SheetRefused(
      `${name} has ${columns} columns; at most ${sheetBounds.columns} are read`,
    );
  if (cells > sheetBounds.cells)
    throw new SheetRefused(`${name} has ${cells} cells; at most ${sheetBounds.cells} are read`);
}
