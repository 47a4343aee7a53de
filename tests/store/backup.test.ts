/** Backups: what is written can be read. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { writeBackup } from "../../src/store/backup.ts";
import { testDatabase } from "../support/postgres.ts";

/** What the server sends at once at the most: where rows end near it, their count comes later than they do. */
const serverBuffer = 8_192;

test("tells how many rows each table has, wherever the server divides what it sends", async () => {
  await using database = await testDatabase();
  const folder = mkdtempSync(join(tmpdir(), "raicho-backup-"));
  await sql`create table public.long_text (text text)`.execute(database.db);
  for (let short = 12; short < 54; short += 3) {
    const text = "x".repeat(serverBuffer - short);
    await sql`delete from public.long_text`.execute(database.db);
    await sql`insert into public.long_text values (${text})`.execute(database.db);
    const file = join(folder, `${short}`);
    await writeBackup({ url: database.url, file, key: "", raicho: "0" }, () => undefined);
    const [, after] = gunzipSync(readFileSync(file)).toString().split(`\n${text}\n`);
    expect(after?.split("\n").slice(0, 2), `${short} bytes less`).toEqual([
      String.raw`\.`,
      '{"rows":1}',
    ]);
  }
  rmSync(folder, { recursive: true });
});
