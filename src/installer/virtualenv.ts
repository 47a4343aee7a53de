/** Virtual environments of packs.
 *
 * 1. `virtualenvs/<pack>` is a link to the environment in use; another one is built beside it and the link is exchanged, so actions never see
 *    half of one, and warm interpreters of the old one are told from the new by the path behind the link.
 * 2. `virtualenvs/.base` holds the libraries that packs use without declaring them; every environment of a pack sees it behind its own.
 * 3. A pack's own requirements come before both. */
import { randomBytes } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { refuse } from "./write-tree.ts";
import { runProgram, type ProgramEnd } from "./run-program.ts";

/** Name of the distribution → name of the module. StackStorm's own environment has them, so packs do not declare them. */
const undeclared: Readonly<Record<string, string>> = {
  six: "six",
  eventlet: "eventlet",
  requests: "requests",
  urllib3: "urllib3",
  PyYAML: "yaml",
  "python-dateutil": "dateutil",
  pytz: "pytz",
  Jinja2: "jinja2",
  paramiko: "paramiko",
};

export interface VirtualenvOptions {
  /** `$RAICHO_HOME/virtualenvs`. */
  readonly directory: string;
  /** The interpreter environments are made of. */
  readonly python: string;
  /** Directory of wheels: nothing is then fetched from anywhere. */
  readonly wheels?: string | undefined;
  /** Proxies and the like, for pip. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  readonly seconds?: number;
}

export interface Virtualenv {
  /** Where it really is. */
  readonly path: string;
  /** Modules that packs use without declaring them and that this environment does not have. */
  readonly missing: readonly string[];
}

const venvArguments = ["-m", "venv", "--system-site-packages", "--without-pip"];

function fresh(directory: string, name: string): string {
  return join(directory, `.${name}-${randomBytes(6).toString("hex")}`);
}

function run(
  options: VirtualenvOptions,
  program: string,
  args: readonly string[],
): Promise<ProgramEnd> {
  const { environment = {}, signal, seconds = 600 } = options;
  const clean = { PYTHONPATH: undefined, PYTHONHOME: undefined, VIRTUAL_ENV: undefined };
  return runProgram(program, args, {
    environment: { ...environment, ...clean },
    signal,
    seconds,
    most: 16_000_000,
  });
}

function pipArguments({ wheels }: VirtualenvOptions): readonly string[] {
  const always = [
    "-m",
    "pip",
    "install",
    "--disable-pip-version-check",
    "--no-input",
    "--quiet",
    "--retries",
    "1",
  ];
  return wheels === undefined ? always : [...always, "--no-index", "--find-links", wheels];
}

function lastWords({ words, stdout }: ProgramEnd): string {
  const text = words === "" ? stdout.toString().slice(-2_000) : words;
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-6)
    .join("\n");
}

function packagesOf(environment: string): string | undefined {
  const lib = join(environment, "lib");
  const version = existsSync(lib)
    ? readdirSync(lib).find((name) => name.startsWith("python"))
    : undefined;
  return version === undefined ? undefined : join(lib, version, "site-packages");
}

/** Builds an environment for that pack; it is not in use before `useVirtualenv`. Throws PACK_REFUSED. */
export async function buildVirtualenv(
  pack: string,
  packPath: string,
  options: VirtualenvOptions,
): Promise<Virtualenv> {
  const base = await baseOf(options);
  const path = fresh(options.directory, pack);
  try {
    const made = await run(options, options.python, [...venvArguments, path]);
    if (made.code !== 0) throw noVenv(made);
    const own = packagesOf(path);
    const shared = packagesOf(base);
    if (own !== undefined && shared !== undefined)
      writeFileSync(join(own, "raicho_base.pth"), `${realpathSync(shared)}\n`);
    const requirements = join(packPath, "requirements.txt");
    const program = join(path, "bin", "python");
    if (existsSync(requirements)) {
      const installed = await run(options, program, [...pipArguments(options), "-r", requirements]);
      if (installed.code !== 0)
        throw refuse(
          `the requirements of the pack "${pack}" cannot be installed:\n${lastWords(installed)}`,
        );
    }
    return { path, missing: await missingIn(program, options) };
  } catch (error) {
    rmSync(path, { recursive: true, force: true });
    throw error;
  }
}

