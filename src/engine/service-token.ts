/** A token for a part of the engine that speaks to its own door, such as a sensor. It lives as long as it is kept alive. */
import { addAccount, extendToken, removeToken } from "../store/accounts.ts";
import { issue } from "./auth.ts";
import type { Core } from "./core.ts";

export interface ServiceToken {
  readonly secret: string;
  remove(): Promise<void>;
}

/** No password has this hash. */
const noPassword = "!";
const daySeconds = 86_400;
const extendMs = 3_600_000;

/** `account` is made when there is none; it may do everything and cannot sign in. Rejects when the database is away. */
export async function serviceToken(
  { database, log }: Pick<Core, "database" | "log">,
  account: string,
  metadata: Readonly<Record<string, unknown>>,
): Promise<ServiceToken> {
  await addAccount(database.db, { name: account, password: noPassword, roles: ["admin"] });
  const issued = await issue(database, {
    account,
    kind: "token",
    ttlSeconds: daySeconds,
    metadata: { service: account, ...metadata },
  });
  const trouble = (what: string) => (error: unknown) =>
    log("warn", `a service token could not be ${what}`, {
      account,
      reason: error instanceof Error ? error.message : String(error),
    });
  const extend = setInterval(() => {
    void extendToken(database.db, issued.id, daySeconds).catch(trouble("extended"));
  }, extendMs).unref();
  return {
    secret: issued.secret,
    remove: async () => {
      clearInterval(extend);
      await removeToken(database.db, issued.id).catch(trouble("removed"));
    },
  };
}
