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
  const before = processTable();
  const left = await inTime(site.close(), 3).catch((error: unknown) => [String(error)]);
  findings.expect(left.length === 0, `could not be ended: ${left.join(", ")}`);
  if (findings.list.length > 0)
    findings.expect(false, `logs: ${keepLogs(context, { site, before, after: processTable() })}`);
  return { counts, findings: findings.list };
}

function processTable(): string {
  const columns = ["pid", "ppid", "pgid", "stat", "wchan:20", "etimes", "args"].join(",");
  return spawnSync("ps", ["-e", "--forest", "-o", columns], { encoding: "utf8" }).stdout;
}

interface Remains {
  readonly site: Site;
  /** All processes of the machine before and after the site was closed. */
  readonly before: string;
  readonly after: string;
}

function keepLogs({ seed, backend }: Context, { site, before, after }: Remains): string {
  const directory = join(tmpdir(), `raicho-faults-${seed}-${backend}-${process.pid}`);
  mkdirSync(directory, { recursive: true });
  for (const kept of site.processes)
    writeFileSync(join(directory, `${kept.name.replace(" ", "-")}.log`), site.logOf(kept));
  writeFileSync(join(directory, "processes-before.txt"), before);
  writeFileSync(join(directory, "processes-after.txt"), after);
  return directory;
}
