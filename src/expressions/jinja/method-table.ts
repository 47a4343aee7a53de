import type { Keywords } from "../python/arguments.ts";
import type { Run } from "./runtime.ts";

export interface MethodCall {
  readonly run: Run;
  readonly keywords: Keywords;
}

export interface Method {
  /** Fewest and most positional arguments. */
  readonly arity: readonly [number, number];
  /** Names under which arguments may be given, in order; "any" = the method reads them itself. */
  readonly keywords: readonly string[] | "any";
  readonly run: (owner: unknown, args: readonly unknown[], call: MethodCall) => unknown;
}

export type MethodTable = ReadonlyMap<string, Method>;

type Row<Owner> = readonly [
  name: string,
  arity: readonly [number, number],
  run: (owner: Owner, args: readonly unknown[], call: MethodCall) => unknown,
  keywords?: readonly string[] | "any",
];

/** Builds a table for owners of one type; `narrow` makes the owner that type again. */
export function methodTable<Owner>(
  narrow: (owner: unknown) => Owner,
  rows: readonly Row<Owner>[],
): MethodTable {
  return new Map(
    rows.map(([name, arity, run, keywords]) => [
      name,
      {
        arity,
        keywords: keywords ?? [],
        run: (owner, args, call) => run(narrow(owner), args, call),
      },
    ]),
  );
}
