import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Asks the raicho of that data directory to take up changed content. Exit code 1 when none runs. */
export function reloadCommand(home: string): number {
  try {
    const pid = Number(readFileSync(join(home, "supervisor.pid"), "utf8"));
    process.kill(pid, "SIGHUP");
    process.stdout.write("raicho takes up the content; problems are in its log\n");
    return 0;
  } catch {
    process.stderr.write(
      `raicho: no raicho runs with the data directory ${home}; set RAICHO_HOME\n`,
    );
    return 1;
  }
}
