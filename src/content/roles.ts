/** Roles, assignments and group mappings from YAML, in StackStorm's format: `<directory>/{roles,assignments,mappings}/*.yaml`. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readInventoryGrant } from "../inventory/grant.ts";
import type { InventoryGrant } from "../model/inventory-grants.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { isPermissionType, permissionTypes } from "../model/permission-types.ts";
import { type Grant, grantFault } from "../model/permissions.ts";
import { nearest, type Problem, ProblemList, type SourceFile } from "./problems.ts";
import { flagOf, listOf, readSources, textOf, textsOf } from "./reading.ts";
import { checkShape, type Shape } from "./shape.ts";

export interface RoleFile {
  readonly name: string;
  readonly description: string;
  readonly grants: readonly Grant[];
  /** What it allows in parts of the inventory. */
  readonly inventory: readonly InventoryGrant[];
}

export interface AssignmentFile {
  readonly user: string;
  readonly roles: readonly string[];
  readonly description: string;
  /** Relative to the directory, as StackStorm tells it. */
  readonly file: string;
}

export interface MappingFile {
  readonly group: string;
  readonly roles: readonly string[];
}

export interface RoleFiles {
  readonly roles: readonly RoleFile[];
  readonly assignments: readonly AssignmentFile[];
  readonly mappings: readonly MappingFile[];
  readonly problems: readonly Problem[];
}

const text: Shape = { kind: "string" };
const filled = { shape: { kind: "string", filled: true }, required: true } as const;
const texts: Shape = { kind: "list", items: { kind: "string", filled: true } };
const beside = { description: { shape: text }, enabled: { shape: { kind: "boolean" } } } as const;

const shapes = {
  roles: {
    kind: "record",
    others: "reject",
    fields: {
      name: filled,
      ...beside,
      permission_grants: {
        shape: {
          kind: "list",
          items: {
            kind: "record",
            others: "reject",
            fields: { resource_uid: { shape: text }, permission_types: { shape: texts } },
          },
        },
      },
      inventory: { shape: { kind: "list", items: { kind: "any" } } },
    },
  },
  assignments: {
    kind: "record",
    others: "reject",
    fields: { username: filled, ...beside, roles: { shape: texts, required: true } },
  },
  mappings: {
    kind: "record",
    others: "reject",
    fields: { group: filled, ...beside, roles: { shape: texts, required: true } },
  },
} as const satisfies Record<string, Shape>;

interface Found {
  readonly source: SourceFile;
  readonly document: JsonObject;
}

async function documentsOf(
  directory: string,
  kind: keyof typeof shapes,
  problems: ProblemList,
): Promise<readonly Found[]> {
  const names = await readdir(join(directory, kind)).catch(() => []);
  const files = names
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => join(directory, kind, name));
  const found: Found[] = [];
  for await (const source of readSources(files, "", problems)) {
    const document = source.yaml.value;
    if (!checkShape(shapes[kind], document, { source, path: [] }, problems)) continue;
    if (isObject(document) && flagOf(document, "enabled", true)) found.push({ source, document });
  }
  return found;
}

function grantsOf({ source, document }: Found, problems: ProblemList): readonly Grant[] {
  const grants: Grant[] = [];
  for (const [index, each] of listOf(document, "permission_grants").entries()) {
    if (!isObject(each)) continue;
    const path = ["permission_grants", index];
    const names = textsOf(each, "permission_types");
    for (const [at, odd] of names.entries())
      if (!isPermissionType(odd))
        problems.error(
          source,
          [...path, "permission_types", at],
          `there is no permission type "${odd}"`,
          { suggestion: nearest(odd, permissionTypes) },
        );
    const resource = textOf(each, "resource_uid");
    const grant: Grant = {
      resource: resource === "" ? undefined : resource,
      permissions: names.filter(isPermissionType),
    };
    const fault = grantFault(grant);
    if (fault === undefined) grants.push(grant);
    else problems.error(source, path, fault);
  }
  return grants;
}

function inventoryOf({ source, document }: Found, problems: ProblemList): InventoryGrant[] {
  return listOf(document, "inventory").flatMap((each, index) => {
    const read = readInventoryGrant(each);
    if ("grant" in read) return [read.grant];
    for (const { path, message } of read.faults)
      problems.error(source, ["inventory", index, ...path], message);
    return [];
  });
}

/** Reads everything. A file that is wrong is left out whole, and said: half a role would allow what nobody meant. */
export async function readRoles(directory: string): Promise<RoleFiles> {
  const problems = new ProblemList();
  const roles = new Map<string, RoleFile>();
  for (const found of await documentsOf(directory, "roles", problems)) {
    const name = textOf(found.document, "name");
    const before = problems.errors;
    const grants = grantsOf(found, problems);
    const inventory = inventoryOf(found, problems);
    if (roles.has(name))
      problems.error(found.source, ["name"], `Duplicate definition file found for role "${name}"`);
    if (problems.errors === before)
      roles.set(name, {
        name,
        description: textOf(found.document, "description"),
        grants,
        inventory,
      });
  }
  const assignments = new Map<string, AssignmentFile>();
  for (const { source, document } of await documentsOf(directory, "assignments", problems)) {
    const user = textOf(document, "username");
    if (assignments.has(user)) {
      const message = `Duplicate definition file found for user "${user}"`;
      problems.error(source, ["username"], message);
      continue;
    }
    assignments.set(user, {
      user,
      roles: textsOf(document, "roles"),
      description: textOf(document, "description"),
      file: source.file.slice(directory.length + 1),
    });
  }
  const mappings: MappingFile[] = [];
  for (const { document } of await documentsOf(directory, "mappings", problems))
    mappings.push({ group: textOf(document, "group"), roles: textsOf(document, "roles") });
  return {
    roles: [...roles.values()],
    assignments: [...assignments.values()],
    mappings,
    problems: problems.problems,
  };
}
