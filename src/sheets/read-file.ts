import { gunzipSync } from "fflate";
import type { Grid, SheetFile } from "../model/grid.ts";
import { foreignSheets } from "./foreign/read.ts";
import { readCsv } from "./read-csv.ts";
import { readWorkbook } from "./read-workbook.ts";
import { sheetBounds, SheetRefused } from "./refused.ts";

/**
 * A spreadsheet's sheets, or what a dump of another inventory says, whatever its format is: its bytes say that, and its name only where they
 * do not. Runs in a child process. Throws SheetRefused with what is wrong.
 */
export async function readSheets({ name, content, encoding }: SheetFile): Promise<readonly Grid[]> {
  const sent = Buffer.from(content, "base64");
  if (sent.length === 0) throw new SheetRefused(`${name} is empty`);
  if (sent.length > sheetBounds.bytes)
    throw new SheetRefused(
      `${name} has ${sent.length} bytes; at most ${sheetBounds.bytes} are read`,
    );
  const bytes = startsWith(sent, [0x1f, 0x8b]) ? unpacked(name, sent) : sent;
  if (startsWith(bytes, [0xd0, 0xcf, 0x11, 0xe0]))
    throw new SheetRefused(
      `${name} is protected by a password, or an old .xls; save it as .xlsx without a password`,
    );
  if (startsWith(bytes, [0x50, 0x4b])) return readWorkbook(name, bytes);
  return foreignSheets(name, bytes, encoding) ?? [readCsv(name, bytes, encoding)];
}

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, index) => bytes[index] === byte);
}

/** A compressed dump. Its last four bytes say how much it unpacks to; more than that is not unpacked. */
function unpacked(name: string, bytes: Buffer): Uint8Array {
  const size = bytes.length < 18 ? 0 : bytes.readUInt32LE(bytes.length - 4);
  if (size > sheetBounds.unpackedBytes)
    throw new SheetRefused(
      `${name} unpacks to ${size} bytes; at most ${sheetBounds.unpackedBytes} are read`,
    );
  try {
    return gunzipSync(bytes, { out: new Uint8Array(size) });
  } catch {
    throw new SheetRefused(`${name} is compressed, but its end is missing or broken`);
  }
}
