/** From YAML documents to entity types. Every fault is reported, and one broken type hides no other. */
import type { DeclarationFile } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { readAllocation } from "./compile-allocation.ts";
import { readAttribute } from "./compile-attribute.ts";
import { computedOrder, readAssertions, unknownNames } from "./compile-formula.ts";
import { readGroup, strayMembers } from "./compile-group.ts";
import { readViews, strayColumns } from "./compile-view.ts";
import type { Attribute, EntityType, EntityTypes, HostRoles, Key } from "./definition.ts";
import { Reader } from "./reader.ts";
import { nearest } from "./text.ts";

export interface TypeProblem {
  readonly declaration: DeclarationFile;
  /** Where in the document: `attributes.rack.to`. */
  readonly path: string;
  readonly message: string;
}

const typeKeys = [
  "type",
  "label",
  "description",
  "attributes",
  "keys",
  "title",
  "host",
  "group",
  "allocate",
  "validate",
  "views",
  "renamed_from",
  "replaces",
] as const;

/** Attributes that every type has without declaring them. */
const commonAttributes: JsonObject = {
  tags: {
    type: "array",
    label: { ja: "タグ", en: "Tags" },
    items: { type: "string", min: 1, max: 100 },
  },
  note: { type: "text", label: { ja: "備考", en: "Note" } },
};

/** Compiles all declarations of kind `entity-type` together, since they refer to each other. */
export function compileTypes(declarations: readonly DeclarationFile[]): {
  types: EntityTypes;
  problems: readonly TypeProblem[];
} {
  const problems: TypeProblem[] = [];
  const types = new Map<string, EntityType>();
  const sources = new Map<string, DeclarationFile>();
  const typeFiles = declarations.filter(({ kind }) => kind === "entity-type");
  const replaced = new Set(typeFiles.flatMap(replacedBy));
  for (const declaration of typeFiles) {
    if (replaced.has(placeOf(declaration))) continue;
    const report = (path: string, message: string): void => {
      problems.push({ declaration, path, message });
    };
    const type = readType(declaration, new Reader(report));
    const other = type && sources.get(type.name);
    if (other !== undefined)
      report("type", `type ${type?.name} is already declared in ${other.source.file}`);
    else if (type !== undefined) {
      types.set(type.name, type);
      sources.set(type.name, declaration);
    }
  }
  for (const type of types.values()) {
    const declaration = sources.get(type.name);
    if (declaration === undefined) continue;
    problems.push(...unknownTargets(type, types, declaration));
    for (const fault of [
      ...unknownNames(type, types),
      ...strayColumns(type, types),
      ...strayMembers(type, types),
    ])
      problems.push({ declaration, ...fault });
  }
  return { types, problems };
}

/** A type of a pack, as text. */
function placeOf({ pack, document }: DeclarationFile): string {
  return JSON.stringify([pack, isObject(document) ? document["type"] : undefined]);
}

/** The type of another pack that a file replaces: `replaces: inventory_core`. */
function replacedBy({ pack, document }: DeclarationFile): readonly string[] {
  if (!isObject(document)) return [];
  const { replaces, type } = document;
  const place = JSON.stringify([replaces, type]);
  return typeof replaces === "string" && replaces !== pack ? [place] : [];
}

function readType(file: DeclarationFile, reader: Reader): EntityType | undefined {
  if (!isObject(file.document)) {
    reader.report("", "an entity type is a mapping with `type` and `attributes`");
    return undefined;
  }
  const document = file.document;
  reader.onlyKeys("", document, typeKeys);
  const name = document["type"];
  if (typeof name !== "string" || !/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(name)) {
    reader.report("type", "a type needs a name of letters, digits and underscores, as `Device`");
    return undefined;
  }
  const attributes = readAttributes(document, reader);
  const keys = readKeys(document["keys"], attributes, reader);
  return {
    name,
    pack: file.pack,
    label: reader.label("label", document["label"], name),
    description: reader.text("description", document["description"]),
    attributes,
    keys,
    title: readTitle(document["title"], attributes, reader),
    host: readHost(document["host"], attributes, reader),
    group: readGroup(document["group"], attributes, reader),
    allocate: readAllocation(document["allocate"], attributes, reader),
    assertions: readAssertions(document["validate"], attributes, reader),
    views: readViews(document["views"], attributes, reader),
    computedOrder: computedOrder(attributes, reader),
    renamedFrom: reader.someNames("renamed_from", document["renamed_from"]),
    document,
  };
}

function readAttributes(document: JsonObject, reader: Reader): ReadonlyMap<string, Attribute> {
  const given = reader.mapping("attributes", document["attributes"]);
  const nameAttribute: JsonObject =
    document["title"] === undefined && given["name"] === undefined
      ? { name: { type: "string", required: true, label: { ja: "名前", en: "Name" } } }
      : {};
  const attributes = new Map<string, Attribute>();
  for (const [name, body] of Object.entries({ ...nameAttribute, ...given, ...commonAttributes })) {
    const path = `attributes.${name}`;
    if (name in commonAttributes && given[name] !== undefined)
      reader.report(path, `every type has ${name} already`);
    if (!/^[a-z][a-z0-9_]{0,62}$/.test(name))
      reader.report(path, "an attribute's name is lower case letters, digits and underscores");
    const attribute = readAttribute(name, path, body, reader);
    if (attribute !== undefined) attributes.set(name, attribute);
  }
  for (const attribute of attributes.values()) {
    checkScope(attribute, attributes, reader);
    for (const old of attribute.renamedFrom)
      if (attributes.has(old))
        reader.report(`attributes.${attribute.name}.renamed_from`, `${old} is still there`);
  }
  return attributes;
}

