import type { Kysely } from "kysely";
import { up as ledger } from "./0001_ledger.ts";

/** In order; a name is never changed or removed once released. */
export const migrations: ReadonlyArray<{
  readonly name: string;
  readonly up: (db: Kysely<unknown>) => Promise<void>;
}> = [{ name: "0001_ledger", up: ledger }];
