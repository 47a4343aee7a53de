/** Roles of files, read again with the content; and those of the API. */
import type { Config } from "../config.ts";
import { readRoles, type RoleFiles } from "../content/roles.ts";
import { RoleBook } from "../engine/role-book.ts";
import { userNamed } from "../engine/run-token.ts";
import type { Inventory } from "../engine/inventory.ts";
import { Viewers } from "../engine/inventory-viewers.ts";
import type { Database } from "../store/database.ts";
import { say } from "./log.ts";

/** `onReload` is told what to do when the content was read again. */
async function openRoles(
  database: Database,
  { rbac }: Pick<Config, "rbac">,
  onReload: (listener: () => void) => void,
): Promise<RoleBook> {
  const read = async (): Promise<RoleFiles> => {
    if (rbac === undefined) return { roles: [], assignments: [], mappings: [], problems: [] };
    const found = await readRoles(rbac);
    for (const { severity, file, line, column, message } of found.problems)
      say("warn", "roles", { problem: `${severity}: ${file}:${line}:${column} ${message}` });
    return found;
  };
  let files = await read();
  const book = new RoleBook(database, () => files, rbac !== undefined);
  const again = async (): Promise<void> => {
    files = await read();
    book.forget();
  };
  onReload(() => void again());
  return book;
}

export interface Users {
  readonly book: RoleBook;
  readonly viewers: Viewers;
  /** The inventory as the user of a run sees it; undefined = the one in whose name rules act. */
  readonly inventoryOf: (user: string | undefined) => Promise<Inventory>;
}

const nobody = { name: "nobody", roles: [], grants: [] };

/** Who may do what, and what each sees of the inventory; without authentication everybody sees all of it. */
export async function openUsers(
  config: Pick<Config, "auth" | "rbac">,
  {
    database,
    inventory,
    systemUser,
  }: {
    readonly database: Database;
    readonly inventory: Inventory;
    readonly systemUser: string;
  },
  reloads: { add(listener: () => void): void },
): Promise<Users> {
  const book = await openRoles(database, config, (listener) => reloads.add(listener));
  const viewers = new Viewers(inventory, async (name) => {
    const user = await userNamed({ systemUser }, { db: database.db, book }, name);
    return user && { ...user, grants: user.grants ?? [] };
  });
  const inventoryOf = async (name: string | undefined): Promise<Inventory> => {
    if (!config.auth || name === undefined) return inventory;
    return viewers.as((await viewers.named(name)) ?? nobody);
  };
  return { book, viewers, inventoryOf };
}
