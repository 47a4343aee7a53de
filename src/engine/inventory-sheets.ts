/** Spreadsheets as the engine asks for them. */
import type { Grid, SheetFile } from "../model/grid.ts";
import type { SheetBook } from "../sheets/write-file.ts";

export interface Sheets {
  /** Rejects with an Error named SheetRefused when the file is not read. */
  read(file: SheetFile): Promise<readonly Grid[]>;
  /** Base64 of the file. */
  write(book: SheetBook): Promise<string>;
}
