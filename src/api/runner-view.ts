import type { JsonObject } from "../model/json.ts";
import type { Runner } from "../runners/runner.ts";
import { idFor } from "./ids.ts";

/** Where StackStorm keeps its runners: package and module. Clients show them; ours have a name only. */
const places: Readonly<Record<string, readonly [package_: string, module: string]>> = {
  "local-shell-cmd": ["local_runner", "local_shell_command_runner"],
  "local-shell-script": ["local_runner", "local_shell_script_runner"],
  "remote-shell-cmd": ["remote_runner", "remote_command_runner"],
  "remote-shell-script": ["remote_runner", "remote_script_runner"],
  "http-request": ["http_runner", "http_runner"],
  "python-script": ["python_runner", "python_runner"],
  "action-chain": ["action_chain_runner", "action_chain_runner"],
  orquesta: ["orquesta_runner", "orquesta_runner"],
  inquirer: ["inquirer_runner", "inquirer_runner"],
  announcement: ["announcement_runner", "announcement_runner"],
  noop: ["noop_runner", "noop_runner"],
  "winrm-cmd": ["winrm_runner", "winrm_command_runner"],
  "winrm-ps-cmd": ["winrm_runner", "winrm_ps_command_runner"],
  "winrm-ps-script": ["winrm_runner", "winrm_ps_script_runner"],
};

/** A runner as StackStorm's API shows it. */
export function runnerView(name: string, runner: Runner | undefined): JsonObject {
  const own = name.replaceAll("-", "_");
  const [package_, module] = places[name] ?? [`${own}_runner`, `${own}_runner`];
  return {
    id: idFor(`runner_type:${name}`),
    uid: `runner_type:${name}`,
    name,
    description: runner?.description ?? "",
    enabled: true,
    runner_package: package_,
    runner_module: module,
    runner_parameters: runner?.parameters ?? {},
    ...(runner?.outputKey === undefined ? {} : { output_key: runner.outputKey }),
    output_schema: runner?.outputSchema ?? {},
  };
}

/** Runners, their aliases not counted. */
export function runnerCount(runners: ReadonlyMap<string, Runner>): number {
  return new Set([...runners.values()].map(({ name }) => name)).size;
}
