/** The form of a backup: one gzipped text. Lines: the header (JSON); for each table a line `{"table", "columns"}`, its rows in PostgreSQL's COPY text
 * format, `\.`, and `{"rows"}`; at last `{"end": true}`. */
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { isObject } from "../model/json.ts";
import { migrations } from "./migrations/list.ts";

export const backupFormat = "raicho-backup";
export const backupVersion = 1;
/** Ends the rows of a table. */
export const backupEnd = String.raw`\.`;

export interface BackupHeader {
  readonly format: typeof backupFormat;
  readonly version: number;
  /** Release that wrote it. */
  readonly raicho: string;
  /** ISO 8601. */
  readonly at: string;
  readonly migrations: readonly string[];
  /** The master key (base64url), without which secrets cannot be read. */
  readonly key: string;
  readonly sequences: readonly { readonly name: string; readonly value: number }[];
}

/** A backup that cannot be read or may not be restored here: one line that says why. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}

/** Takes a stream of bytes apart into lines, and into runs of lines up to `\.`. */
export class Pieces {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#chunks.next().catch((error: unknown) => {
      throw notWhole(error);
    });
    if (done === true) return false;
    this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
    return true;
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  /** The next line as JSON. Throws BackupError at the end and for anything else. */
  async object(): Promise<Record<string, unknown>> {
    for (;;) {
      const stop = this.#rest.indexOf("\n");
      if (stop !== -1) return readLine(this.#take(stop + 1).toString());
      if (this.#rest.length > 10_000_000 || !(await this.#more()))
        throw new BackupError("the backup ends before its last line: it is not whole");
    }
  }

  /** Whole lines until the line `\.`, which is taken too. */
  async *rows(): AsyncGenerator<Buffer> {
    const mark = Buffer.from(`${backupEnd}\n`);
    for (;;) {
      if (this.#rest.subarray(0, mark.length).equals(mark)) return void this.#take(mark.length);
      const stop = this.#rest.indexOf(`\n${backupEnd}\n`);
      const whole = stop === -1 ? this.#rest.lastIndexOf("\n") : stop;
      if (whole !== -1) yield this.#take(whole + 1);
      else if (!(await this.#more()))
        throw new BackupError("the backup ends in the middle of a table: it is not whole");
    }
  }
}

function readLine(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Told below.
  }
  throw new BackupError(`this is no line of a backup: ${text.slice(0, 60)}`);
}

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function headerOf(found: Record<string, unknown>): BackupHeader {
  const { raicho, at, key, sequences } = found;
  if (found["format"] !== backupFormat || typeof key !== "string")
    throw new BackupError("this file is no backup of raicho");
  if (found["version"] !== backupVersion)
    throw new BackupError(
      `the backup has format ${String(found["version"])}, this release reads ${backupVersion}`,
    );
  const header = {
    format: backupFormat,
    version: backupVersion,
    raicho: String(raicho),
    at: String(at),
    migrations: texts(found["migrations"]),
    key,
    sequences: (Array.isArray(sequences) ? sequences : []).filter(isSequence),
  } as const;
  const known = new Set(migrations.map(({ name }) => name));
  const newer = header.migrations.find((name) => !known.has(name));
  if (newer !== undefined)
    throw new BackupError(
      `the backup was made by raicho ${header.raicho}, which knows ${newer}: restore it with that release or a newer one`,
    );
  return header;
}

function isSequence(value: unknown): value is { name: string; value: number } {
  return isObject(value) && typeof value["name"] === "string" && typeof value["value"] === "number";
}

export interface OpenBackup {
  readonly header: BackupHeader;
  readonly pieces: Pieces;
  close(): void;
}

/** Reads the header. Throws BackupError for what is none, or was made by a newer release. */
export async function openBackup(file: string): Promise<OpenBackup> {
  const source = createReadStream(file);
  const plain = createGunzip();
  // What goes wrong is told to whoever reads.
  const flowing = pipeline(source, plain).catch(() => undefined);
  const pieces = new Pieces(plain);
  const close = (): void => void source.destroy();
  try {
    return { header: headerOf(await pieces.object()), pieces, close };
  } catch (error) {
    close();
    await flowing;
    throw error;
  }
}

function notWhole(error: unknown): Error {
  const known = error instanceof Error ? error : new Error(String(error));
  return "code" in known && String(known.code).startsWith("Z_")
    ? new BackupError(`this is no backup, or it is not whole: ${known.message}`)
    : known;
}
