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

export function noNamespaces(): string | undefined {
  const probe = `raicho-probe-${process.pid}`;
  const [here, there] = [`rp${process.pid}a`, `rp${process.pid}b`];
  const made = works("ip", "netns", "add", probe);
  const linked =
    made && works("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", probe);
  const entered = linked && works("ip", "netns", "exec", probe, "true");
  if (linked) works("ip", "link", "del", here);
  if (made) works("ip", "netns", "del", probe);
  return entered ? undefined : "network namespaces are not permitted here";
}
