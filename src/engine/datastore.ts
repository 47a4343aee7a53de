/** Key-value pairs of StackStorm's datastore.
 *
 * A secret is encrypted as StackStorm does it, with the newest of the keys that were taken over from it (without one, with a key that follows from
 * the master key): that ciphertext is what is shown to whom it is not decrypted for, and what StackStorm can read. In the ledger it is sealed once
 * more, for its place. Older keys go on decrypting. */
import {
  findKey,
  listKeys,
  listStackStormKeys,
  lockKey,
  lockSecrets,
  putKey,
  putStackStormKey,
  removeKey,
  resealKey,
  type StoredKey,
} from "../store/datastore.ts";
import type { Database } from "../store/database.ts";
import type { Db } from "../store/schema.ts";
import {
  decryptFromStackStorm,
  encryptForStackStorm,
  fingerprint,
  parseStackStormKey,
  type StackStormKey,
  stackStormKeyFile,
} from "../store/stackstorm-crypto.ts";
import type { InstanceRow } from "../store/unit.ts";
import { insertInstances } from "../store/trigger-instances.ts";
import type { Vault } from "../store/vault.ts";
import { type JsonObject } from "../model/json.ts";

export interface KeyValue {
  readonly name: string;
  /** `system` or `user:<name>`. */
  readonly scope: string;
  /** StackStorm's ciphertext when `secret` and not asked to decrypt. */
  readonly value: string;
  readonly secret: boolean;
  readonly expires: Date | undefined;
}

/** What became of a key; secrets are encrypted in both. */
export interface KeyChange {
  readonly before: KeyValue | undefined;
  readonly after: KeyValue | undefined;
  /** Whether another value is there than before; of secrets, decrypted. */
  readonly valueChanged: boolean;
}

/** The events that a change raises: written in its transaction. Called again when that has to be repeated. */
export type Telling = (change: KeyChange) => readonly InstanceRow[];

export interface NewKeyValue {
  readonly scope: string;
  readonly name: string;
  readonly value: string;
  readonly secret: boolean;
  readonly ttlSeconds: number | undefined;
  /** The value is StackStorm's ciphertext. */
  readonly encrypted?: boolean;
}

export interface Datastore {
  get(scope: string, name: string, decrypt: boolean): Promise<KeyValue | undefined>;
  list(
    scope: string,
    prefix: string,
    limit: number,
    decrypt?: boolean,
  ): Promise<readonly KeyValue[]>;
  /** Undefined, and nothing is written, when an encrypted value is not one that our keys decrypt. */
  put(pair: NewKeyValue, tell?: Telling): Promise<KeyChange | undefined>;
  /** Undefined when there is no such key. */
  remove(scope: string, name: string, tell?: Telling): Promise<KeyChange | undefined>;
  /** The text of a ciphertext of StackStorm; undefined when none of our keys made it. */
  decrypt(text: string): Promise<string | undefined>;
  /** Encrypts with this key from now on, the secrets that are there included; tells how many. Rejects with StackStormKeyError. */
  importKey(file: unknown): Promise<{ readonly fingerprint: string; readonly secrets: number }>;
  /** The key that encrypts, as StackStorm's key file. */
  exportKey(): Promise<JsonObject>;
}

const keyPlace = "stackstorm key";

class SealedDatastore implements Datastore {
  readonly #database: Pick<Database, "db" | "transaction">;
  readonly #vault: DatastoreVault;

  constructor(database: Pick<Database, "db" | "transaction">, vault: DatastoreVault) {
    this.#database = database;
    this.#vault = vault;
  }

  async get(scope: string, name: string, decrypt: boolean): Promise<KeyValue | undefined> {
    const found = await findKey(this.#database.db, scope, name);
    return found === undefined ? undefined : (await this.#shown([found], decrypt))[0];
  }

  async list(
    scope: string,
    prefix: string,
    limit: number,
    decrypt = false,
  ): Promise<readonly KeyValue[]> {
    return this.#shown(await listKeys(this.#database.db, scope, prefix, limit), decrypt);
  }

  async put(pair: NewKeyValue, tell: Telling = () => []): Promise<KeyChange | undefined> {
    const { scope, name, encrypted = false, secret, value, ttlSeconds } = pair;
    const keys = await this.#keys();
    if (encrypted && decryptWith(keys, value) === undefined) return undefined;
    const ciphertext = encrypted ? value : encryptForStackStorm(keys[0], value);
    const hidden = encrypted || secret;
    return this.#change(pair, tell, async (tx, before) => {
      const after = await putKey(tx, {
        scope,
        name,
        secret: hidden,
        ttlSeconds,
        value: hidden ? this.#vault.seal(ciphertext, placeOf(pair)) : value,
      });
      return {
        before: before === undefined ? undefined : this.#view(before),
        after: this.#view(after),
        valueChanged:
          before !== undefined && this.#plain(before, keys) !== this.#plain(after, keys),
      };
    });
  }

