/** Sources of values, declared in YAML: which of their differences lead to what. Every fault is reported. */
import type { DeclarationFile } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import {
  absenceView,
  readAbsence,
  readAbsenceLimit,
  type AbsenceLimit,
  type AbsenceRule,
} from "./absence.ts";
import { noPatience, policies, rankOf, type Patience, type Policy } from "./claims.ts";
import type { TypeProblem } from "./compile.ts";
import type { EntityTypes, Label } from "./definition.ts";
import { Reader } from "./reader.ts";
import type { ColumnMapping } from "./sheet-heads.ts";
import { nearest } from "./text.ts";

/** What happens when somebody else edits what the source owns. */
const editings = ["allow", "warn", "refuse"] as const;
export type Edits = (typeof editings)[number];

/** A policy, and what it is for: a type, attributes of it, or everything. */
export interface PolicyRule {
  readonly type: string | undefined;
  readonly attributes: readonly string[] | undefined;
  readonly policy: Policy;
  readonly patience: Patience;
  readonly edits: Edits;
}

export interface Source {
  readonly name: string;
  readonly pack: string;
  readonly label: Label;
  readonly rules: readonly PolicyRule[];
  /** What follows when it no longer speaks of an entry. */
  readonly absent: readonly AbsenceRule[];
  readonly absentLimit: AbsenceLimit;
  /** Of its spreadsheets, by type. */
  readonly columns: Readonly<Record<string, ColumnMapping>>;
}

export type Sources = ReadonlyMap<string, Source>;

/** The policy for an attribute: the rule that says most about it; undefined when none does. */
export function policyFor(
  sources: Sources,
  source: string,
  { type, attribute }: { readonly type: string; readonly attribute: string },
): PolicyRule | undefined {
  const rules = sources.get(source)?.rules ?? [];
  const fitting = rules.filter(
    (rule) =>
      (rule.type === undefined || rule.type === type) &&
      (rule.attributes === undefined || rule.attributes.includes(attribute)),
  );
  return fitting.toSorted((a, b) => weight(b) - weight(a))[0];
}

function weight({ type, attributes }: PolicyRule): number {
  return (attributes === undefined ? 0 : 2) + (type === undefined ? 0 : 1);
}

/** Compiles all declarations of kind `inventory-source`; `types` are what they may speak of. */
export function compileSources(
  declarations: readonly DeclarationFile[],
  types: EntityTypes,
): { readonly sources: Sources; readonly problems: readonly TypeProblem[] } {
  const problems: TypeProblem[] = [];
  const sources = new Map<string, Source>();
  const files = new Map<string, DeclarationFile>();
  for (const declaration of declarations.filter(({ kind }) => kind === "inventory-source")) {
    const report = (path: string, message: string): void => {
      problems.push({ declaration, path, message });
    };
    const source = readSource(declaration, new Reader(report), types);
    if (source === undefined) continue;
    const other = files.get(source.name);
    if (other !== undefined)
      report("source", `source ${source.name} is already declared in ${other.source.file}`);
    else {
      sources.set(source.name, source);
      files.set(source.name, declaration);
    }
  }
  problems.push(...rivals(sources, files, types));
  return { sources, problems };
}

function readSource(file: DeclarationFile, reader: Reader, types: EntityTypes): Source | undefined {
  const document = reader.mapping("", file.document);
  reader.onlyKeys("", document, [
    "source",
    "label",
    "policy",
    "hold",
    "again",
    "edits",
    "policies",
    "absent",
    "absent_limit",
    "columns",
  ]);
  const name = document["source"];
  if (typeof name !== "string" || !/^[\p{L}\p{N}_.-]{1,100}$/u.test(name)) {
    reader.report(
      "source",
      "a source needs a name of letters, digits, dots, dashes and underscores",
    );
    return undefined;
  }
  const general = readRule(document, "", { reader, types });
  const rules = reader.list("policies", document["policies"]).map((item, index) => {
    const path = `policies[${index}]`;
    const body = reader.mapping(path, item);
    reader.onlyKeys(path, body, ["type", "attributes", "policy", "hold", "again", "edits"]);
    if (body["policy"] === undefined)
      reader.report(path, `policy is missing; expected one of ${policies.join(", ")}`);
    const { hold, again, edits } = document;
    return readRule({ hold, again, edits, ...body }, path, { reader, types });
  });
  reportContradictions(rules, reader);
  return {
    name,
    pack: file.pack,
    label: reader.label("label", document["label"], name),
    rules: document["policy"] === undefined ? rules : [...rules, general],
    absent: readAbsence(document["absent"], {
      reader,
      types,
      patience: (body, at) => readPatience({ hold: document["hold"], ...body }, at, reader),
    }),
    absentLimit: readAbsenceLimit(document["absent_limit"], reader),
    columns: readColumns(document["columns"], { reader, types }),
  };
}

interface Reading {
  readonly reader: Reader;
  readonly types: EntityTypes;
}

function readRule(body: JsonObject, path: string, reading: Reading): PolicyRule {
  const { reader } = reading;
  const at = (key: string): string => (path === "" ? key : `${path}.${key}`);
  const scope =
    path === "" ? { type: undefined, attributes: undefined } : readScope(body, path, reading);
  return {
    ...scope,
    policy: reader.oneOf(at("policy"), body["policy"], policies) ?? "report",
    patience: readPatience(body, at, reader),
    edits:
      body["edits"] === undefined
        ? "warn"
        : (reader.oneOf(at("edits"), body["edits"], editings) ?? "warn"),
  };
}

