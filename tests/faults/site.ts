/** Real processes on a real PostgreSQL of their own that can be killed again and again: two dispatchers, a worker, a scheduler. */
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startPostgres, type EmbeddedPostgres } from "../../src/store/postgres.ts";
import { eventually } from "../support/eventually.ts";
import { removeHome, runRaicho, temporaryHome, type Started } from "../support/raicho.ts";

const roles = {
  "dispatcher 1": "sensors",
  "dispatcher 2": "sensors",
  worker: "worker",
  scheduler: "scheduler",
} as const;
export type ProcessName = keyof typeof roles;

const files: Readonly<Record<string, string>> = {
  "pack.yaml":
    "ref: faults\nname: faults\ndescription: What the kills are aimed at.\nversion: 1.0.0\nauthor: Raicho\nemail: raicho@example.com\n",
  "rules/changed.yaml":
    "name: changed\npack: faults\nenabled: true\ntrigger:\n  type: inventory.entry.updated\n  parameters:\n    type: Role\n    attribute: note\n" +
    "action:\n  ref: core.local\n  parameters:\n    cmd: 'true'\n",
  // Every change of one entry is wanted here, however many there are.
  "../../configs/inventory.yaml": "breaker:\n  firings: 0\n",
};

export interface FaultySite extends AsyncDisposable {
  readonly url: string;
  /** Ends it without warning, as soon as it is ready, and starts it again. A process is not waited for: it comes back while others are killed. */
  kill(what: ProcessName | "database"): Promise<void>;
}

/** Resolves when all processes are ready. */
export async function faultySite(): Promise<FaultySite> {
  const home = temporaryHome();
  for (const [path, text] of Object.entries(files)) {
    const file = join(home, "packs/faults", path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
  }
  let server = await startPostgres({ home, options: { shared_buffers: "64MB" } });
  const { url } = server;
  const port = Number(new URL(url).port);
  const running = new Map<ProcessName, Started>();
  let closing = false;
  const start = (name: ProcessName): void => {
    const env = { DATABASE_URL: url, RAICHO_CONFIGS: join(home, "configs") };
    const started = runRaicho(["start", "--role", roles[name]], { home, env });
    running.set(name, started);
    // One that gave up, because the database was away for long, comes back as an init system would bring it.
    void started.ended.then(() =>
      !closing && running.get(name) === started ? start(name) : undefined,
    );
  };
  const ready = (name: ProcessName): Promise<Started> =>
    eventually(
      `${name} to be ready`,
      () => {
        const started = running.get(name);
        return started?.printed.out.includes("raicho ready") === true && started;
      },
      { seconds: 180 },
    );
  start("scheduler");
  await ready("scheduler");
  for (const name of ["dispatcher 1", "dispatcher 2", "worker"] as const) start(name);
  await Promise.all([ready("dispatcher 1"), ready("worker")]);
  return {
    url,
    kill: async (what) => {
      if (what === "database") {
        process.kill(postmaster(home), "SIGKILL");
        await server.lost;
        server = await again(home, port);
        return;
      }
      const { child, ended } = await ready(what);
      child.kill("SIGKILL");
      await ended;
    },
    [Symbol.asyncDispose]: async () => {
      closing = true;
      const all = [...running.values()];
      for (const { child } of all) child.kill("SIGTERM");
      const late = setTimeout(() => {
        for (const { child } of all) child.kill("SIGKILL");
      }, 20_000);
      await Promise.all(all.map(({ ended }) => ended));
      clearTimeout(late);
      await server.stop();
      removeHome(home);
    },
  };
}

function postmaster(home: string): number {
  const file = join(realpathSync(join(home, "postgres")), "data/postmaster.pid");
  return Number(readFileSync(file, "utf8").split("\n")[0]);
}

/** Its backends may still hold the shared memory for a moment. */
function again(home: string, port: number): Promise<EmbeddedPostgres> {
  return eventually(
    "the database to start again",
    () => startPostgres({ home, port, options: { shared_buffers: "64MB" } }),
    { seconds: 60, everyMs: 200 },
  );
}
