/** Told to stop, or left alone, before it is ready: nothing of the program goes on. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/redis.ts";
import { removeHome, runRaicho, type Started, temporaryHome } from "../support/raicho.ts";

const patience = 120_000;
const homes: string[] = [];
const runs: Started[] = [];

function home(): string {
  const made = temporaryHome();
  homes.push(made);
  return made;
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): Started {
  const started = runRaicho(args, { home: home(), env });
  runs.push(started);
  return started;
}

afterEach(async () => {
  for (const started of runs.splice(0)) {
    started.kill();
    await started.ended;
  }
  for (const made of homes.splice(0)) removeHome(made);
});

function commandLine(pid: string): string {
  const file = `/proc/${pid}/cmdline`;
  try {
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  } catch {
    return "";
  }
}

/** Processes of the product that use that data directory, by their command lines. */
function rolesOf(homeOfIt: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || !commandLine(pid).includes("--supervised")) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`RAICHO_HOME=${homeOfIt}`);
    } catch {
      return false;
    }
  });
}

test.each(["worker", "sensors", "api", "scheduler"])(
  "the role %s stops while it waits for a database that does not come",
  async (role) => {
    const port = await freePort();
    const started = run(["start", "--role", role], {
      DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/none`,
    });
    await eventually("the warning", () => started.printed.err.includes("waiting for the database"));
    started.child.kill("SIGTERM");
    expect(await started.ended).toMatchObject({ code: 0 });
  },
  patience,
);

test.runIf(existsSync("/proc/self/environ"))(
  "when the supervisor is killed while its processes start, they end too",
  async () => {
    const started = run(["start"], {});
    const [used = ""] = homes;
    await eventually("a process", () => rolesOf(used).length > 0, { seconds: 60, everyMs: 1 });
    started.child.kill("SIGKILL");
    await eventually("all to end", () => rolesOf(used).length === 0, { seconds: 15 });
    expect(rolesOf(used)).toEqual([]);
  },
  patience,
);
