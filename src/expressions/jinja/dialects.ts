/** The filters and tests of the two environments. */
import type { Ask } from "../context.ts";
import { stackstormFunctions } from "../functions.ts";
import { noMore } from "../python/arguments.ts";
import { typeError, valueError } from "../python/errors.ts";
import { DatastoreLookup } from "./datastore.ts";
import { define, Environment } from "./environment.ts";
import type { Definition } from "./environment.ts";
import { numberFilters } from "./filters-number.ts";
import { sequenceFilters } from "./filters-sequence.ts";
import { textFilters } from "./filters-text.ts";
import { orquestaFunctions } from "./orquesta.ts";
import type { Dialect } from "./runtime.ts";
import { tests } from "./tests.ts";

/** An item of the datastore, or a ciphertext that stands anywhere else. */
function decrypted(value: unknown, ask: Ask): unknown {
  if (value instanceof DatastoreLookup) return value.decrypted();
  if (typeof value !== "string") throw typeError("decrypt_kv needs a datastore item or a text");
  const plain = ask({ kind: "decrypt", text: value });
  if (plain !== undefined) return plain;
  throw valueError(
    "decrypt_kv: this is neither an item of the datastore (st2kv.system.name | decrypt_kv) nor a ciphertext that a key of this installation made",
  );
}

const stackstormFilters: readonly (readonly [string, Definition])[] = [
  ...[...stackstormFunctions.values()].map(
    (target) =>
      [
        target.name,
        {
          signature: target.signature,
          lenient: false,
          body: (values, { run }) => target.call(values, noMore, run.context),
        } satisfies Definition,
      ] as const,
  ),
  [
    "decrypt_kv",
    define("decrypt_kv", "value", ([value], { run }) => decrypted(value, run.context.ask)),
  ],
];

const builtin = Object.entries({ ...sequenceFilters, ...numberFilters, ...textFilters });
const testTable = new Map(Object.entries(tests));

const orquestaFilters: readonly (readonly [string, Definition])[] = [...orquestaFunctions].map(
  ([name, target]) =>
    [
      name,
      define(name, "value *", ([value], { rest, keywords, run }) =>
        target.call([value, ...rest], keywords, run),
      ),
    ] as const,
);

const environments: Readonly<Record<Dialect, Environment>> = {
  stackstorm: new Environment(new Map([...builtin, ...stackstormFilters]), testTable),
  orquesta: new Environment(new Map([...builtin, ...orquestaFilters]), testTable),
};

export function environmentOf(dialect: Dialect): Environment {
  return environments[dialect];
}
