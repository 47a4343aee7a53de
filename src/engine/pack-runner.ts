/** The runner behind the actions of pack `packs`: installs, updates and removes packs on the machine of the worker. */
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describePack } from "../content/describe-pack.ts";
import { installPacks, removePacks, setUpVirtualenvs } from "../installer/install.ts";
import { readIndexes, searchIndex } from "../installer/pack-index.ts";
import { systemPacks, type InstallerPlaces } from "../installer/places.ts";
import { readDependency, sameVersion, warningsOf } from "../installer/requirements.ts";
import { runProgram } from "../installer/run-program.ts";
import { refuse } from "../installer/write-tree.ts";
import type { Content, PackDefinition } from "../model/definitions.ts";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import type { RunCall, Runner } from "../runners/runner.ts";
import { whenBack } from "./in-ledger.ts";
import { optionsOf, text, texts } from "./pack-call.ts";

export interface PackRunnerParts {
  readonly places: InstallerPlaces;
  readonly content: () => Content;
  /** Takes up what changed, in all processes, this one and the door first. */
  readonly reload: (call: RunCall) => Promise<void>;
}

type Operation = (call: RunCall, parts: PackRunnerParts) => Promise<unknown>;

const success = "Success.";

async function install(call: RunCall, parts: PackRunnerParts): Promise<unknown> {
  const done = await installPacks(texts(call, "packs"), parts.places, optionsOf(call));
  await parts.reload(call);
  return {
    output: {
      packs_list: done.packs.map(({ ref }) => ref),
      message: "Successfully installed packs",
      conflict_list: null,
      warning_list: done.warnings,
    },
  };
}

async function download(call: RunCall, parts: PackRunnerParts): Promise<JsonObject> {
  const wanted = texts(call, "dependency_list");
  const requests = wanted.length > 0 ? wanted : texts(call, "packs");
  const options = { ...optionsOf(call), skipVirtualenvs: true, skipDependencies: true };
  const { packs } = await installPacks(requests, parts.places, options);
  return Object.fromEntries(packs.map(({ ref }) => [ref, success]));
}

async function uninstall(call: RunCall, parts: PackRunnerParts): Promise<unknown> {
  const refs = texts(call, "packs");
  refuseSystem(refs);
  restore(refs, parts.places);
  const keepVirtualenvs = call.parameters["delete_env"] === false;
  await removePacks(refs, parts.places, { keepVirtualenvs, signal: call.signal });
  await parts.reload(call);
  return refs;
}

function refuseSystem(refs: readonly string[]): void {
  const system = refs.filter((ref) => systemPacks.has(ref));
  if (system.length > 0)
    throw refuse(`packs of the system cannot be uninstalled: ${system.join(", ")}`);
}

function unloadedPlace({ packs }: InstallerPlaces, ref: string): string {
  return join(packs, `.unloaded-${ref}`);
}

/** Puts back what was unloaded. */
function restore(refs: readonly string[], places: InstallerPlaces): void {
  for (const ref of refs) {
    const [aside, place] = [unloadedPlace(places, ref), join(places.packs, ref)];
    if (existsSync(aside) && !existsSync(place)) renameSync(aside, place);
  }
}

/** The files of an unloaded pack stay, where nobody looks for packs. */
async function unload(call: RunCall, parts: PackRunnerParts): Promise<readonly string[]> {
  const refs = texts(call, "packs");
  refuseSystem(refs);
  const absent = refs.filter(
    (ref) => !/^[a-z0-9_]+$/.test(ref) || !existsSync(join(parts.places.packs, ref)),
  );
  if (absent.length > 0)
    throw refuse(`not installed in ${parts.places.packs}: ${absent.join(", ")}`);
  for (const ref of refs)
    renameSync(join(parts.places.packs, ref), unloadedPlace(parts.places, ref));
  await parts.reload(call);
  return refs;
}

async function load(call: RunCall, parts: PackRunnerParts): Promise<JsonObject> {
  const refs = texts(call, "packs").filter((ref) => /^[a-z0-9_]+$/.test(ref));
  restore(refs, parts.places);
  await parts.reload(call);
  const content = parts.content();
  const absent = refs.find((ref) => !content.packs.has(ref));
  if (absent !== undefined) throw refuse(`there is no pack "${absent}"`);
  const count = (all: ReadonlyMap<string, { readonly pack: string }>): number =>
    [...all.values()].filter(({ pack }) => refs.length === 0 || refs.includes(pack)).length;
  const { actions, sensors, rules, aliases, policies, triggerTypes } = content;
  return {
    actions: count(actions),
    aliases: count(aliases),
    policies: count(policies),
    rules: count(rules),
    sensors: count(sensors),
    triggers: count(triggerTypes),
  };
}

async function setUp(call: RunCall, parts: PackRunnerParts): Promise<string> {
  const refs = texts(call, "packs");
  const all = parts.content().packs;
  const packs = (
    refs.length === 0 ? [...all.keys()].filter((ref) => all.get(ref)?.bundled === false) : refs
  ).map((ref) => {
    const place = join(parts.places.packs, ref);
    const path = all.get(ref)?.path ?? (existsSync(place) ? place : undefined);
    if (path === undefined) throw refuse(`there is no pack "${ref}"`);
    return { ref, path };
  });
  const told = await setUpVirtualenvs(packs, parts.places, optionsOf(call));
  const names = packs.map(({ ref }) => ref).join(", ");
  return [`Successfully set up virtualenv for the following packs: ${names}`, ...told].join("\n");
}

