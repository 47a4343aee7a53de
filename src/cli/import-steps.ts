/** What of a StackStorm is taken over, kind by kind: read there, compared, written here. */
import { isObject, type JsonObject } from "../model/json.ts";
import { Refused, type Client } from "./client.ts";
import { CliError, exitCodes } from "./cli.ts";

type Fate = "taken over" | "would be taken over" | "is the same" | "exists" | "left out" | "failed";

export interface Item {
  readonly kind: string;
  readonly name: string;
  readonly fate: Fate;
  readonly reason?: string;
}

export interface Move {
  readonly from: Client;
  readonly to: Client;
  readonly dryRun: boolean;
  readonly replace: boolean;
  readonly note: (item: Item) => void;
}

const mask = "********";

/** Text, or nothing. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((name) => [name, sorted(value[name])]),
  );
}

/** What is at a path there; undefined when there is nothing. */
async function lookUp(client: Client, path: string, query = {}): Promise<JsonObject | undefined> {
  try {
    return await client.object("GET", path, { query });
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return undefined;
    throw error;
  }
}

interface Step {
  readonly kind: string;
  readonly name: string;
  /** What is here already; undefined = nothing. */
  readonly before: unknown;
  readonly wanted: unknown;
  readonly write: () => Promise<unknown>;
}

/** One item: compared, written, and noted. */
export async function take(move: Move, { kind, name, before, wanted, write }: Step): Promise<void> {
  const note = (fate: Fate, reason?: string): void =>
    move.note({ kind, name, fate, ...(reason === undefined ? {} : { reason }) });
  if (before !== undefined && same(before, wanted)) return note("is the same");
  if (before !== undefined && !move.replace)
    return note("exists", "it differs here; --replace takes over what it is there");
  if (move.dryRun) return note("would be taken over");
  try {
    await write();
    note("taken over");
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode === exitCodes.unreachable) throw error;
    note("failed", error.message);
  }
}

function pick(row: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.flatMap((name) =>
      row[name] === undefined || row[name] === null ? [] : [[name, row[name]]],
    ),
  );
}

/** Whether a secret was masked on its way here. */
function masked(value: unknown): boolean {
  if (value === mask) return true;
  if (Array.isArray(value)) return value.some(masked);
  return isObject(value) && Object.values(value).some(masked);
}

export async function packs({ from, to, note }: Move): Promise<void> {
  const { rows } = await from.pages("/packs", {}, undefined);
  const here = new Map(
    (await to.pages("/packs", {}, undefined)).rows.map((row) => [textOf(row["ref"]), row]),
  );
  for (const row of rows) {
    const name = textOf(row["ref"]);
    const mine = here.get(name);
    if (mine === undefined)
      note({
        kind: "pack",
        name,
        fate: "left out",
        reason: `its files are not here: raicho pack install ${name}, or put them into packs/`,
      });
    else if (mine["version"] === row["version"]) note({ kind: "pack", name, fate: "is the same" });
    else
      note({
        kind: "pack",
        name,
        fate: "exists",
        reason: `version ${textOf(row["version"])} there, ${textOf(mine["version"])} here`,
      });
  }
}

/** What is configured: the given values as they are where defaults of the schema make them the same as `wanted`, undefined where there are none but defaults. */
async function configured(
  to: Client,
  name: string,
  { here, wanted }: { readonly here: unknown; readonly wanted: unknown },
): Promise<unknown> {
  if (!isObject(here) || !isObject(wanted)) return here;
  const schema = await lookUp(to, `/config_schemas/${encodeURIComponent(name)}`);
  const attributes = isObject(schema?.["attributes"]) ? schema["attributes"] : {};
  const usual = Object.fromEntries(
    Object.entries(attributes).flatMap(([key, attribute]) =>
      isObject(attribute) && attribute["default"] !== undefined
        ? [[key, attribute["default"]]]
        : [],
    ),
  );
  if (same({ ...usual, ...here }, { ...usual, ...wanted })) return wanted;
  return Object.entries(here).every(([key, value]) => same(value, usual[key])) ? undefined : here;
}

export async function configs(move: Move): Promise<void> {
  const { from, to } = move;
  const { rows } = await from.pages("/configs", { show_secrets: true }, undefined);
  for (const { pack, values } of rows) {
    const name = textOf(pack);
    if (masked(values)) {
      move.note({
        kind: "configuration",
        name,
        fate: "left out",
        reason: "its secrets are masked: the token there must be an administrator's",
      });
      continue;
    }
    const path = `/configs/${encodeURIComponent(name)}`;
    const here = (await lookUp(to, path, { show_secrets: true }))?.["values"];
    const write = (): Promise<unknown> => to.json("PUT", path, { body: values });
    await take(move, {
      kind: "configuration",
      name,
      before: await configured(to, name, { here, wanted: values }),
      wanted: values,
      write,
    });
  }
}

