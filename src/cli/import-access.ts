/** Who may do what in a StackStorm, taken over: API keys, roles, and who has them. */
import { isObject, type JsonObject } from "../model/json.ts";
import { Refused } from "./client.ts";
import { take, textOf, type Move } from "./import-steps.ts";

/** An administrator of a StackStorm sees the hashes of its API keys: with them its keys go on working here. Of other keys new ones are made for the same
 * users, and given in the report. */
export async function apiKeys(move: Move): Promise<readonly JsonObject[]> {
  const { from, to } = move;
  const made: JsonObject[] = [];
  const { rows } = await from.pages("/apikeys", { show_secrets: true }, undefined);
  const here = (await to.pages("/apikeys", {}, undefined)).rows;
  const taken = new Set(here.map(originOf));
  for (const row of rows) {
    const [id, user] = [textOf(row["id"]), textOf(row["user"])];
    const name = `${id} of ${user}`;
    const hash = textOf(row["key_hash"]);
    const known = /^(?:[0-9a-f]{64}|[0-9a-f]{128})$/.test(hash);
    const metadata = { ...(isObject(row["metadata"]) ? row["metadata"] : {}), imported_from: id };
    const enabled = row["enabled"] !== false;
    const body = { user, enabled, metadata, ...(known ? { key_hash: hash } : {}) };
    await take(move, {
      kind: "API key",
      name,
      before: taken.has(id) ? body : undefined,
      wanted: body,
      write: async () => {
        const { key } = await to.object("POST", "/apikeys", { body });
        if (!known) made.push({ user, was: id, key });
      },
    });
  }
  return made;
}

function originOf({ metadata }: JsonObject): string {
  return isObject(metadata) ? textOf(metadata["imported_from"]) : "";
}

/** StackStorm's API tells roles and assignments and takes none: they are written as the files that both systems read. */
export async function access(move: Move): Promise<JsonObject> {
  const roles = await lists(move, "/rbac/roles", "role");
  const assignments = await lists(move, "/rbac/role_assignments", "role assignment");
  const own = roles.filter(({ system }) => system !== true);
  const users = Map.groupBy(
    assignments.filter(({ is_remote: remote }) => remote !== true),
    ({ user }) => textOf(user),
  );
  for (const { name } of own)
    move.note({
      kind: "role",
      name: textOf(name),
      fate: move.dryRun ? "would be taken over" : "taken over",
      reason: "written as a file of role definitions",
    });
  for (const name of users.keys())
    move.note({
      kind: "roles of a user",
      name,
      fate: move.dryRun ? "would be taken over" : "taken over",
      reason: "written as a file of role assignments; passwords stay there",
    });
  return {
    roles: Object.fromEntries(
      own.map((role) => [
        textOf(role["name"]),
        {
          name: role["name"],
          description: role["description"],
          enabled: true,
          permission_grants: grantsOf(role),
        },
      ]),
    ),
    assignments: Object.fromEntries(
      [...users].map(([username, rows]) => [
        username,
        { username, enabled: true, roles: rows.map(({ role }) => role) },
      ]),
    ),
  };
}

function grantsOf({ permission_grant_objects: objects }: JsonObject): readonly JsonObject[] {
  const grants: readonly unknown[] = Array.isArray(objects) ? objects : [];
  return grants.filter(isObject).map((grant) => ({
    ...(grant["resource_uid"] === undefined || grant["resource_uid"] === null
      ? {}
      : { resource_uid: grant["resource_uid"] }),
    permission_types: grant["permission_types"],
  }));
}

async function lists(
  { from, note }: Move,
  path: string,
  kind: string,
): Promise<readonly JsonObject[]> {
  try {
    return await from.list(path);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    note({ kind, name: "all", fate: "left out", reason: error.message });
    return [];
  }
}
