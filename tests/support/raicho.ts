/** The real program, started as people start it: child processes in a data directory of its own, on free ports. */
import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually, type Patience } from "./eventually.ts";
import { deliver, type Mailbox, type SmtpAnswer } from "./smtp-client.ts";

export const repository = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const compileCache = join(tmpdir(), "raicho-tests-compiled");
export const adminPassword = "correct horse";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface Ask {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Raicho {
  readonly home: string;
  readonly pid: number;
  /** `http://127.0.0.1:…`; https with a certificate, and then `ask` cannot be used. */
  readonly url: string;
  readonly smtp: Mailbox;
  /** Milliseconds from the start of the process to the ready line. */
  readonly readyMs: number;
  readonly ended: Promise<Ended>;
  /** All that was printed so far. */
  printed(): { readonly out: string; readonly err: string };
  /** A request as admin; the body is sent and read as JSON. */
  ask(path: string, request?: Ask): Promise<Answer>;
  /** The same; rejects unless 2xx. */
  get<Body>(path: string): Promise<Body>;
  send(mail: string | Buffer): Promise<SmtpAnswer>;
  /** Process ids of everything below the supervisor, PostgreSQL included. */
  family(): readonly number[];
  /** The process of that role, e.g. `worker`. */
  pidOf(role: string): number | undefined;
  /** Ctrl-C at a terminal: SIGINT for the whole process group. */
  interrupt(): void;
  /** Stops gracefully, and hard when that takes longer than 40 s. */
  stop(): Promise<Ended>;
  /** Kills every process of it at once. */
  kill(): Promise<void>;
}

export interface StartOptions {
  /** A data directory that is there already; without it one is made. */
  readonly home?: string;
  /** `<pack>.yaml` of RAICHO_CONFIGS by pack; YAML is a superset of the JSON that is written. */
  readonly configs?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** What runs the program, e.g. `setpriv --reuid …`. */
  readonly before?: readonly string[];
  /** Where it is started: the directory of the site's own rules and workflows; this repository when it is left out. */
  readonly cwd?: string;
}

const started = new Set<ChildProcess>();
process.on("exit", () => {
  for (const { pid } of started) if (pid !== undefined) killGroup(pid, "SIGKILL");
});

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

function killOne(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** A data directory that every user can enter. */
export function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), "raicho-home-"));
  chmodSync(home, 0o755);
  return home;
}

/** Removes a data directory and the cluster that may have been put elsewhere for it. */
export function removeHome(home: string): void {
  const cluster = join(home, "postgres");
  if (existsSync(cluster)) rmSync(realpathSync(cluster), { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
}

export interface Started {
  readonly child: ChildProcess;
  /** When it and all that share its output have ended. */
  readonly ended: Promise<Ended>;
  readonly printed: { out: string; err: string };
  /** SIGKILL for it and all of its process group. */
  kill(): void;
}

/** Runs `node src/main.ts <args>` with nothing of this environment but what is needed. */
export function runRaicho(
  args: readonly string[],
  { home, env = {}, before = [], cwd = repository }: StartOptions = {},
): Started {
  const command = [...before, process.execPath, join(repository, "src/main.ts"), ...args];
  const child = spawn(command[0] ?? "", command.slice(1), {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      // As bin/raicho.js does it: a start then takes half the time.
      NODE_COMPILE_CACHE: compileCache,
      ...(home === undefined ? {} : { RAICHO_HOME: home }),
      RAICHO_PORT: "0",
      RAICHO_SMTP_PORT: "0",
      ...env,
    },
  });
  started.add(child);
  const printed = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => void (printed.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (printed.err += chunk.toString()));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      started.delete(child);
      resolve({ code, signal });
    });
  });
  const kill = (): void => {
    if (child.pid !== undefined) killGroup(child.pid, "SIGKILL");
  };
  return { child, ended, printed, kill };
}

