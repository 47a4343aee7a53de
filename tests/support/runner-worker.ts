/** A worker that runs one action and tells its parent the first line the action says. Killed by the test. */
import { spawner } from "../../src/processes/spawner.ts";
import { localShellCommandRunner, localShellScriptRunner } from "../../src/runners/local-shell.ts";
import { pythonRunner } from "../../src/runners/python.ts";
import type { RunCall, Runner } from "../../src/runners/runner.ts";
import type { Spawn } from "../../src/runners/spawn.ts";
import { typescriptRunner } from "../../src/runners/typescript.ts";
import { runCall } from "./run-call.ts";

const real = spawner();
const spawn: Spawn = (program, args, options) => real.spawn(program, args, options);
const runners: Readonly<Record<string, () => Runner>> = {
  "local-shell-cmd": () => localShellCommandRunner({ spawn }),
  "local-shell-script": () => localShellScriptRunner({ spawn }),
  "python-script": () => pythonRunner(),
  typescript: () => typescriptRunner(),
};

const [name = "", text = ""] = process.argv.slice(2);
const { parameters, action = {} } = JSON.parse(text) as Pick<RunCall, "parameters"> & {
  readonly action?: Partial<RunCall["action"]>;
};
const call = runCall(parameters, { action });
void runners[name]?.().run(call);
await call.saying("\n");
process.send?.(call.said.stdout.trim());