  async remove(
    scope: string,
    name: string,
    tell: Telling = () => [],
  ): Promise<KeyChange | undefined> {
    return this.#change({ scope, name }, tell, async (tx, before) => {
      if (before === undefined) return undefined;
      await removeKey(tx, scope, name);
      return { before: this.#view(before), after: undefined, valueChanged: false };
    });
  }

  async decrypt(text: string): Promise<string | undefined> {
    return decryptWith(await this.#keys(), text);
  }

  async importKey(file: unknown): Promise<{ fingerprint: string; secrets: number }> {
    const key = parseStackStormKey(file);
    const row = {
      fingerprint: fingerprint(key),
      sealed: this.#vault.seal(JSON.stringify(stackStormKeyFile(key)), keyPlace),
    };
    const secrets = await this.#database.transaction(async (tx) => {
      const keys = await this.#keys(tx);
      await putStackStormKey(tx, row);
      const found = await lockSecrets(tx);
      for (const each of found) {
        const value = encryptForStackStorm(key, this.#plain(each, keys));
        await resealKey(tx, each.scope, each.name, this.#vault.seal(value, placeOf(each)));
      }
      return found.length;
    });
    return { fingerprint: row.fingerprint, secrets };
  }

  async exportKey(): Promise<JsonObject> {
    const [key] = await this.#keys();
    return stackStormKeyFile(key);
  }

  async #change<Change extends KeyChange | undefined>(
    { scope, name }: Pick<StoredKey, "scope" | "name">,
    tell: Telling,
    work: (tx: Db, before: StoredKey | undefined) => Promise<Change>,
  ): Promise<Change> {
    return this.#database.transaction(async (tx) => {
      await lockKey(tx, scope, name);
      const change = await work(tx, await findKey(tx, scope, name));
      if (change !== undefined) await insertInstances(tx, tell(change));
      return change;
    });
  }

  /** The one that encrypts first. */
  async #keys(db: Db = this.#database.db): Promise<Keys> {
    const stored = await listStackStormKeys(db);
    const taken = stored.map(({ sealed }) =>
      parseStackStormKey(JSON.parse(this.#vault.open(sealed, keyPlace))),
    );
    const own: StackStormKey = {
      aes: this.#vault.derive("datastore AES"),
      hmac: this.#vault.derive("datastore HMAC"),
    };
    const [first, ...rest] = taken;
    return first === undefined ? [own] : [first, ...rest, own];
  }

  async #shown(rows: readonly StoredKey[], decrypt: boolean): Promise<readonly KeyValue[]> {
    if (!decrypt || !rows.some(({ secret }) => secret)) return rows.map((row) => this.#view(row));
    const keys = await this.#keys();
    return rows.map((row) => ({ ...this.#view(row), value: this.#plain(row, keys) }));
  }

  #view(row: StoredKey): KeyValue {
    const { name, scope, secret, expires_at: expires, value } = row;
    const shown = secret ? this.#vault.open(value, placeOf(row)) : value;
    return { name, scope, secret, value: shown, expires: expires ?? undefined };
  }

  #plain(row: StoredKey, keys: Keys): string {
    const { value, secret } = this.#view(row);
    if (!secret) return value;
    const plain = decryptWith(keys, value);
    if (plain === undefined) throw new Error(`no key decrypts ${placeOf(row)}`);
    return plain;
  }
}

type Keys = readonly [StackStormKey, ...StackStormKey[]];
type DatastoreVault = Pick<Vault, "seal" | "open" | "derive">;

function placeOf({ scope, name }: Pick<StoredKey, "scope" | "name">): string {
  return `${scope}/${name}`;
}

function decryptWith(keys: Keys, text: string): string | undefined {
  for (const key of keys) {
    const plain = decryptFromStackStorm(key, text);
    if (plain !== undefined) return plain;
  }
  return undefined;
}

export function datastore(
  database: Pick<Database, "db" | "transaction">,
  vault: DatastoreVault,
): Datastore {
  return new SealedDatastore(database, vault);
}
