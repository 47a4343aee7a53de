/** The desk where people sign in: accounts of our own, a directory, a proxy that is trusted, an issuer. */
import { AppError } from "../model/errors.ts";
import type { Directory, RemoteUser } from "../model/sign-in.ts";
import { findAccount, keepRemoteAccount } from "../store/accounts.ts";
import type { Database } from "../store/database.ts";
import { type Issued, issue, passwordFits } from "./auth.ts";
import { LoginLimiter } from "./login-limiter.ts";
import type { RoleBook } from "./role-book.ts";

/** Of a name that nobody has: to check it takes as long. */
const nobody = `$argon2id$v=19$m=19456,t=2,p=1$${"A".repeat(22)}$`;

export type LoginEnd =
  | { readonly kind: "in"; readonly issued: Issued }
  | { readonly kind: "wrong" }
  | { readonly kind: "wait"; readonly seconds: number };

export interface Credentials {
  readonly name: string;
  readonly password: string;
  readonly address: string;
  readonly ttlSeconds: number;
}

export class LoginDesk {
  readonly #database: Pick<Database, "db">;
  readonly #book: RoleBook;
  readonly #directory: () => Directory | undefined;
  readonly #limiter = new LoginLimiter();

  constructor(
    database: Pick<Database, "db">,
    book: RoleBook,
    directory: () => Directory | undefined = () => undefined,
  ) {
    this.#database = database;
    this.#book = book;
    this.#directory = directory;
  }

  /** Rejects with DIRECTORY_DOWN when the directory cannot be asked. */
  async signIn({ name, password, address, ttlSeconds }: Credentials): Promise<LoginEnd> {
    const seconds = this.#limiter.wait(name, address, performance.now());
    if (seconds > 0) return { kind: "wait", seconds };
    this.#limiter.tried(name, address, performance.now());
    const account = await this.#check(name, password).catch((error: unknown) => {
      this.#limiter.undecided(name, address);
      throw error;
    });
    if (account === undefined) return { kind: "wrong" };
    this.#limiter.succeeded(name, address);
    return { kind: "in", issued: await this.#issue(account, ttlSeconds) };
  }

  /** For whom another service has vouched. Rejects with FORBIDDEN for a name that is somebody else's here. */
  async admit(user: RemoteUser, origin: string, ttlSeconds: number): Promise<Issued> {
    return this.#issue(await this.#keep(user, origin), ttlSeconds);
  }

  async #check(name: string, password: string): Promise<string | undefined> {
    const account = await findAccount(this.#database.db, name);
    const directory = this.#directory();
    if (directory === undefined || account?.origin === "local") {
      const fits = await passwordFits(password, account?.password ?? nobody);
      return fits && account?.disabled === false ? account.name : undefined;
    }
    const user = await directory.check(name, password).catch((error: unknown) => {
      throw new AppError("DIRECTORY_DOWN", [], { cause: error });
    });
    return user === undefined ? undefined : this.#keep(user, "ldap");
  }

  async #keep({ name, groups }: RemoteUser, origin: string): Promise<string> {
    const roles = this.#book.rolesOfGroups(groups);
    const kept = await keepRemoteAccount(this.#database.db, { name, origin, roles });
    if (kept === undefined)
      throw new AppError("FORBIDDEN", [
        `The name "${name}" belongs to an account that does not sign in by ${origin}.`,
      ]);
    if (kept.disabled) throw new AppError("FORBIDDEN", [`The user "${name}" is disabled.`]);
    return kept.name;
  }

  #issue(account: string, ttlSeconds: number): Promise<Issued> {
    return issue(this.#database, { account, kind: "token", ttlSeconds, metadata: {} });
  }
}
