/** Packs on disk → checked definitions. One broken file hides nothing but itself. */
import { readdir, realpath } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";

import { builtinTriggerTypes } from "../model/builtin-triggers.ts";
import type {
  Content,
  DeclarationFile,
  PackDefinition,
  ParameterSchemas,
} from "../model/definitions.ts";
import { ruleCycles } from "../inventory/cycles.ts";
import { readAction } from "./actions.ts";
import { readAlias, readPolicy } from "./aliases-and-policies.ts";
import { readDeclaration, reportDeclaration, type DeclarationFault } from "./declarations.ts";
import { findPacks, packRef } from "./find-packs.ts";
import type { ContentDirectories } from "./find-packs.ts";
import { combineOverrides, readOverrides, readPack } from "./packs.ts";
import { nearest, ProblemList } from "./problems.ts";
import type { Problem, SourceFile } from "./problems.ts";
import { readSources } from "./reading.ts";
import type { Draft, PackReading, Reading } from "./reading.ts";
import { readForm } from "./forms.ts";
import { readRule } from "./rules.ts";
import { readSensor, readTrigger } from "./triggers.ts";
import { readSiteWorkflow } from "./site-workflows.ts";

export interface LoadOptions {
  readonly directories: ContentDirectories;
  /** Parameters per runner name, aliases included. Without it names of runners are not checked. */
  readonly runners?: ReadonlyMap<string, ParameterSchemas>;
  /** Looks at all alert parsers, alert policies and entity types at once; a file with a fault is left out. */
  readonly checkDeclarations?: (
    declarations: readonly DeclarationFile[],
  ) => readonly DeclarationFault[];
}

export interface LoadedContent {
  /** An immutable snapshot of everything that is sound. */
  readonly content: Content;
  readonly problems: readonly Problem[];
}

type Read = (source: SourceFile, reading: PackReading) => void | Promise<void>;

/** Resource directories of a pack in StackStorm's order, Raicho's own after them. */
const resources: readonly (readonly [directory: string, read: Read])[] = [
  ["triggers", readTrigger],
  ["sensors", readSensor],
  ["actions", readAction],
  ["rules", (source, reading) => readRule(source, reading, builtinTriggerTypes)],
  ["aliases", readAlias],
  ["policies", readPolicy],
  ["parsers", (source, reading) => readDeclaration("alert-parser", source, reading)],
  ["alerts", (source, reading) => readDeclaration("alert-policy", source, reading)],
  ["forms", readForm],
  ["types", (source, reading) => readDeclaration("entity-type", source, reading)],
  ["sources", (source, reading) => readDeclaration("inventory-source", source, reading)],
];

/** Loads all content. Never rejects because of what is written in a file; gives way to other work between files. */
export async function loadContent({
  directories,
  runners,
  checkDeclarations = () => [],
}: LoadOptions): Promise<LoadedContent> {
  const problems = new ProblemList();
  const draft: Draft = {
    packs: new Map(),
    actions: new Map(),
    rules: new Map(),
    triggerTypes: new Map(),
    triggers: new Map(),
    sensors: new Map(),
    aliases: new Map(),
    policies: new Map(),
    workflows: new Map(),
    declarations: [],
  };
  const reading: Reading = { problems, draft, runners, later: [], declared: new Map() };
  const global = await readOverrides(directories.overrides, "_global", problems);
  const overridesOf = async (pack: string): Promise<PackReading["overrides"]> =>
    combineOverrides(await readOverrides(directories.overrides, pack, problems), global);

  for (const found of await findPacks(directories, problems)) {
    const pack = await readPack(found, directories.configs, problems);
    if (pack === undefined) continue;
    draft.packs.set(pack.ref, pack);
    const overrides = await overridesOf(pack.ref);
    await readResources(pack.path, {
      ...reading,
      pack: pack.ref,
      path: pack.path,
      realPath: await realpath(pack.path),
      overrides,
      entryPoints: new Map(),
    });
  }
  await readSite(directories.site, {
    ...reading,
    pack: "default",
    path: "",
    realPath: "",
    overrides: await overridesOf("default"),
    entryPoints: new Map(),
  });
  for (const check of reading.later) check();
  for (const fault of checkDeclarations(draft.declarations)) reportDeclaration(fault, reading);
  await checkConfigNames(directories.configs, draft, problems);
  warnOfCycles(draft, problems);
  return { content: freeze(draft), problems: problems.problems };
}

