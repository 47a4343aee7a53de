/** Definitions written through the API: kept in the ledger, put over what files say, known to every process before the writer gets his answer.
 *
 * 1. A stored definition counts before a file of the same name, also after a restart.
 * 2. Taking up the files again (`reload`) is what registering is in StackStorm: every definition that a file has counts as the file says it, and what
 *    was written over it, or removed, is forgotten. What no file has stays.
 * 3. A version rises with every write, under a lock that lets writers in one by one. A process that is behind catches up at a bell or a heartbeat. */
import { AppError } from "../model/errors.ts";
import type { Content, DefinitionKind, StoredDefinition } from "../model/definitions.ts";
import {
  everybodyKnows,
  findResource,
  listResources,
  nextResourceVersion,
  putResource,
  removeResource,
} from "../store/resources.ts";
import type { Db } from "../store/schema.ts";
import type { Core } from "./core.ts";

export interface DefinitionName {
  readonly kind: DefinitionKind;
  readonly pack: string;
  readonly name: string;
}

export interface Resources {
  /** Creates or changes one. Throws what `check` throws, CONFLICT when it is to be new and is not. */
  put(definition: StoredDefinition, how: "create" | "change"): Promise<void>;
  remove(name: DefinitionName): Promise<void>;
}

export interface ResourceSurroundings {
  /** What files say, without what is stored. */
  files(): Content;
  /** Takes up what is stored, in this process. */
  refresh(): Promise<void>;
  /** Throws unless the definition can be read. */
  check(definition: StoredDefinition): Promise<void>;
}

/** How long a writer waits for the other processes; one that is stuck must not hold up all writing. */
const patienceMs = 3_000;

export function resources(
  core: Pick<Core, "database" | "bells" | "definitions">,
  around: ResourceSurroundings,
): Resources {
  const change = async (work: (tx: Db) => Promise<void>): Promise<void> => {
    const version = await core.database.transaction(async (tx) => {
      const next = await nextResourceVersion(tx);
      await work(tx);
      return next;
    });
    await around.refresh();
    core.bells.ring({ kind: "resources", id: String(version) });
    await until(() => everybodyKnows(core.database.db, version));
  };
  return {
    put: async (definition, how) => {
      await around.check(definition);
      await change(async (tx) => {
        if (how === "create" && (await isThere(tx, around.files(), definition))) throw duplicate();
        await putResource(tx, definition);
      });
    },
    remove: (name) =>
      change(async (tx) => {
        if (inFiles(around.files(), name)) await putResource(tx, { ...name, document: null });
        else await removeResource(tx, name);
      }),
  };
}

/** StackStorm's words. */
export function duplicate(): AppError {
  return new AppError("CONFLICT", [
    "Tried to save duplicate unique keys (E11000 Duplicate Key Error)",
  ]);
}

async function isThere(tx: Db, files: Content, name: DefinitionName): Promise<boolean> {
  const stored = await findResource(tx, name);
  return stored === undefined ? inFiles(files, name) : stored.document !== null;
}

async function until(work: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await work()) && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 15));
}

/** Whether a file defines it. */
function inFiles(content: Content, { kind, pack, name }: DefinitionName): boolean {
  const ref = `${pack}.${name}`;
  switch (kind) {
    case "action":
      return content.actions.has(ref);
    case "alias":
      return content.aliases.has(ref);
    case "policy":
      return content.policies.has(ref);
    case "rule":
      return content.rules.has(ref);
    case "trigger-type":
      return content.triggerTypes.has(ref);
    case "trigger":
      return false;
    case "runner":
      return true;
  }
}

/** Forgets what was written over files: they are taken up anew. */
export async function forgetEdits(
  { database }: Pick<Core, "database">,
  files: Content,
): Promise<void> {
  const { resources: stored } = await listResources(database.db);
  const over = stored.filter((each) => each.document === null || inFiles(files, each));
  if (over.length === 0) return;
  await database.transaction(async (tx) => {
    await nextResourceVersion(tx);
    for (const each of over) await removeResource(tx, each);
  });
}
