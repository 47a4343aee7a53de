/** Types changed through the API: what the change would do, and the change itself, which is written into the files of the site.
 *
 * 1. A definition that does not compile beside all others, or takes from them what they name, is refused with every fault at once.
 * 2. A dry run and the change say the same; entries follow in the background as after any change of a file. */
import type { KnownType } from "../inventory/catalogue.ts";
import { compileTypes } from "../inventory/compile.ts";
import { sameStructure, stepsBetween } from "../inventory/evolve.ts";
import { patchDocument } from "../inventory/patch.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { shown } from "../inventory/validate.ts";
import type { DeclarationFile } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { signTypeChange, typeChanges } from "../store/inventory/type-changes.ts";
import { rehearseMigration, type Rehearsal } from "./inventory-migrate.ts";
import type { Inventory } from "./inventory.ts";

/** Where types are written. */
export interface TypeFiles {
  /** Of all loaded types. */
  declarations(): readonly DeclarationFile[];
  /** True: it comes with the program, and nobody writes there. */
  isBundled(declaration: DeclarationFile): boolean;
  text(declaration: DeclarationFile): Promise<string>;
  /** Writes the type in place of that declaration, takes it up, and gives the file. `yaml`: whose comments are kept, else those of the file. */
  save(before: DeclarationFile | undefined, written: WrittenType): Promise<string>;
  remove(declaration: DeclarationFile): Promise<string>;
}

export interface WrittenType {
  readonly name: string;
  readonly document: JsonObject;
  readonly yaml: string | undefined;
}

export interface TypeChange {
  /** The whole definition; undefined = the type goes away. */
  readonly document: JsonObject | undefined;
  /** The same as it was written: its comments are kept instead of those of the file. */
  readonly yaml?: string | undefined;
  readonly dryRun: boolean;
  readonly actor: string;
  readonly reason: string | undefined;
}

export interface TypeChangeView {
  readonly result: "created" | "updated" | "unchanged" | "deleted";
  readonly dry_run: boolean;
  readonly type: string;
  /** Where it is written; null after a dry run. */
  readonly file: string | null;
  readonly schema_version: number;
  /** What changes, in people's words. */
  readonly steps: readonly string[];
  /** What entries have to follow; null when they stay as they are. */
  readonly migration: (Rehearsal & { readonly entries: number; readonly seconds: number }) | null;
}

/** A type is no declaration's name but what it says. */
function declared(files: TypeFiles, name: string): DeclarationFile | undefined {
  const all = files
    .declarations()
    .filter(({ document }) => isObject(document) && document["type"] === name);
  // What replaces another is the one that counts.
  return (
    all.find(({ document }) => isObject(document) && document["replaces"] !== undefined) ?? all[0]
  );
}

/** The definition with a merge patch (RFC 7396) applied. Throws INVENTORY_TYPE_UNKNOWN. */
export function patchedType(inventory: Inventory, name: string, patch: JsonObject): JsonObject {
  return patchDocument(inventory.type(name).document, patch);
}

/** The definition, and the YAML it is written in. */
export async function typeDefinition(
  inventory: Inventory,
  files: TypeFiles,
  name: string,
): Promise<{ readonly definition: JsonObject; readonly yaml: string | null }> {
  const { document: definition } = inventory.type(name);
  const found = declared(files, name);
  const whole = inventory.eyes.unlimited && found !== undefined;
  return { definition, yaml: whole ? await files.text(found) : null };
}

/** Every change of a type, newest first. Throws INVENTORY_TYPE_UNKNOWN. */
export async function typeHistory(
  inventory: Inventory,
  name: string,
): Promise<readonly JsonObject[]> {
  const { eyes, db } = inventory.ground;
  const all = await typeChanges(db, name);
  if (all.length === 0 || !eyes.unlimited) inventory.type(name);
  return all.map(({ schemaVersion, op, at, definition, ...row }) => ({
    ...row,
    schema_version: schemaVersion,
    op: { I: "created", U: "updated", D: "deleted" }[op] ?? op,
    at: at.toISOString(),
    definition: eyes.unlimited ? definition : null,
  }));
}

/** Makes, changes or takes away a type; a dry run only tells. Throws INVENTORY_INVALID with all faults, INVENTORY_REFERENCED. */
export async function changeType(
  inventory: Inventory,
  files: TypeFiles,
  { name, change }: { readonly name: string; readonly change: TypeChange },
): Promise<TypeChangeView> {
  const before = declared(files, name);
  if (change.document === undefined) return removed(inventory, files, { name, before, change });
  const document = writtenDocument(files, name, { before, document: change.document });
  const type = compiledWith(files, before, document);
  const known = inventory.known.byName.get(name);
  const told = await toldOf(inventory, known, { ...type, document });
  const view = { ...told, dry_run: change.dryRun, type: type.name };
  if (change.dryRun || told.result === "unchanged") return { ...view, file: null };
  const file = await files.save(before, { name: type.name, document, yaml: change.yaml });
  await signTypeChange(inventory.ground.db, type.name, change);
  return { ...view, file };
}

type Compiled = Omit<KnownType, "id" | "schemaVersion" | "definitions">;

async function toldOf(
  inventory: Inventory,
  known: KnownType | undefined,
  type: Compiled,
): Promise<Pick<TypeChangeView, "result" | "schema_version" | "steps" | "migration">> {
  const { document } = type;
  if (known === undefined)
    return { result: "created", schema_version: 1, steps: ["make the type"], migration: null };
  const steps = stepsBetween(known.document, document);
  const isSame = JSON.stringify(known.document) === JSON.stringify(document);
  if (sameStructure(known.document, document))
    return {
      result: isSame ? "unchanged" : "updated",
      schema_version: known.schemaVersion,
      steps,
      migration: null,
    };
  const migration = await rehearsed(inventory, known, type);
  return { result: "updated", schema_version: known.schemaVersion + 1, steps, migration };
}

