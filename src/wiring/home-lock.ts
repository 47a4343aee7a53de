/** One raicho per data directory. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../config-values.ts";

/** Takes the data directory; gives what lets go of it. Throws ConfigError while another process has it. */
export function lockHome(home: string): () => void {
  const file = join(home, "supervisor.pid");
  const other = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (other > 0 && other !== process.pid && isRaicho(other))
    throw new ConfigError(
      `${home} is in use by the raicho with process id ${other}: stop it, or set RAICHO_HOME to another directory`,
    );
  writeFileSync(file, `${process.pid}\n`);
  return () => rmSync(file, { force: true });
}

/** Whether a process with that id runs, and is one of ours as far as can be seen. */
export function isRaicho(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return (
      process.platform !== "linux" ||
      /raicho|\bmain\.[jt]s/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"))
    );
  } catch {
    return false;
  }
}