/** Rules that may cause each other through the inventory. */
function warnOfCycles(draft: Draft, problems: ProblemList): void {
  for (const { rules, message } of ruleCycles(draft)) {
    const [first] = rules;
    if (first !== undefined) problems.add({ severity: "warning", ...first.source, message });
  }
}

async function readResources(path: string, reading: PackReading): Promise<void> {
  for (const [directory, read] of resources)
    await readFiles(await filesIn(join(path, directory)), read, reading);
}

async function readFiles(
  files: readonly string[],
  read: Read,
  reading: PackReading,
): Promise<void> {
  for await (const source of readSources(files, reading.pack, reading.problems))
    await read(source, reading);
}

/** YAML files of a directory itself, by name; `actions/config.yaml` was a configuration once. */
async function filesIn(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory() && /\.ya?ml$/.test(entry.name))
      .map((entry) => entry.name)
      .filter((name) => !(name === "config.yaml" && basename(directory) === "actions"))
      .toSorted()
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

async function filesAt(directory: string | undefined): Promise<readonly string[]> {
  return directory === undefined ? [] : filesIn(resolve(directory));
}

/** Content outside of packs belongs to the pack `default`. */
async function readSite(site: ContentDirectories["site"], reading: PackReading): Promise<void> {
  const workflows = await filesAt(site.workflows);
  const others = await Promise.all(
    siteResources.map(async ([kind, read]) => ({ files: await filesAt(site[kind]), read })),
  );
  const places = [site.workflows, ...siteResources.map(([kind]) => site[kind])];
  const base = places.find((place) => place !== undefined);
  const any = workflows.length > 0 || others.some(({ files }) => files.length > 0);
  if (base === undefined || !any) return;
  const existing = reading.draft.packs.get("default");
  const path = existing?.path ?? dirname(resolve(base));
  if (existing === undefined) reading.draft.packs.set("default", sitePack(path));
  const inside = { ...reading, path, realPath: path };
  for (const file of workflows) await readSiteWorkflow(file, inside);
  for (const { files, read } of others)
    await readFiles(files, (source) => read(source, inside), inside);
}

/** What a site may have outside of packs, beside workflows. */
const siteResources: readonly (readonly [
  kind: "rules" | "types" | "sources" | "parsers" | "alerts" | "forms",
  read: Read,
])[] = [
  ["parsers", (source, reading) => readDeclaration("alert-parser", source, reading)],
  ["alerts", (source, reading) => readDeclaration("alert-policy", source, reading)],
  ["forms", readForm],
  ["rules", (source, reading) => readRule(source, reading, builtinTriggerTypes)],
  ["types", (source, reading) => readDeclaration("entity-type", source, reading)],
  ["sources", (source, reading) => readDeclaration("inventory-source", source, reading)],
];

/** The pack `default`, the site's own. */
export function sitePack(path: string): PackDefinition {
  return {
    ref: "default",
    name: "default",
    version: "1.0.0",
    description: "Rules and workflows of this site",
    author: "",
    email: "",
    keywords: [],
    dependencies: [],
    path,
    bundled: false,
    configSchema: {},
    config: {},
  };
}

/** A configuration that no pack reads is most often a misspelt one. */
async function checkConfigNames(
  configs: string | undefined,
  draft: Draft,
  problems: ProblemList,
): Promise<void> {
  if (configs === undefined) return;
  for (const file of await filesIn(resolve(configs))) {
    const pack = basename(file, extname(file));
    if (draft.packs.has(pack)) continue;
    const suggestion = nearest(pack, draft.packs.keys());
    const message = packRef.test(pack)
      ? `there is no pack "${pack}"`
      : `"${pack}" cannot be the name of a pack`;
    problems.atFile("warning", file, message, { suggestion });
  }
}

/** Nobody changes a snapshot: not its maps' values, and not what is inside them. */
function freeze(draft: Draft): Content {
  const {
    packs,
    actions,
    rules,
    triggerTypes,
    triggers,
    sensors,
    aliases,
    policies,
    workflows,
    declarations,
  } = draft;
  for (const map of [packs, actions, rules, triggerTypes, sensors, aliases, policies, workflows])
    for (const definition of map.values()) deepFreeze(definition);
  deepFreeze(declarations);
  return Object.freeze({
    packs,
    actions,
    rules,
    triggerTypes,
    triggers,
    sensors,
    aliases,
    policies,
    workflows,
    declarations,
    runnersOff: new Set<string>(),
  });
}

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}