function readScope(
  body: JsonObject,
  path: string,
  { reader, types }: Reading,
): Pick<PolicyRule, "type" | "attributes"> {
  const type = body["type"] === undefined ? undefined : reader.text(`${path}.type`, body["type"]);
  if (type !== undefined) knownType(type, `${path}.type`, { reader, types });
  if (body["attributes"] === undefined) return { type, attributes: undefined };
  const attributes = reader.names(`${path}.attributes`, body["attributes"]);
  const known = type === undefined ? undefined : types.get(type)?.attributes;
  for (const name of attributes)
    if (known?.has(name) === false) reader.unknownAttribute(`${path}.attributes`, name, known);
  return { type, attributes };
}

function readPatience(body: JsonObject, at: (key: string) => string, reader: Reader): Patience {
  const hold = body["hold"] === undefined ? {} : reader.mapping(at("hold"), body["hold"]);
  reader.onlyKeys(at("hold"), hold, ["observations", "minutes"]);
  const count = (path: string, value: unknown, otherwise: number): number =>
    reader.count(path, value) ?? otherwise;
  return {
    observations: count(at("hold.observations"), hold["observations"], noPatience.observations),
    minutes: count(at("hold.minutes"), hold["minutes"], noPatience.minutes),
    again: count(at("again"), body["again"], noPatience.again),
  };
}

function knownType(name: string, path: string, { reader, types }: Reading): void {
  if (types.has(name)) return;
  const near = nearest(name, types.keys());
  reader.report(path, `no type ${name}${near === undefined ? "" : `; did you mean ${near}?`}`);
}

function readColumns(given: unknown, { reader, types }: Reading): Source["columns"] {
  if (given === undefined) return {};
  return Object.fromEntries(
    Object.entries(reader.mapping("columns", given)).map(([type, columns]) => {
      knownType(type, `columns.${type}`, { reader, types });
      const texts = Object.entries(reader.mapping(`columns.${type}`, columns)).map(
        ([heading, path]) =>
          [heading, reader.text(`columns.${type}.${heading}`, path ?? "")] as const,
      );
      return [type, Object.fromEntries(texts)];
    }),
  );
}

function scopeText({ type, attributes }: PolicyRule): string {
  return `${type ?? "every type"}${attributes === undefined ? "" : ` (${attributes.join(", ")})`}`;
}

/** Two rules of the same weight that say different things about the same attribute. */
function reportContradictions(rules: readonly PolicyRule[], reader: Reader): void {
  for (const [index, rule] of rules.entries())
    for (const earlier of rules.slice(0, index)) {
      if (weight(rule) !== weight(earlier) || rule.policy === earlier.policy) continue;
      if (rule.type !== earlier.type) continue;
      const shared = (rule.attributes ?? [""]).filter((name) =>
        (earlier.attributes ?? [""]).includes(name),
      );
      if (shared.length === 0) continue;
      const pair = [earlier.policy, rule.policy].toSorted().join(" and ");
      const because =
        pair === "adopt and enforce" ? ": the document and the source would chase each other" : "";
      reader.report(
        `policies[${index}]`,
        `${scopeText(rule)} is ${rule.policy} here and ${earlier.policy} above${because}`,
      );
    }
}

/** Sources that both write the same attribute need an order, or they overwrite each other for ever. */
function rivals(
  sources: Sources,
  files: ReadonlyMap<string, DeclarationFile>,
  types: EntityTypes,
): readonly TypeProblem[] {
  const all = [...sources.values()];
  return all.flatMap((source, index) =>
    [...types.values()]
      .flatMap((type) =>
        [...type.attributes.values()].flatMap(({ name, authority }) => {
          const adopts = (one: Source): boolean =>
            policyFor(sources, one.name, { type: type.name, attribute: name })?.policy === "adopt";
          if (!adopts(source)) return [];
          const other = all
            .slice(0, index)
            .find(
              (one) =>
                adopts(one) &&
                rankOf(authority, one.name) === Infinity &&
                rankOf(authority, source.name) === Infinity,
            );
          const declaration = files.get(source.name);
          if (other === undefined || declaration === undefined) return [];
          const message = `${type.name}.${name} is adopted from ${other.name} as well: they would overwrite each other; give the attribute an authority (best source first), or narrow one of the policies`;
          return [{ declaration, path: "policies", message }];
        }),
      )
      .slice(0, 1),
  );
}

/** The same problems for code frames: the path is a JSON pointer. */
export function sourceFaults(
  declarations: readonly DeclarationFile[],
  types: EntityTypes,
): readonly { declaration: DeclarationFile; path: string; message: string }[] {
  return compileSources(declarations, types).problems.map(({ declaration, path, message }) => {
    const parts = path.split(/[.[\]]+/).filter((part) => part !== "");
    return { declaration, path: parts.map((part) => `/${part}`).join(""), message };
  });
}

export function isSourceName(name: unknown): name is string {
  return typeof name === "string" && /^[\p{L}\p{N}_.-]{1,100}$/u.test(name);
}

/** For programs: what is declared of a source. */
export function sourceView({
  name,
  pack,
  label,
  rules,
  absent,
  absentLimit,
  columns,
}: Source): JsonObject {
  return {
    name,
    pack,
    label,
    policies: rules.map(({ type, attributes, policy, patience, edits }) => ({
      type,
      attributes,
      policy,
      hold: patience,
      edits,
    })),
    absent: absent.map(absenceView),
    absent_limit: { ...absentLimit },
    columns: isObject(columns) ? columns : {},
  };
}
