/** Who is calling. Passwords are stored as argon2id, tokens and API keys as SHA-256; neither can be read back. */
import { argon2, createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { JsonObject } from "../model/json.ts";
import type { InventoryGrant } from "../model/inventory-grants.ts";
import type { Grant } from "../model/permissions.ts";
import { addAccount, addToken, findAccount, findToken } from "../store/accounts.ts";
import type { Database } from "../store/database.ts";
import type { Core } from "./core.ts";
import type { RoleBook } from "./role-book.ts";
import { idMaker } from "./ids.ts";
import { userOfRun } from "./run-token.ts";

export interface User {
  readonly name: string;
  readonly roles: readonly string[];
  /** What these roles allow, besides what system roles do. */
  readonly grants?: readonly Grant[];
  /** What these roles allow in parts of the inventory. */
  readonly inventory?: readonly InventoryGrant[];
  /** What the caller showed, and until when it is good. Absent without authentication. */
  readonly shown?: { readonly kind: "token" | "api_key"; readonly expires: Date | null };
  /** The execution that is calling, when its own token was shown. */
  readonly run?: { readonly id: string; readonly context: JsonObject };
}

export interface Issued {
  readonly id: string;
  readonly user: string;
  /** Shown once. */
  readonly secret: string;
  readonly expiry: Date | undefined;
}

const derive = promisify(argon2);
const cost = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const;
const newId = idMaker();

/** `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. */
export async function hashPassword(
  password: string,
  salt: Buffer = randomBytes(16),
): Promise<string> {
  const tag = await derive("argon2id", { message: password, nonce: salt, ...cost });
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${salt.toString("base64url")}$${tag.toString("base64url")}`;
}

/** Whether that is the password of which this is stored. */
export async function passwordFits(password: string, stored: string): Promise<boolean> {
  const salt = Buffer.from(stored.split("$")[4] ?? "", "base64url");
  const given = Buffer.from(
    await hashPassword(password, salt.length >= 8 ? salt : randomBytes(16)),
  );
  const known = Buffer.from(stored);
  return given.length === known.length && timingSafeEqual(given, known);
}

/** What is stored of a token or API key. */
export function digest(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** What may be stored of a token or API key: ours, and that of a key which came from a StackStorm (st2common/util/hash.py). Keys are random, so a fast
 * hash protects them. */
export function digests(secret: string): readonly [own: string, stackStorm: string] {
  return [digest(secret), createHash("sha512").update(`saltnpepper${secret}`).digest("hex")];
}

/** Makes the account `admin` at the first start. Gives the generated password once, or undefined when there was nothing to generate. */
export async function ensureAdmin(
  { db }: Database,
  given: string | undefined,
): Promise<string | undefined> {
  if ((await findAccount(db, "admin")) !== undefined) return undefined;
  const password = given ?? randomBytes(12).toString("base64url");
  const added = await addAccount(db, {
    name: "admin",
    password: await hashPassword(password),
    roles: ["system_admin", "admin"],
  });
  return added && given === undefined ? password : undefined;
}

export async function issue(
  { db }: Pick<Database, "db">,
  {
    account,
    kind,
    ttlSeconds,
    metadata,
  }: { account: string; kind: "token" | "api_key"; ttlSeconds?: number; metadata: unknown },
): Promise<Issued> {
  // In hex it never begins with a dash, which a command line would take for an option; 48 digits stay on one line of StackStorm's tables.
  const secret = randomBytes(kind === "token" ? 16 : 24).toString("hex");
  const expiry = ttlSeconds === undefined ? undefined : new Date(Date.now() + ttlSeconds * 1_000);
  const id = newId();
  await addToken(db, {
    hash: digest(secret),
    id,
    account,
    kind,
    expires_at: expiry ?? null,
    metadata,
  });
  return { id, user: account, secret, expiry };
}

/** Takes over an API key that its user has already, by its hash (see `digests`). Answers its id. */
export async function adoptApiKey(
  { db }: Pick<Database, "db">,
  key: { readonly account: string; readonly hash: string; readonly metadata: unknown },
): Promise<string> {
  const id = newId();
  await addToken(db, { ...key, id, kind: "api_key", expires_at: null });
  return id;
}

/** Finds the user of a token or API key; remembers the answer for a second, so that a revoked one stops working within that time. Tokens of runs end
 * with their runs and are not remembered. */
export function authenticator(
  { database: { db }, sign, systemUser }: Pick<Core, "database" | "sign" | "systemUser">,
  book: RoleBook,
): (secret: string) => Promise<User | undefined> {
  const remembered = new Map<string, { readonly user: User | undefined; readonly until: number }>();
  return async (secret) => {
    if (secret.startsWith("run-")) return userOfRun({ sign, systemUser }, { db, book }, secret);
    const hash = digest(secret);
    const now = performance.now();
    const known = remembered.get(hash);
    if (known !== undefined && known.until > now) return known.user;
    const found = await findToken(db, digests(secret));
    const user =
      found === undefined
        ? undefined
        : {
            name: found.account,
            ...(await book.rightsOf(found.account, [...found.roles, ...found.remote_roles])),
            shown: { kind: found.kind, expires: found.expires_at },
          };
    if (remembered.size > 10_000) remembered.clear();
    remembered.set(hash, { user, until: now + 1_000 });
    return user;
  };
}
