import { describe, expect, test } from "vitest";
import {
  permissionsOf,
  permissionTypes,
  resourceTypes,
  type PermissionType,
} from "../../src/model/permission-types.ts";
import {
  allows,
  allowsSomewhere,
  grantFault,
  type Grant,
  type Resource,
} from "../../src/model/permissions.ts";

const local: Resource = { uid: "action:core:local", within: ["pack:core"] };
const run: Resource = { uid: "execution:1", within: ["action:core:local", "pack:core"] };
const rule: Resource = { uid: "rule:core:r", within: ["pack:core"] };

function may(
  grants: readonly (readonly [string | undefined, PermissionType])[],
  permission: PermissionType,
  resource?: Resource,
): boolean {
  const made = grants.map(([at, each]): Grant => ({ resource: at, permissions: [each] }));
  return allows({ roles: ["custom"], grants: made }, permission, resource);
}

test("there are StackStorm's 18 resource types and five of our own", () => {
  expect(resourceTypes).toHaveLength(23);
  expect(new Set(permissionTypes).size).toBe(permissionTypes.length);
  for (const type of resourceTypes)
    for (const [name, sentence] of permissionsOf(type))
      expect(sentence, name).toMatch(/^[A-Z].+\.$/);
});

describe("a system role", () => {
  test.each(permissionTypes)("admin and system_admin have %s", (permission) => {
    expect(allows({ roles: ["admin"], grants: [] }, permission, local)).toBe(true);
    expect(allows({ roles: ["system_admin"], grants: [] }, permission)).toBe(true);
    expect(allows({ roles: [], grants: [] }, permission, local)).toBe(false);
  });

  test.each<[PermissionType, boolean]>([
    ["action_list", true],
    ["action_view", true],
    ["stream_view", true],
    ["pack_search", true],
    ["execution_views_filters_list", true],
    ["action_execute", false],
    ["execution_stop", false],
    ["key_value_pair_set", false],
    ["webhook_send", false],
    ["inquiry_respond", false],
    ["inventory_modify", false],
  ])("observer, %s: %s", (permission, expected) => {
    expect(allows({ roles: ["observer"], grants: [] }, permission, local)).toBe(expected);
  });
});

describe("a grant", () => {
  test.each<[string, string | undefined, PermissionType, PermissionType, Resource, boolean]>([
    ["on the action", "action:core:local", "action_execute", "action_execute", local, true],
    ["on its pack", "pack:core", "action_execute", "action_execute", local, true],
    ["on another action", "action:core:http", "action_execute", "action_execute", local, false],
    ["on another pack", "pack:linux", "action_all", "action_execute", local, false],
    ["all includes each", "action:core:local", "action_all", "action_delete", local, true],
    ["executing includes viewing", "pack:core", "action_execute", "action_view", local, true],
    [
      "viewing does not include executing",
      "pack:core",
      "action_view",
      "action_execute",
      local,
      false,
    ],
    ["listing is not viewing", undefined, "action_list", "action_view", local, false],
    ["of rules says nothing about actions", "pack:core", "rule_all", "action_view", local, false],
    [
      "an execution follows its action",
      "action:core:local",
      "action_view",
      "execution_view",
      run,
      true,
    ],
    ["who may run may run again", "pack:core", "action_execute", "execution_rerun", run, true],
    ["who may view may not stop", "pack:core", "action_view", "execution_stop", run, false],
    ["a rule is created in its pack", "pack:core", "rule_create", "rule_create", rule, true],
    [
      "who may make keys sees no others'",
      undefined,
      "api_key_create",
      "api_key_view",
      { uid: "api_key:1" },
      false,
    ],
  ])("%s", (...row) => {
    const [, at, given, wanted, resource, expected] = row;
    expect(may([[at, given]], wanted, resource)).toBe(expected);
  });

  test("somewhere is enough to be told that a thing is not there", () => {
    const grants: readonly Grant[] = [{ resource: "pack:core", permissions: ["action_view"] }];
    expect(allowsSomewhere({ roles: [], grants }, "action_view")).toBe(true);
    expect(allowsSomewhere({ roles: [], grants }, "action_execute")).toBe(false);
    expect(allows({ roles: [], grants }, "action_list")).toBe(false);
  });
});

test.each<[string | undefined, PermissionType, string | undefined]>([
  [undefined, "action_list", undefined],
  [undefined, "action_execute", 'Invalid permission type "action_execute". Valid global'],
  ["pack:core", "action_execute", undefined],
  ["pack:core", "webhook_send", 'Invalid permission type "webhook_send" for resource type "pack"'],
  ["webhook:in", "webhook_send", undefined],
  ["core.local", "action_view", '"core.local" is not the uid of a resource'],
])("a grant of %s %s is checked", (resource, permission, expected) => {
  const fault = grantFault({ resource, permissions: [permission] });
  expect(fault?.slice(0, expected?.length)).toBe(expected);
});
