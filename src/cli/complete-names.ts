/** Names that the tab key asks the server for: those of actions after `run`, of rules after `rule get`, and so on. */
import type { Command } from "commander";
import type { JsonObject } from "../model/json.ts";
import type { Client } from "./client.ts";
import { cell } from "./table.ts";

/** A list of the server, and the attribute that names its members. */
export interface Named {
  readonly path: string;
  readonly key: string;
  /** Narrows the list. */
  readonly query?: Readonly<Record<string, string>>;
  /** Every operand is such a name, not only the first. */
  readonly all?: boolean;
  /** The list has no pages. */
  readonly whole?: boolean;
}

const named = new WeakMap<Command, Named>();

/** Operands of that command are names of these. */
export function completes(command: Command, names: Named): void {
  named.set(command, names);
}

const most = 1_000;

/** What names the operand that comes after so many others. */
export function namesOf(command: Command, operands: number): Named | undefined {
  const names = named.get(command);
  return names === undefined || (operands > 0 && names.all !== true) ? undefined : names;
}

/** The names themselves; none when the server cannot be asked. */
export async function readNames(names: Named, client: () => Client): Promise<readonly string[]> {
  try {
    const { path, key, query = {} } = names;
    const rows: readonly JsonObject[] =
      names.whole === true
        ? await client().list(path, { query })
        : (await client().pages(path, { ...query, include_attributes: key }, most)).rows;
    return rows.map((row) => cell(row[key]));
  } catch {
    // The tab key never complains.
    return [];
  }
}
