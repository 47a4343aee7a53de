/** Which interpreter runs a pack's actions, and what they see of the world. */
import { existsSync, realpathSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isObject, type JsonObject } from "../model/json.ts";
import type { RunCall } from "./runner.ts";

export interface PythonPlaces {
  /** Directory of virtual environments, one per pack, named like it. */
  readonly virtualenvs: string | undefined;
  /** The interpreter of packs without one. */
  readonly python: string;
  /** Where `<pack>.yaml` of the packs' configurations are; for messages. */
  readonly configs: string | undefined;
}

export interface PythonEnvironment {
  readonly program: string;
  /** What a server starts with. */
  readonly base: Readonly<Record<string, string>>;
  /** The whole environment of the action. */
  readonly action: Readonly<Record<string, string>>;
  /** Whether the action's own variables matter before the interpreter is up, so that a warm one cannot serve, or its files are there for this
   * one call only. */
  readonly cold: boolean;
  readonly missingLibraries: string | undefined;
}

const passedOn = [
  ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR"],
  ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"],
  ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
].flat();

/** Read by the interpreter or the loader when a program starts; in a fork it would be too late. */
const startsWith = /^(?:PYTHON|LD_|DYLD_|LC_|LANG$|OPENSSL_|MALLOC_|GLIBC_)/;

/** Where `st2common` and the other modules with StackStorm's names are. */
export const pythonNames = fileURLToPath(new URL("./python", import.meta.url));

/** The Python program that hosts a sensor. */
export const sensorHost = join(pythonNames, "sensor_host.py");

/** Where a file of a pack is. */
export interface PackFile {
  readonly entryPath: string;
  readonly packPath: string;
}

/** The pack's own directories of Python modules, in the order of `sys.path`. */
export function modulePaths({ entryPath, packPath }: PackFile): string[] {
  return [join(dirname(entryPath), "lib"), join(packPath, "lib")].filter(
    (path, index, all) => all.indexOf(path) === index && existsSync(path),
  );
}

/** PYTHONPATH of a file of a pack: its own directories, then the names that StackStorm brings. */
export function pythonPath(file: PackFile): string {
  return [...modulePaths(file), pythonNames].join(delimiter);
}

/** The interpreter of a pack. `base` is what every program of the pack sees of our environment. */
export function packInterpreter(
  { pack, packPath }: { readonly pack: string; readonly packPath: string },
  places: PythonPlaces,
): Pick<PythonEnvironment, "program" | "base" | "missingLibraries"> {
  const virtualenv = places.virtualenvs === undefined ? undefined : join(places.virtualenvs, pack);
  const own = virtualenv === undefined ? "" : interpreterIn(virtualenv);
  const base = inherited();
  const found = virtualenv !== undefined && existsSync(own);
  if (found)
    base["PATH"] = [join(virtualenv, "bin"), base["PATH"] ?? "/usr/bin:/bin"].join(delimiter);
  return {
    program: found ? own : places.python,
    base,
    missingLibraries: found ? undefined : missing(packPath, virtualenv),
  };
}

export function pythonEnvironment(call: RunCall, places: PythonPlaces): PythonEnvironment {
  const { pack, packPath } = call.action;
  const interpreter = packInterpreter({ pack, packPath }, places);
  const wished = wishes(call.parameters["env"]);
  const token = call.environment["ST2_ACTION_AUTH_TOKEN"];
  const api = call.environment["ST2_ACTION_API_URL"];
  // The same for every action of the pack: what a warm interpreter has already, an action need not set.
  const base = {
    ...interpreter.base,
    ST2_ACTION_DEBUG: "False",
    ST2_ACTION_PACK_NAME: pack,
    RAICHO_PACK_PATH: packPath,
    ...(places.configs === undefined ? {} : { RAICHO_CONFIGS: places.configs }),
    ...(api === undefined ? {} : { ST2_ACTION_API_URL: api, ST2_API_URL: api }),
  };
  return {
    ...interpreter,
    base,
    cold:
      typeof call.parameters["content_version"] === "string" ||
      Object.keys(wished).some((name) => startsWith.test(name)),
    action: {
      ...base,
      PYTHONPATH: pythonPath(call.action),
      ...wished,
      ...(call.parameters["debug"] === true ? { ST2_ACTION_DEBUG: "True" } : {}),
      ...call.environment,
      ...(api === undefined ? {} : { ST2_API_URL: api }),
      ...(token === undefined ? {} : { ST2_AUTH_TOKEN: token }),
    },
  };
}

/** Behind the link that an installation exchanges: another environment is another interpreter, so a warm one of the old is not taken. */
function interpreterIn(virtualenv: string): string {
  try {
    return join(realpathSync(virtualenv), "bin", "python");
  } catch {
    return "";
  }
}

/** The variables of the call. As in StackStorm, PYTHONPATH is none of them: it would hide what actions need. */
function wishes(env: unknown): Record<string, string> {
  const entries = isObject(env) ? Object.entries(env) : [];
  return Object.fromEntries(
    entries
      .filter(([name, value]) => name.toUpperCase() !== "PYTHONPATH" && value !== null)
      .map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

function missing(packPath: string, virtualenv: string | undefined): string | undefined {
  const requirements = join(packPath, "requirements.txt");
  if (virtualenv === undefined || !existsSync(requirements)) return undefined;
  return `The pack has a requirements.txt but no virtual environment. Make one: raicho pack setup-virtualenv ${basename(virtualenv)}`;
}

function inherited(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of passedOn) {
    const value = process.env[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** The user in whose name an execution runs. */
export function userOf(context: JsonObject, fallback = "stanley"): string {
  const user = context["user"];
  return typeof user === "string" && user !== "" ? user : fallback;
}