function checkScope(
  { name, scope }: Attribute,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): void {
  if (scope === undefined) return;
  const target = attributes.get(scope);
  if (target === undefined) reader.unknownAttribute(`attributes.${name}.scope`, scope, attributes);
  else if (target.array || target.element.type !== "ref")
    reader.report(`attributes.${name}.scope`, `${scope} is not a single reference`);
}

function readKeys(
  given: unknown,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): readonly Key[] {
  const keys: Key[] = [];
  for (const [index, item] of reader.list("keys", given).entries()) {
    const path = `keys[${index}]`;
    const body = isObject(item) ? item : { attributes: item };
    reader.onlyKeys(path, body, ["attributes", "unless"]);
    const names = reader.names(path, body["attributes"]);
    for (const name of names) checkKeyPart(path, name, attributes, reader);
    const unless =
      body["unless"] === undefined ? "" : reader.text(`${path}.unless`, body["unless"]);
    if (unless !== "" && attributes.get(unless)?.element.type !== "boolean")
      reader.report(`${path}.unless`, `${unless} is not a boolean attribute of this type`);
    keys.push({
      name: names.join("+"),
      attributes: names,
      unless: unless === "" ? undefined : unless,
    });
  }
  return keys;
}

const keyless = new Set(["text", "json", "secret_ref", "named_ref"]);

function checkKeyPart(
  path: string,
  name: string,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): void {
  const attribute = attributes.get(name);
  if (attribute === undefined) reader.unknownAttribute(path, name, attributes);
  else if (attribute.array || keyless.has(attribute.element.type))
    reader.report(path, `${name} cannot be part of a key: it is not a single plain value`);
  else if (attribute.computed?.stored === false)
    reader.report(path, `${name} cannot be part of a key: it is not stored`);
}

function readTitle(
  given: unknown,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): string {
  const title = given ?? "{name}";
  if (typeof title !== "string") {
    reader.report("title", 'a title is a template over attributes, as "{hostname}"');
    return "{name}";
  }
  const parts = [...title.matchAll(/\{([^}]*)\}/g)].map((match) => match[1] ?? "");
  if (parts.length === 0) reader.report("title", `"${title}" names no attribute in braces`);
  for (const part of parts)
    if (!attributes.has(part)) reader.unknownAttribute("title", part, attributes);
    else if (attributes.get(part)?.computed?.stored === false)
      reader.report("title", `${part} is not stored; a title needs what is`);
  return title;
}

function readHost(
  given: unknown,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): HostRoles | undefined {
  if (given === undefined) return undefined;
  const body = reader.mapping("host", given);
  reader.onlyKeys("host", body, ["names", "addresses", "assets"]);
  const role = (name: string): readonly string[] => {
    const names = body[name] === undefined ? [] : reader.names(`host.${name}`, body[name]);
    for (const attribute of names) checkHostRole(`host.${name}`, attribute, attributes, reader);
    return names;
  };
  return { names: role("names"), addresses: role("addresses"), assets: role("assets") };
}

function checkHostRole(
  path: string,
  name: string,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): void {
  const attribute = attributes.get(name);
  if (attribute === undefined) reader.unknownAttribute(path, name, attributes);
  else if (path === "host.addresses") {
    if (attribute.element.type !== "ref" && attribute.index !== "network")
      reader.report(path, `${name} is neither a reference nor an ip with index: network`);
  } else if (attribute.index !== "lookup")
    reader.report(path, `${name} needs index: lookup to be found by its text`);
}

function unknownTargets(
  type: EntityType,
  types: EntityTypes,
  declaration: DeclarationFile,
): readonly TypeProblem[] {
  const unknown = (path: string, names: readonly string[]): readonly TypeProblem[] =>
    names
      .filter((target) => !types.has(target))
      .map((target) => {
        const near = nearest(target, types.keys());
        const hint = near === undefined ? "" : `; did you mean ${near}?`;
        return { declaration, path, message: `no type ${target}${hint}` };
      });
  return [
    ...[...type.attributes.values()].flatMap(({ name, element }) =>
      unknown(`attributes.${name}.to`, element.to),
    ),
    ...unknown("allocate.from", type.allocate?.from ?? []),
  ];
}

/** The same problems as `content` wants them for its code frames: the path is a JSON pointer. */
export function typeFaults(
  declarations: readonly DeclarationFile[],
): readonly { declaration: DeclarationFile; path: string; message: string }[] {
  return compileTypes(declarations).problems.map(({ declaration, path, message }) => {
    const parts = path.split(/[.[\]]+/).filter((part) => part !== "");
    return { declaration, path: parts.map((part) => `/${part}`).join(""), message };
  });
}