const ruleNames = [
  "name",
  "pack",
  "description",
  "enabled",
  "trigger",
  "criteria",
  "action",
  "type",
  "tags",
];

/** A rule as it is written: the trigger as type and parameters. */
function ruleOf(row: JsonObject): JsonObject {
  const { trigger } = row;
  const plain = isObject(trigger)
    ? { type: trigger["type"] ?? trigger["ref"], parameters: trigger["parameters"] ?? {} }
    : trigger;
  return { ...pick(row, ruleNames), trigger: plain };
}

export async function rules(move: Move): Promise<void> {
  const { rows } = await move.from.pages("/rules", {}, undefined);
  for (const row of rows) {
    const wanted = ruleOf(row);
    await refTaken(move, {
      kind: "rule",
      path: "/rules",
      name: textOf(row["ref"]),
      wanted,
      shape: ruleOf,
    });
  }
}

const policyNames = [
  "name",
  "pack",
  "description",
  "enabled",
  "resource_ref",
  "policy_type",
  "parameters",
];

function policyOf(row: JsonObject): JsonObject {
  return pick(row, policyNames);
}

export async function policies(move: Move): Promise<void> {
  const { rows } = await move.from.pages("/policies", {}, undefined);
  for (const row of rows)
    await refTaken(move, {
      kind: "policy",
      path: "/policies",
      name: textOf(row["ref"]),
      wanted: policyOf(row),
      shape: policyOf,
    });
}

interface Referred {
  readonly kind: string;
  readonly path: string;
  readonly name: string;
  readonly wanted: JsonObject;
  readonly shape: (row: JsonObject) => JsonObject;
}

/** Takes over what is made with POST and replaced with PUT. */
async function refTaken(move: Move, { kind, path, name, wanted, shape }: Referred): Promise<void> {
  const at = `${path}/${encodeURIComponent(name)}`;
  const found = await lookUp(move.to, at);
  const before = found === undefined ? undefined : shape(found);
  const write = (): Promise<unknown> =>
    found === undefined
      ? move.to.json("POST", path, { body: wanted })
      : move.to.json("PUT", at, { body: { ...wanted, id: found["id"] } });
  await take(move, { kind, name, before, wanted, write });
}

interface Key {
  readonly name: string;
  readonly value: unknown;
  readonly secret: boolean;
  readonly scope: string;
  readonly user: string | undefined;
  /** Seconds; 0 or less = over. */
  readonly ttl: number | undefined;
}

function keyOf({ name, value, scope, user, secret, expire_timestamp: expires }: JsonObject): Key {
  const kind = textOf(scope).replace(/^st2kv\./, "") || "system";
  const ttl =
    typeof expires === "string" ? Math.ceil((Date.parse(expires) - Date.now()) / 1_000) : undefined;
  return {
    name: textOf(name),
    value,
    secret: secret === true,
    scope: kind,
    user: kind === "user" ? textOf(user) : undefined,
    ttl,
  };
}

export async function keys(move: Move): Promise<void> {
  const { from, to } = move;
  const { rows } = await from.pages("/keys", { scope: "all", decrypt: true }, undefined);
  for (const row of rows) {
    const { name, value, secret, scope, user, ttl } = keyOf(row);
    const shown = user === undefined ? name : `${user}:${name}`;
    if (row["encrypted"] === true || value === mask) {
      move.note({
        kind: "key",
        name: shown,
        fate: "left out",
        reason:
          "it is encrypted with the key of that server: the token there must be an administrator's",
      });
      continue;
    }
    if (ttl !== undefined && ttl <= 0) continue;
    const query = { scope, user };
    const path = `/keys/${encodeURIComponent(name)}`;
    const found = await lookUp(to, path, { ...query, decrypt: true });
    const body = { name, value, scope, user, secret: secret ? true : undefined, ttl };
    await take(move, {
      kind: "key",
      name: shown,
      before:
        found === undefined
          ? undefined
          : { value: found["value"], secret: found["secret"] === true },
      wanted: { value, secret },
      write: () => to.json("PUT", path, { query, body }),
    });
  }
}
