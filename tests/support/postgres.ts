import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { connect, migrate, openDatabase, type Database } from "../../src/store/database.ts";

export interface TestDatabase extends Database {
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** An empty database on the shared real PostgreSQL; dropped when disposed. */
export async function emptyDatabase(): Promise<TestDatabase> {
  const server = inject("postgres");
  const name = `t${randomBytes(6).toString("hex")}`;
  const admin = await connect(server, "tests");
  await admin.query(`create database ${name}`);
  await admin.end();
  const database = openDatabase(server.replace(/\/postgres$/, `/${name}`));
  return {
    ...database,
    [Symbol.asyncDispose]: async () => {
      await database.close();
      const last = await connect(server, "tests");
      await last.query(`drop database if exists ${name} with (force)`);
      await last.end();
    },
  };
}

/** The same, migrated. */
export async function testDatabase(): Promise<TestDatabase> {
  const database = await emptyDatabase();
  await migrate(database);
  return database;
}
