import type { Grid, SheetFile } from "../model/grid.ts";
import { readCsv } from "./read-csv.ts";
import { readWorkbook } from "./read-workbook.ts";
import { sheetBounds, SheetRefused } from "./refused.ts";

/**
 * A spreadsheet's sheets, whatever its format is: its bytes say that, not its name. Runs in a child process.
 * Throws SheetRefused with what is wrong.
 */
export async function readSheets({ name, content, encoding }: SheetFile): Promise<readonly Grid[]> {
  const bytes = Buffer.from(content, "base64");
  if (bytes.length === 0) throw new SheetRefused(`${name} is empty`);
  if (bytes.length > sheetBounds.bytes)
    throw new SheetRefused(
      `${name} has ${bytes.length} bytes; at most ${sheetBounds.bytes} are read`,
    );
  if (startsWith(bytes, [0xd0, 0xcf, 0x11, 0xe0]))
    throw new SheetRefused(
      `${name} is protected by a password, or an old .xls; save it as .xlsx without a password`,
    );
  if (startsWith(bytes, [0x50, 0x4b])) return readWorkbook(name, bytes);
  return [readCsv(name, bytes, encoding)];
}

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, index) => bytes[index] === byte);
}
