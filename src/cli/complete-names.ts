/** Names that the tab key asks the server for: those of actions after `run`, of rules after `rule get`, and so on. */
import type { Command } from "commander";
import { isObject, type JsonObject } from "../model/json.ts";
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
  /** It is in that attribute of an answer of Raicho's own API. */
  readonly own?: string;
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

async function rowsOf(
  { path, key, query = {}, whole, own }: Named,
  client: Client,
): Promise<readonly JsonObject[]> {
  if (own !== undefined) {
    const { [own]: rows } = await client.object("GET", path, { service: "own" });
    return Array.isArray(rows) ? rows.filter(isObject) : [];
  }
  if (whole === true) return client.list(path, { query });
  return (await client.pages(path, { ...query, include_attributes: key }, most)).rows;
}

/** The names themselves; none when the server cannot be asked. */
export async function readNames(names: Named, client: () => Client): Promise<readonly string[]> {
  try {
    return (await rowsOf(names, client())).map((row) => cell(row[names.key]));
  } catch {
    // The tab key never complains.
    return [];
  }
}
