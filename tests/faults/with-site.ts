import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Context, inTime, mostMinutes, type Report } from "./case.ts";
import { Findings } from "./check.ts";
import { openSite, type Site, type SiteOptions } from "./site.ts";

/** Carries out a case on a site of its own. When something was found, what the processes logged is kept, and the report says where. */
export async function withSite(
  context: Context,
  options: SiteOptions,
  work: (site: Site, findings: Findings) => Promise<Report["counts"]>,
): Promise<Report> {
  const site = await openSite({ backend: context.backend, ...options });
  const findings = new Findings();
  let counts: Report["counts"] = {};
  try {
    counts = await inTime(work(site, findings), context.size(mostMinutes));
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    findings.expect(false, `it broke off: ${reason}`);
  }
  if (findings.list.length > 0) findings.expect(false, `logs: ${keepLogs(context, site)}`);
  const left = await site.close();
  findings.expect(left.length === 0, `something still runs of ${left.join(", ")}`);
  return { counts, findings: findings.list };
}

function keepLogs({ seed, backend }: Context, site: Site): string {
  const directory = join(tmpdir(), `raicho-faults-${seed}-${backend}-${process.pid}`);
  mkdirSync(directory, { recursive: true });
  for (const kept of site.processes)
    writeFileSync(join(directory, `${kept.name.replace(" ", "-")}.log`), site.logOf(kept));
  const columns = ["pid", "ppid", "pgid", "stat", "wchan:20", "etimes", "args"].join(",");
  const { stdout } = spawnSync("ps", ["-e", "--forest", "-o", columns], { encoding: "utf8" });
  writeFileSync(join(directory, "processes.txt"), stdout);
  return directory;
}
