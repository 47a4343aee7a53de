/** `st2kv.system.a.b` and `st2kv.user.x`: lookups that ask for their value only when somebody wants its text. */
import { PythonError } from "../python/errors.ts";
import { pyStr } from "../python/text.ts";
import type { Ask } from "../context.ts";
import { JinjaObject } from "./runtime.ts";

/** One key of the datastore, perhaps not complete yet. */
export class DatastoreLookup extends JinjaObject {
  readonly pythonType = "KeyValueLookup";
  readonly description: string;
  readonly #ask: Ask;
  readonly #scope: "system" | "user";
  readonly #key: string | undefined;
  constructor(ask: Ask, scope: "system" | "user", key?: string) {
    super();
    this.#ask = ask;
    this.#scope = scope;
    this.#key = key;
    const type = scope === "system" ? "KeyValueLookup" : "UserKeyValueLookup";
    this.description = `st2common.services.keyvalues.${type} object`;
  }
  override attribute(name: string): DatastoreLookup {
    const key = this.#key === undefined ? name : `${this.#key}.${name}`;
    return new DatastoreLookup(this.#ask, this.#scope, key);
  }
  override item(key: unknown): DatastoreLookup {
    return this.attribute(pyStr(key));
  }
  /** The value, or "" when there is none. */
  override pythonStr(): string {
    if (this.#key === undefined) return "";
    const value = this.#ask({
      kind: "datastore",
      name: `${this.#scope}.${this.#key}`,
      decrypt: false,
    });
    return value === undefined || value === null ? "" : pyStr(value);
  }
  /** The decrypted value. Throws ValueError when there is none. */
  decrypted(): unknown {
    const name = `${this.#scope}.${this.#key ?? ""}`;
    const value = this.#ask({ kind: "datastore", name, decrypt: true });
    if (value === undefined || value === null || value === "") {
      throw new PythonError(
        "ValueError",
        `Referenced datastore item "st2kv.${name}" doesn't exist or it contains an empty string`,
      );
    }
    return value;
  }
}

/** `st2kv` in StackStorm's templates. */
export class DatastoreRoot extends JinjaObject {
  readonly pythonType = "dict";
  readonly description = "dict object";
  readonly #ask: Ask;
  constructor(ask: Ask) {
    super();
    this.#ask = ask;
  }
  override attribute(name: string): unknown {
    return name === "system" || name === "user" ? new DatastoreLookup(this.#ask, name) : undefined;
  }
  override item(key: unknown): unknown {
    return this.attribute(String(key));
  }
}