/** The environment of what packs do not declare; what cannot be had is tried again the next time. */
async function baseOf(options: VirtualenvOptions): Promise<string> {
  const { directory, python } = options;
  mkdirSync(directory, { recursive: true });
  const link = join(directory, ".base");
  if (!existsSync(join(link, "bin", "python"))) {
    const path = fresh(directory, "base");
    const made = await run(options, python, [...venvArguments, path]);
    const failed = made.code === 0 ? await withPip(join(path, "bin", "python"), options) : made;
    if (failed !== undefined) {
      rmSync(path, { recursive: true, force: true });
      throw noVenv(failed);
    }
    point(link, path);
  }
  const program = join(link, "bin", "python");
  const missing = await missingIn(program, options);
  if (missing.length === 0 || isRecent(join(link, "tried"), options)) return link;
  writeFileSync(join(link, "tried"), "");
  const wanted = Object.keys(undeclared).filter((name) => missing.includes(undeclared[name] ?? ""));
  await installSome(wanted, program, options);
  return link;
}

/** pip from the machine where it has one: unpacking and compiling another takes seconds. What went wrong, where none can be had. */
async function withPip(
  program: string,
  options: VirtualenvOptions,
): Promise<ProgramEnd | undefined> {
  const there = await run(options, program, ["-c", "import pip"]);
  if (there.code === 0) return undefined;
  const made = await run(options, program, ["-m", "ensurepip", "--default-pip"]);
  return made.code === 0 ? undefined : made;
}

const slowMs = 10_000;

/** Installs what can be had of those libraries: one that is nowhere to be had must not keep the others away. A network that does not
 * answer is not asked again. */
async function installSome(
  names: readonly string[],
  program: string,
  options: VirtualenvOptions,
): Promise<void> {
  let wanted = names;
  while (wanted.length > 0) {
    const from = performance.now();
    const end = await run(options, program, [...pipArguments(options), ...wanted]);
    if (end.code === 0) return;
    const missing = /No matching distribution found for ([\w.-]+)/.exec(end.words)?.[1];
    const dropped = wanted.find((name) => name.toLowerCase() === missing?.toLowerCase());
    const silent = /Retrying \(|Connect(?:ion|Timeout)Error/.test(end.words);
    if (silent && performance.now() - from > slowMs) return;
    // What keeps the others away when pip does not say: the first is as good a guess as any.
    wanted = wanted.filter((name) => name !== (dropped ?? wanted[0]));
  }
}

const patienceMs = 86_400_000;

/** What was not to be had from the network lately is not asked for by every installation. */
function isRecent(file: string, { wheels }: VirtualenvOptions): boolean {
  return (
    wheels === undefined && existsSync(file) && Date.now() - statSync(file).mtimeMs < patienceMs
  );
}

function noVenv(end: ProgramEnd): Error {
  return refuse(
    `no virtual environment can be made (Debian needs the package python3-venv): ${lastWords(end)}`,
  );
}

async function missingIn(program: string, options: VirtualenvOptions): Promise<readonly string[]> {
  const modules = Object.values(undeclared);
  const look = `import importlib.util as u, sys\nprint("\\n".join(m for m in sys.argv[1:] if u.find_spec(m) is None))`;
  const { code, stdout } = await run(options, program, ["-c", look, ...modules]);
  return code === 0
    ? stdout
        .toString()
        .split("\n")
        .filter((line) => line !== "")
    : modules;
}

/** Takes that environment into use. Gives what puts the former one back. */
export function useVirtualenv(
  pack: string,
  directory: string,
  path: string,
): { readonly undo: () => void; readonly former: string | undefined } {
  const link = join(directory, pack);
  const former = targetOf(link);
  // An environment that somebody made by hand.
  const aside =
    former === undefined && existsSync(link) ? fresh(directory, `${pack}-former`) : undefined;
  if (aside !== undefined) renameSync(link, aside);
  point(link, path);
  return {
    former: former ?? aside,
    undo: () => {
      rmSync(link, { force: true });
      if (former !== undefined) point(link, former);
      else if (aside !== undefined) renameSync(aside, link);
    },
  };
}

/** Takes the environment of a pack away. */
export function removeVirtualenv(pack: string, directory: string): void {
  const link = join(directory, pack);
  const former = targetOf(link);
  rmSync(link, { recursive: true, force: true });
  if (former !== undefined) rmSync(former, { recursive: true, force: true });
}

function targetOf(link: string): string | undefined {
  try {
    return lstatSync(link).isSymbolicLink() ? join(link, "..", readlinkSync(link)) : undefined;
  } catch {
    return undefined;
  }
}

/** Renaming a link over another one is one step. */
function point(link: string, path: string): void {
  const step = `${link}.${randomBytes(4).toString("hex")}`;
  symlinkSync(join(".", path.slice(path.lastIndexOf("/") + 1)), step);
  renameSync(step, link);
}
