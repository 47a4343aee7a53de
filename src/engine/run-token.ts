/** The token with which a running action speaks to the API. It costs nothing until it is shown: it names its run and is signed with a key that follows
 * from the master key, and it is good exactly as long as the ledger says that this very run goes on. */
import { timingSafeEqual } from "node:crypto";
import { isFinished } from "../model/execution.ts";
import { findAccount } from "../store/accounts.ts";
import { findExecution } from "../store/executions.ts";
import type { Db } from "../store/schema.ts";
import type { User } from "./auth.ts";
import type { Core } from "./core.ts";
import type { RoleBook } from "./role-book.ts";
import type { Claim } from "./run.ts";

const shape = /^run-([0-9a-f]{24})-(\d{1,9})-([\w-]{43})$/;

/** What the action sees of it. Accepted by every process that has the same master key. */
export function runToken({ sign }: Pick<Core, "sign">, { id, fence }: Claim): string {
  return `run-${id}-${fence}-${sign(`run ${id} ${fence}`)}`;
}

/** Which run a token names; undefined when we have not signed it. */
function runIn(
  sign: Core["sign"],
  secret: string,
): { readonly id: string; readonly fence: number } | undefined {
  const [, id = "", fence = "", mac = ""] = shape.exec(secret) ?? [];
  const expected = Buffer.from(sign(`run ${id} ${fence}`));
  const given = Buffer.from(mac);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
  return { id, fence: Number(fence) };
}

/** The user in whose name that run acts; undefined when this is no token of a run, or its run is over. */
export async function userOfRun(
  { sign, systemUser }: Pick<Core, "sign" | "systemUser">,
  { db, book }: { readonly db: Db; readonly book: RoleBook },
  secret: string,
): Promise<User | undefined> {
  const named = runIn(sign, secret);
  const run = named && (await findExecution(db, named.id));
  if (run === undefined || isFinished(run.status) || run.fence !== named?.fence) return undefined;
  const { user } = run.context;
  const name = typeof user === "string" ? user : systemUser;
  const acting = await userNamed({ systemUser }, { db, book }, name);
  const shown = { kind: "token", expires: null } as const;
  return acting && { ...acting, shown, run: { id: run.id, context: run.context } };
}

/** Somebody in whose name runs act; undefined when there is no such account, or it is disabled. */
export async function userNamed(
  { systemUser }: Pick<Core, "systemUser">,
  { db, book }: { readonly db: Db; readonly book: RoleBook },
  name: string,
): Promise<User | undefined> {
  // Rules act in the name of the system user, who may do everything but cannot sign in.
  if (name === systemUser) return { name, roles: ["admin"] };
  const account = await findAccount(db, name);
  if (account === undefined || account.disabled) return undefined;
  const rights = await book.rightsOf(name, [...account.roles, ...account.remote_roles]);
  return { name, ...rights };
}