/** What stands in the file: a type of the program is replaced, and says by which pack's. */
function writtenDocument(
  files: TypeFiles,
  name: string,
  {
    before,
    document,
  }: { readonly before: DeclarationFile | undefined; readonly document: JsonObject },
): JsonObject {
  const called = document["type"] ?? name;
  if (called !== name && before !== undefined && !namesIn(document["renamed_from"]).includes(name))
    throw badRequest(`type is ${shown(called)}; to call ${name} so, say renamed_from: ${name}`);
  const { replaces: _, ...rest } = document;
  const own =
    before === undefined || !isObject(before.document) ? undefined : before.document["replaces"];
  const replaces = before !== undefined && files.isBundled(before) ? before.pack : own;
  return { type: called, ...rest, ...(replaces === undefined ? {} : { replaces }) };
}

function namesIn(given: unknown): readonly unknown[] {
  return Array.isArray(given) ? given : [given];
}

/** The type as it compiles beside all others. Throws INVENTORY_INVALID with what is wrong that was not wrong before. */
function compiledWith(
  files: TypeFiles,
  before: DeclarationFile | undefined,
  document: JsonObject | undefined,
): ReturnType<typeof compileTypes>["types"] extends ReadonlyMap<string, infer Type> ? Type : never {
  const { type, problems } = compiledAfter(files, before, document);
  if (type !== undefined && problems.length === 0) return type;
  const list = problems.map(({ message }) => message).join("; ");
  throw new InventoryError("INVENTORY_INVALID", [`The type is not valid: ${list}`], {
    errors: problems,
  });
}

function compiledAfter(
  files: TypeFiles,
  before: DeclarationFile | undefined,
  document: JsonObject | undefined,
) {
  const all = files.declarations();
  const others = all.filter((one) => one !== before || files.isBundled(one));
  const source = before?.source ?? { file: "", line: 1, column: 1 };
  const pack = before === undefined || files.isBundled(before) ? "default" : before.pack;
  const candidate: DeclarationFile = { kind: "entity-type", pack, name: "", document, source };
  const known = new Set(compileTypes(all).problems.map(faultText));
  const { types, problems } = compileTypes(
    document === undefined ? others : [...others, candidate],
  );
  const fresh = problems.filter(
    (one) => one.declaration === candidate || !known.has(faultText(one)),
  );
  const called = document?.["type"];
  return {
    type: typeof called === "string" ? types.get(called) : undefined,
    problems: fresh.map(({ declaration, path, message }) => {
      const of = isObject(declaration.document) ? String(declaration.document["type"]) : "";
      return {
        path,
        message:
          declaration === candidate
            ? `${path === "" ? "" : `${path}: `}${message}`
            : `${of} ${path}: ${message}`,
      };
    }),
  };
}

function faultText({
  declaration,
  path,
  message,
}: ReturnType<typeof compileTypes>["problems"][number]): string {
  return JSON.stringify([declaration.source.file, path, message]);
}

/** What would become of the entries, with what it costs. */
async function rehearsed(
  inventory: Inventory,
  known: KnownType,
  type: Compiled,
): Promise<TypeChangeView["migration"]> {
  const { ground } = inventory;
  const schemaVersion = known.schemaVersion + 1;
  const definitions = new Map([...known.definitions, [schemaVersion, type.document]]);
  const candidate: KnownType = { ...type, id: known.id, schemaVersion, definitions };
  const byName = new Map(ground.known.byName);
  byName.delete(known.name);
  const catalogue = {
    ...ground.known,
    byName: byName.set(candidate.name, candidate),
    byId: new Map(ground.known.byId).set(known.id, candidate),
  };
  const start = performance.now();
  const rehearsal = await rehearseMigration(inventory.workshop.database, catalogue, candidate);
  const spent = (performance.now() - start) / 1000;
  const entries = (await inventory.counts()).get(known.name) ?? 0;
  const share = rehearsal.checked === 0 ? 0 : entries / rehearsal.checked;
  // Writing takes about as long again as deciding.
  return { ...rehearsal, entries, seconds: Math.ceil(spent * share * 2) };
}

async function removed(
  inventory: Inventory,
  files: TypeFiles,
  {
    name,
    before,
    change,
  }: {
    readonly name: string;
    readonly before: DeclarationFile | undefined;
    readonly change: TypeChange;
  },
): Promise<TypeChangeView> {
  const { schemaVersion } = inventory.type(name);
  if (before === undefined || files.isBundled(before))
    throw new InventoryError("INVENTORY_REFERENCED", [
      `Type ${name} comes with the program; it can be changed, not taken away.`,
    ]);
  const restored = isObject(before.document) && before.document["replaces"] !== undefined;
  const living = restored ? 0 : ((await inventory.counts()).get(name) ?? 0);
  if (living > 0)
    throw new InventoryError("INVENTORY_REFERENCED", [
      `There are ${living} entries of type ${name}; delete them first.`,
    ]);
  const { problems } = compiledAfter(files, before, undefined);
  if (problems.length > 0)
    throw new InventoryError(
      "INVENTORY_REFERENCED",
      [`Type ${name} is still named: ${problems.map(({ message }) => message).join("; ")}.`],
      { errors: problems },
    );
  const view = {
    result: "deleted",
    dry_run: change.dryRun,
    type: name,
    schema_version: schemaVersion,
    steps: [restored ? `go back to ${name} as it comes with the program` : "take the type away"],
    migration: null,
  } as const;
  if (change.dryRun) return { ...view, file: null };
  const file = await files.remove(before);
  await signTypeChange(inventory.ground.db, name, change);
  return { ...view, file };
}
