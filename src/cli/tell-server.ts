/** A server on this machine takes up content that was changed under it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cli } from "./cli.ts";

/** Lets the server on the same data directory read its content. False when none runs: the next start finds what is there. */
export async function signalServer({ host }: Cli): Promise<boolean> {
  const file = join(await host.home(), "supervisor.pid");
  try {
    const pid = Number(readFileSync(file, "utf8"));
    // 0 and less would mean whole groups of processes.
    return pid > 0 && process.kill(pid, "SIGHUP");
  } catch {
    return false;
  }
}

/** The same, said to whoever looks on. */
export async function tellServer(cli: Cli): Promise<boolean> {
  const told = await signalServer(cli);
  if (told) cli.terminal.note("the server takes it up\n");
  return told;
}
