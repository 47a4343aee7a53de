/** Reads `group:` of an entity type: entries that are groups of others. */
import type { Attribute, EntityType, EntityTypes, GroupRoles } from "./definition.ts";
import type { Reader } from "./reader.ts";
import { isReference } from "./references.ts";
import { nearest } from "./text.ts";

export function readGroup(
  given: unknown,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): GroupRoles | undefined {
  if (given === undefined) return undefined;
  const body = reader.mapping("group", given);
  reader.onlyKeys("group", body, ["query", "members"]);
  return {
    query: readQuery(body["query"], attributes, reader),
    members: readMembers(body["members"], attributes, reader),
  };
}

function readQuery(
  given: unknown,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): string | undefined {
  if (given === undefined) return undefined;
  const name = reader.text("group.query", given);
  const attribute = attributes.get(name);
  if (attribute === undefined) reader.unknownAttribute("group.query", name, attributes);
  else if (attribute.array || attribute.element.type !== "json")
    reader.report("group.query", `${name} is not a single json attribute`);
  return name;
}

function readMembers(
  given: unknown,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): readonly string[] {
  if (given === undefined) return [];
  const members = reader.names("group.members", given);
  for (const name of members.filter((one) => !one.startsWith("<"))) {
    const own = attributes.get(name);
    if (own === undefined) reader.unknownAttribute("group.members", name, attributes);
    else if (!isReference(own)) reader.report("group.members", `${name} is no reference`);
  }
  return members;
}

/** `<Device.nodeset`: the type and the attribute that refers to the group; undefined for an attribute of the group itself. */
export function memberStep(
  member: string,
): { readonly type: string; readonly attribute: string } | undefined {
  const [, type, attribute] = /^<(\w+)\.(\w+)$/.exec(member) ?? [];
  return type === undefined || attribute === undefined ? undefined : { type, attribute };
}

/** Members of other types that do not refer to this one. */
export function strayMembers(
  { group, name }: EntityType,
  types: EntityTypes,
): readonly { readonly path: string; readonly message: string }[] {
  return (group?.members ?? [])
    .flatMap((member) => strayMember(member, name, types) ?? [])
    .map((message) => ({ path: "group.members", message }));
}

function strayMember(member: string, group: string, types: EntityTypes): string | undefined {
  if (!member.startsWith("<")) return undefined;
  const step = memberStep(member);
  if (step === undefined) return `${member}: expected <Type.attribute`;
  const attribute = types.get(step.type)?.attributes.get(step.attribute);
  if (!types.has(step.type)) {
    const near = nearest(step.type, types.keys());
    return `no type ${step.type}${near === undefined ? "" : `; did you mean ${near}?`}`;
  }
  const leads =
    attribute !== undefined &&
    isReference(attribute) &&
    (attribute.element.to.length === 0 || attribute.element.to.includes(group));
  return leads ? undefined : `${step.type} has no reference ${step.attribute} to ${group}`;
}
