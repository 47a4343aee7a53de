import { join } from "node:path";
import type { SshConfig } from "../config-values.ts";
import { announcementRunner } from "../runners/announcement.ts";
import { inquirerRunner } from "../engine/inquiry.ts";
import { localShellCommandRunner, localShellScriptRunner } from "../runners/local-shell.ts";
import { httpRequestRunner } from "../runners/http-request.ts";
import { noopRunner } from "../runners/noop.ts";
import type { PythonPlaces } from "../runners/python-environment.ts";
import { pythonRunner, type PythonRunnerOptions } from "../runners/python.ts";
import { remoteShellCommandRunner, remoteShellScriptRunner } from "../runners/remote-shell.ts";
import { anyValue, resultSchema, type Runner } from "../runners/runner.ts";
import type { Spawn } from "../runners/spawn.ts";
import { typescriptRunner } from "../runners/typescript.ts";
import { winrmRunners } from "../runners/winrm.ts";

/** Orquesta's place in the table of runners: the conductor carries it out, this says what it takes and gives. */
const orquestaRunner: Runner = {
  name: "orquesta",
  aliases: ["orchestra"],
  description: "A runner for executing orquesta workflow.",
  parameters: {
    notify: {
      type: "array",
      description: "List of tasks to trigger notifications for.",
      items: { type: "string", minLength: 1, pattern: "^\\w+$" },
      uniqueItems: true,
      default: [],
    },
  },
  outputKey: "output",
  outputSchema: resultSchema({
    errors: { anyOf: [{ type: "object" }, { type: "array" }] },
    output: anyValue,
  }),
  onWorkerLost: "rerun",
  run: () => Promise.reject(new Error("the conductor carries out workflows")),
};

/** The conductor carries out action-chains as well. */
const actionChainRunner: Runner = {
  name: "action-chain",
  aliases: [],
  description: "A runner for launching linear action chains.",
  parameters: {
    display_published: {
      type: "boolean",
      description: "Intermediate published variables will be stored and displayed.",
      default: true,
    },
    skip_notify: {
      type: "array",
      description: "List of tasks to skip notifications for.",
      default: [],
    },
  },
  outputKey: "published",
  outputSchema: resultSchema({ published: { type: "object" }, tasks: { type: "array" } }),
  onWorkerLost: "rerun",
  run: () => Promise.reject(new Error("the conductor carries out workflows")),
};

const noSpawn: Spawn = () => {
  throw new Error("no spawner in this process");
};

/** Where runners keep and find things of this installation. */
export interface RunnerPlaces {
  /** Data directory: `virtualenvs/<pack>` and `cache/` are below it. */
  readonly home: string;
  readonly configsDirectory: string | undefined;
  readonly systemUser: string | undefined;
  readonly ssh: SshConfig;
}

const noSsh: SshConfig = {
  username: "",
  privateKey: undefined,
  knownHosts: [],
  unknownHosts: "refuse",
};

/** Every runner that needs nothing from the engine. Without `places` only to be asked about, not to be run. */
export function builtinRunners(spawn: Spawn = noSpawn, places?: RunnerPlaces): readonly Runner[] {
  const systemUser = places?.systemUser;
  const python = pythonRunner(places && pythonOptions(places));
  return [
    noopRunner(),
    announcementRunner(),
    localShellCommandRunner({ spawn, systemUser }),
    localShellScriptRunner({ spawn, systemUser }),
    httpRequestRunner(),
    typescriptRunner(),
    python,
    remoteShellCommandRunner(places?.ssh ?? noSsh),
    remoteShellScriptRunner(places?.ssh ?? noSsh),
    ...winrmRunners(python),
    inquirerRunner,
    orquestaRunner,
    actionChainRunner,
  ];
}

/** Where Python's environments and the packs' configurations are. */
export function pythonPlaces({
  home,
  configsDirectory,
}: Pick<RunnerPlaces, "home" | "configsDirectory">): PythonPlaces {
  return {
    virtualenvs: join(home, "virtualenvs"),
    python: "python3",
    configs: configsDirectory ?? join(home, "configs"),
  };
}

function pythonOptions(places: RunnerPlaces): PythonRunnerOptions {
  const { virtualenvs, python, configs } = pythonPlaces(places);
  return {
    cache: join(places.home, "cache"),
    python,
    ...(virtualenvs === undefined ? {} : { virtualenvs }),
    ...(configs === undefined ? {} : { configs }),
  };
}
