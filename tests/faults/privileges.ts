/** What some cases need of the machine; each gives why it cannot be had, or undefined. */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

function works(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

export function faketimeLibrary(): string | undefined {
  return globSync("/usr/lib/*/faketime/libfaketime.so.1")[0];
}

/** Where everything is installed, its absence is a failure of the case. */
export function noFaketime(): string | undefined {
  if (process.env["CI"] === "true" || faketimeLibrary() !== undefined) return undefined;
  return "there is no libfaketime (Debian's package libfaketime)";
}

export function noMounts(): string | undefined {
  return works("unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt")
    ? undefined
    : "mounting is not permitted here";
}