function packView({
  ref,
  name,
  description,
  version,
  author,
  email,
  keywords,
  dependencies,
  path,
}: PackDefinition): JsonObject {
  return { ref, name, description, version, author, email, keywords, dependencies, path };
}

/** What the settings of a repository may not start. */
const quiet = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];

/** A pack that lies among the installed ones without being in use: fetched only. */
async function onlyFetched(
  ref: string,
  { places }: PackRunnerParts,
): Promise<PackDefinition | undefined> {
  if (!/^[a-z0-9_]+$/.test(ref)) return undefined;
  const described = await describePack(join(places.packs, ref), ref);
  return described.kind === "pack" ? described.pack : undefined;
}

async function get(call: RunCall, parts: PackRunnerParts): Promise<JsonObject> {
  const ref = text(call, "pack");
  const pack = parts.content().packs.get(ref) ?? (await onlyFetched(ref, parts));
  if (pack === undefined) return { pack: null, git_status: null };
  const status = existsSync(join(pack.path, ".git"))
    ? await runProgram("git", [...quiet, "-C", pack.path, "status", "--short", "--branch"], {
        seconds: 30,
        signal: call.signal,
      })
    : undefined;
  const said = status?.code === 0 ? status.stdout.toString().trim() : null;
  return { pack: packView(pack), git_status: said };
}

/** What `packs_status` says went well; without one, the packs of the other parameter. */
function fetched(call: RunCall, other: string): readonly string[] {
  const { packs_status: status } = call.parameters;
  return isObject(status)
    ? Object.keys(status).filter((ref) => String(status[ref]).toLowerCase().includes("success"))
    : texts(call, other);
}

function dependenciesOf(call: RunCall, { content }: PackRunnerParts): Promise<JsonObject> {
  const all = content().packs;
  const missing: string[] = [];
  const conflicts: string[] = [];
  for (const ref of fetched(call, "packs"))
    for (const written of all.get(ref)?.dependencies ?? []) {
      const wanted = readDependency(written);
      const there = all.get(wanted.ref)?.version;
      if (there === undefined) missing.push(written);
      else if (wanted.version !== undefined && !sameVersion(there, wanted.version))
        conflicts.push(written);
    }
  const nested = call.parameters["nested"];
  return Promise.resolve({
    dependency_list: missing,
    conflict_list: conflicts,
    nested: typeof nested === "number" ? nested - 1 : 0,
  });
}

async function warnings(call: RunCall, { content }: PackRunnerParts): Promise<JsonObject> {
  const list: string[] = [];
  for (const ref of fetched(call, "packs")) {
    const pack = content().packs.get(ref);
    const described = pack === undefined ? undefined : await describePack(pack.path, ref);
    if (described?.kind === "pack") list.push(...warningsOf(described.pack, described.manifest));
  }
  return { warning_list: list };
}

const operations: Readonly<Record<string, Operation>> = {
  install,
  download,
  uninstall,
  unload,
  load,
  setup_virtualenv: setUp,
  get,
  get_config: ({ config }) => Promise.resolve(config),
  get_pack_dependencies: dependenciesOf,
  get_pack_warnings: warnings,
  virtualenv_prerun: (call) =>
    Promise.resolve([...new Set([...texts(call, "packs_list"), ...fetched(call, "packs_list")])]),
  search: async (call, { places }) =>
    searchIndex(await readIndexes(places.indexes, call.signal), text(call, "query")),
  show: async (call, { places }) => {
    const { packs } = await readIndexes(places.indexes, call.signal);
    return { pack: packs.get(text(call, "pack")) ?? null };
  },
};

/** Results have the shape of StackStorm's Python actions, except that of install, which is a workflow's there. */
async function perform(call: RunCall, parts: PackRunnerParts): Promise<Outcome> {
  const name = text(call, "operation");
  const operation = operations[name];
  if (operation === undefined) throw new Error(`there is no operation "${name}"`);
  try {
    const result = await operation(call, parts);
    if (name === "install") return { status: "succeeded", result };
    return { status: "succeeded", result: { result, exit_code: 0, stdout: "", stderr: "" } };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message } = error;
    if (call.signal.aborted) return { status: "canceled", result: { error: message, code } };
    call.emit("stderr", `${message}\n`);
    return {
      status: "failed",
      result: { error: message, code, result: "None", exit_code: 1, stdout: "", stderr: message },
    };
  }
}

export function packRunner(parts: PackRunnerParts): Runner {
  const reload = (call: RunCall): Promise<void> => whenBack(() => parts.reload(call), call.signal);
  return {
    name: "packs",
    aliases: [],
    description: "Installs, updates and removes packs.",
    parameters: {
      operation: {
        type: "string",
        description: "What to do.",
        enum: Object.keys(operations),
        required: true,
      },
    },
    outputKey: undefined,
    // All of it may be done twice.
    onWorkerLost: "rerun",
    // What was installed or removed is so already: only telling of it waits for the ledger.
    run: (call) => perform(call, { ...parts, reload }),
  };
}
