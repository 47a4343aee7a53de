/** The token with which a running action speaks to the API: made when it starts, gone when it ends. */
import type { Runner } from "../runners/runner.ts";
import { addAccount, removeToken } from "../store/accounts.ts";
import { issue } from "./auth.ts";
import type { Core } from "./core.ts";
import type { Claim } from "./run.ts";

export interface RunToken {
  /** What the action sees of it; empty without a token. */
  readonly environment: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

const noToken: RunToken = { environment: {}, remove: () => Promise.resolve() };

/** No password has this hash. */
const noPassword = "!";
/** How long a token outlives its run when nobody is left to remove it; those without a time limit get a day. */
const graceSeconds = 300;
const daySeconds = 86_400;

/** A token in the name of the execution's user, where the runner asks for one. When none can be had the action runs without; the log says why. */
export async function runToken(
  core: Core,
  { id, context }: Claim,
  { runner, timeoutSeconds }: { runner: Runner; timeoutSeconds: number | undefined },
): Promise<RunToken> {
  if (runner.needsToken !== true) return noToken;
  const { database, systemUser } = core;
  const account = typeof context["user"] === "string" ? context["user"] : systemUser;
  const trouble = (what: string) => (error: unknown) =>
    core.log("warn", `the token of a run could not be ${what}`, {
      execution: id,
      reason: error instanceof Error ? error.message : String(error),
    });
  try {
    if (account === systemUser) await ensureSystemUser(core);
    const ttlSeconds = (timeoutSeconds ?? daySeconds) + graceSeconds;
    const metadata = { execution: id };
    const issued = await issue(database, { account, kind: "token", ttlSeconds, metadata });
    return {
      environment: { ST2_ACTION_AUTH_TOKEN: issued.secret },
      remove: async () => {
        await removeToken(database.db, issued.id).catch(trouble("removed"));
      },
    };
  } catch (error) {
    trouble("made")(error);
    return noToken;
  }
}

const ensured = new WeakMap<Core, Promise<unknown>>();

/** Rules act in the name of the system user, who may do everything but cannot sign in. */
async function ensureSystemUser(core: Core): Promise<void> {
  const { db } = core.database;
  const done =
    ensured.get(core) ??
    addAccount(db, { name: core.systemUser, password: noPassword, roles: ["admin"] });
  ensured.set(core, done);
  await done.catch((error: unknown) => {
    ensured.delete(core);
    throw error;
  });
}