/** Starts everything and resolves at the ready line. Rejects with what was printed when it ends before. */
export async function startRaicho(options: StartOptions = {}): Promise<Raicho> {
  const home = options.home ?? temporaryHome();
  const env = {
    ...configured(home, options.configs),
    RAICHO_ADMIN_PASSWORD: adminPassword,
    ...options.env,
  };
  const since = performance.now();
  const { child, ended, printed } = runRaicho(["start", ...(options.args ?? [])], {
    ...options,
    home,
    env,
  });
  const { http, host, port } = await Promise.race([
    readyLine(printed),
    ended.then(({ code, signal }) => {
      throw new Error(`raicho ended (${signal ?? code}):\n${printed.out}\n${printed.err}`);
    }),
  ]);
  const readyMs = performance.now() - since;
  const pid = child.pid ?? 0;
  const asker = admin(http, options.env?.["RAICHO_ADMIN_PASSWORD"] ?? adminPassword);
  return {
    home,
    pid,
    url: http,
    smtp: { host, port },
    readyMs,
    ended,
    printed: () => ({ ...printed }),
    ...asker,
    send: (mail) => deliver({ host, port }, mail),
    family: () => descendants(pid),
    pidOf: (role) => descendants(pid).find((one) => commandLine(one).includes(`--role ${role} `)),
    interrupt: () => killGroup(pid, "SIGINT"),
    kill: async () => {
      const all = [pid, ...descendants(pid)];
      for (const one of all) killOne(one);
      await ended;
      await gone(all);
    },
    stop: async () => {
      child.kill("SIGTERM");
      const killer = setTimeout(() => killGroup(pid, "SIGKILL"), 40_000);
      const end = await ended;
      clearTimeout(killer);
      return end;
    },
  };
}

async function readyLine(printed: {
  readonly out: string;
}): Promise<{ http: string; host: string; port: number }> {
  const line = await eventually(
    "the ready line",
    () => /^raicho ready (https?:\/\/\S+) smtp (\S+):(\d+)$/m.exec(printed.out) ?? undefined,
    { seconds: 150, everyMs: 10 },
  );
  return { http: line[1] ?? "", host: line[2] ?? "", port: Number(line[3]) };
}

function configured(home: string, configs: StartOptions["configs"]): Record<string, string> {
  if (configs === undefined) return {};
  const directory = join(home, "site-configs");
  mkdirSync(directory, { recursive: true });
  for (const [pack, config] of Object.entries(configs))
    writeFileSync(join(directory, `${pack}.yaml`), JSON.stringify(config));
  return { RAICHO_CONFIGS: directory };
}

/** A request without credentials unless the headers have some. */
export async function plainRequest(
  url: string,
  { method = "GET", body, headers = {} }: Ask = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

export function basic(user: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

function admin(url: string, password: string): Pick<Raicho, "ask" | "get"> {
  let token: Promise<string> | undefined;
  const signIn = async (): Promise<string> => {
    const { status, body } = await plainRequest(`${url}/auth/v1/tokens`, {
      method: "POST",
      body: {},
      headers: basic("admin", password),
    });
    if (status !== 201) throw new Error(`no token: ${status} ${JSON.stringify(body)}`);
    return (body as { token: string }).token;
  };
  const ask: Raicho["ask"] = async (path, request = {}) => {
    token ??= signIn();
    token.catch(() => void (token = undefined));
    return plainRequest(url + path, {
      ...request,
      headers: { "x-auth-token": await token, ...request.headers },
    });
  };
  return {
    ask,
    get: async <Body>(path: string) => {
      const { status, body } = await ask(path);
      if (status >= 300) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
      return body as Body;
    },
  };
}

export function commandLine(pid: number): string {
  try {
    return `${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")} `;
  } catch {
    return "";
  }
}

function parentOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}

/** All living processes below that one. */
export function descendants(root: number): readonly number[] {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))] as const),
  );
  const found: number[] = [];
  for (let wave = [root]; wave.length > 0;) {
    wave = [...parents].flatMap(([pid, parent]) => (wave.includes(parent) ? [pid] : []));
    found.push(...wave);
  }
  return found;
}

/** Whether it is there and not merely waiting to be collected by its parent. */
export function alive(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2)[0] !== "Z";
  } catch {
    return false;
  }
}

/** Resolves when none of them is left. */
export async function gone(pids: readonly number[], patience: Patience = {}): Promise<void> {
  await eventually(
    "processes to end",
    () => {
      const left = pids.filter(alive);
      if (left.length > 0)
        throw new Error(left.map((pid) => `${pid} ${commandLine(pid)}`).join("; "));
      return true;
    },
    patience,
  );
}
