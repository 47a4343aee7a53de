import { inquirerRunner } from "../engine/inquiry.ts";
import { localShellCommandRunner, localShellScriptRunner } from "../runners/local-shell.ts";
import { httpRequestRunner } from "../runners/http-request.ts";
import { noopRunner } from "../runners/noop.ts";
import type { Runner } from "../runners/runner.ts";
import type { Spawn } from "../runners/spawn.ts";
import { typescriptRunner } from "../runners/typescript.ts";

/** Orquesta's place in the table of runners: the conductor carries it out, this says what it takes and gives. */
const orquestaRunner: Runner = {
  name: "orquesta",
  aliases: ["orchestra"],
  description: "A runner for executing orquesta workflow.",
  parameters: {
    notify: {
      type: "array",
      description: "List of tasks to trigger notifications for.",
      default: [],
    },
  },
  outputKey: "output",
  onWorkerLost: "rerun",
  run: () => Promise.reject(new Error("the conductor carries out workflows")),
};

const noSpawn: Spawn = () => {
  throw new Error("no spawner in this process");
};

/** Every runner that needs nothing from the engine. */
export function builtinRunners(spawn: Spawn = noSpawn): readonly Runner[] {
  return [
    noopRunner(),
    localShellCommandRunner({ spawn }),
    localShellScriptRunner({ spawn }),
    httpRequestRunner(),
    typescriptRunner(),
    inquirerRunner,
    orquestaRunner,
  ];
}
