/** Reads `views:` of an entity type: `{<name>: {label, columns: [paths]}}` or `{<name>: {label, groups: [{label, attributes}]}}`. */
import { isObject } from "../model/json.ts";
import type { Attribute, EntityType, EntityTypes, View, ViewGroup } from "./definition.ts";
import { fields } from "./query-path.ts";
import type { Reader } from "./reader.ts";
import { strayPath, type PathRules } from "./type-path.ts";

export function readViews(
  given: unknown,
  attributes: ReadonlyMap<string, Attribute>,
  reader: Reader,
): readonly View[] {
  if (given === undefined) return [];
  return Object.entries(reader.mapping("views", given)).map(([name, item]): View => {
    const path = `views.${name}`;
    const body = reader.mapping(path, item);
    reader.onlyKeys(path, body, ["label", "columns", "groups"]);
    if ((body["columns"] === undefined) === (body["groups"] === undefined))
      reader.report(path, "a view has either columns (a table) or groups (a form)");
    const label = reader.label(`${path}.label`, body["label"], name);
    if (body["groups"] === undefined)
      return { name, label, columns: reader.names(`${path}.columns`, body["columns"]) };
    const groups = reader
      .list(`${path}.groups`, body["groups"])
      .map((group, index) => readGroup(`${path}.groups[${index}]`, group, { attributes, reader }));
    return { name, label, groups };
  });
}

function readGroup(
  path: string,
  given: unknown,
  {
    attributes,
    reader,
  }: { readonly attributes: ReadonlyMap<string, Attribute>; readonly reader: Reader },
): ViewGroup {
  const body = isObject(given) ? given : { attributes: given };
  reader.onlyKeys(path, body, ["label", "attributes"]);
  const names = reader.names(`${path}.attributes`, body["attributes"]);
  for (const name of names)
    if (!attributes.has(name)) reader.unknownAttribute(`${path}.attributes`, name, attributes);
  return { label: reader.label(`${path}.label`, body["label"], ""), attributes: names };
}

const rules: PathRules = { beside: fields, open: [], unstored: "own" };

/** Columns that lead nowhere. */
export function strayColumns(
  type: EntityType,
  types: EntityTypes,
): readonly { readonly path: string; readonly message: string }[] {
  return type.views.flatMap((view) =>
    "columns" in view
      ? view.columns.flatMap((column, index) => {
          const message = strayColumn(column, type, types);
          return message === undefined
            ? []
            : [{ path: `views.${view.name}.columns[${index}]`, message }];
        })
      : [],
  );
}

/** Backwards steps (`<Interface.device`) are checked by the query that uses them. */
function strayColumn(column: string, type: EntityType, types: EntityTypes): string | undefined {
  const names = column.split(".");
  const back = names.findIndex((name) => name.startsWith("<"));
  return back === 0
    ? undefined
    : strayPath(back < 0 ? names : names.slice(0, back), type, types, rules);
}
