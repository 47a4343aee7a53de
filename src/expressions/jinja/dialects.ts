/** The filters and tests of the two environments. */
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

function decrypted(value: unknown): unknown {
  if (value instanceof DatastoreLookup) return value.decrypted();
  if (typeof value !== "string") throw typeError("decrypt_kv needs a datastore item");
  throw valueError(
    "decrypt_kv decrypts items of the datastore (st2kv.system.name | decrypt_kv), not other text",
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
  ["decrypt_kv", define("decrypt_kv", "value", ([value]) => decrypted(value))],
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
