/** Key-value pairs of StackStorm's datastore; secrets are sealed before they reach the ledger. */
import { findKey, listKeys, putKey, removeKey, type StoredKey } from "../store/datastore.ts";
import type { Database } from "../store/database.ts";
import type { Vault } from "../store/vault.ts";

export interface KeyValue {
  readonly name: string;
  /** `system` or `user:<name>`. */
  readonly scope: string;
  /** Sealed when `secret` and not asked to decrypt. */
  readonly value: string;
  readonly secret: boolean;
  readonly expires: Date | undefined;
}

export interface Datastore {
  get(scope: string, name: string, decrypt: boolean): Promise<KeyValue | undefined>;
  list(
    scope: string,
    prefix: string,
    limit: number,
    decrypt?: boolean,
  ): Promise<readonly KeyValue[]>;
  put(pair: {
    scope: string;
    name: string;
    value: string;
    secret: boolean;
    ttlSeconds: number | undefined;
    /** The value is sealed already, as a list without decryption showed it. Rejects when it is not for this place. */
    sealed?: boolean;
  }): Promise<void>;
  remove(scope: string, name: string): Promise<boolean>;
}

export function datastore(
  { db }: Pick<Database, "db">,
  vault: Pick<Vault, "seal" | "open">,
): Datastore {
  const shown = (
    { scope, name, value, secret, expires_at }: StoredKey,
    decrypt: boolean,
  ): KeyValue => ({
    scope,
    name,
    secret,
    value: secret && decrypt ? vault.open(value, `${scope}/${name}`) : value,
    expires: expires_at ?? undefined,
  });
  return {
    get: async (scope, name, decrypt) => {
      const found = await findKey(db, scope, name);
      return found === undefined ? undefined : shown(found, decrypt);
    },
    list: async (scope, prefix, limit, decrypt = false) =>
      (await listKeys(db, scope, prefix, limit)).map((key) => shown(key, decrypt)),
    put: async ({ sealed = false, ...pair }) => {
      const place = `${pair.scope}/${pair.name}`;
      if (sealed) vault.open(pair.value, place);
      const value = pair.secret && !sealed ? vault.seal(pair.value, place) : pair.value;
      await putKey(db, { ...pair, value });
    },
    remove: (scope, name) => removeKey(db, scope, name),
  };
}
