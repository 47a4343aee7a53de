/** Acceptance 1: one command starts everything, a second start keeps the data, and nothing stays behind. */
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { busyMs } from "../support/eventually.ts";
import {
  adminPassword,
  alive,
  basic,
  gone,
  plainRequest,
  type Raicho,
  removeHome,
  runRaicho,
  startRaicho,
  type StartOptions,
  temporaryHome,
} from "../support/raicho.ts";
import { freePort } from "../support/redis.ts";

vi.setConfig({ testTimeout: 150_000, hookTimeout: 60_000 });

const homes: string[] = [];
const running: Raicho[] = [];

function home(): string {
  const made = temporaryHome();
  homes.push(made);
  return made;
}

async function start(options: StartOptions): Promise<Raicho> {
  const raicho = await startRaicho(options);
  running.push(raicho);
  return raicho;
}

afterEach(async () => {
  for (const raicho of running.splice(0)) if (alive(raicho.pid)) await raicho.stop();
  for (const made of homes.splice(0)) removeHome(made);
});

/** Runs it to its end; what it said must be one line on stderr. */
async function refusal(options: StartOptions): Promise<string> {
  const { ended, printed } = runRaicho(["start"], options);
  const { code } = await ended;
  expect(code).toBe(1);
  expect(printed.out).not.toContain("raicho ready");
  const lines = printed.err.trim().split("\n");
  const last = lines.at(-1) ?? "";
  expect(last).toMatch(/^raicho: /);
  // Lines of the log may stand before it: they are stamped. Whatever else there is would be a stack.
  expect(lines.slice(0, -1).filter((line) => !/^\d{4}-\S+ (info|warn) /.test(line))).toEqual([]);
  return last;
}

function passwordIn(raicho: Raicho): string | undefined {
  return /the password (\S+) \(/.exec(raicho.printed().out)?.[1];
}

describe("a fresh data directory", () => {
  test("is ready within 10 s, prints a password once, keeps the data, and Ctrl-C leaves nothing", async () => {
    const place = home();
    const withoutPassword = { home: place, env: { RAICHO_ADMIN_PASSWORD: "" } };
    const first = await start(withoutPassword);
    expect(first.readyMs).toBeLessThan(busyMs(10_000));
    const password = passwordIn(first) ?? "";
    expect(password).toHaveLength(16);
    expect(statSync(join(place, "master.key")).mode & 0o077).toBe(0);

    const signedIn = await plainRequest(`${first.url}/auth/v1/tokens`, {
      method: "POST",
      headers: basic("admin", password),
    });
    expect(signedIn.status).toBe(201);
    const { token } = signedIn.body as { token: string };
    const made = await plainRequest(`${first.url}/v1/executions`, {
      method: "POST",
      headers: { "x-auth-token": token },
      body: { action: "core.noop" },
    });
    expect(made).toMatchObject({ status: 201 });
    const { id } = made.body as { id: string };

    const family = first.family();
    expect(family.length).toBeGreaterThan(3);
    first.interrupt();
    expect(await first.ended).toEqual({ code: 0, signal: null });
    await gone([first.pid, ...family], { seconds: 2 });

    const second = await start(withoutPassword);
    expect(passwordIn(second)).toBeUndefined();
    const found = await plainRequest(`${second.url}/v1/executions/${id}`, {
      headers: { "x-auth-token": token },
    });
    expect(found).toMatchObject({ status: 200, body: { id, status: "succeeded" } });
  });

  test("takes RAICHO_ADMIN_PASSWORD, and lets nobody in without a token", async () => {
    const raicho = await start({ home: home() });
    expect(passwordIn(raicho)).toBeUndefined();
    const tokens = `${raicho.url}/auth/v1/tokens`;
    const executions = `${raicho.url}/v1/executions`;
    const wrong = await plainRequest(tokens, { method: "POST", headers: basic("admin", "wrong") });
    expect(wrong.status).toBe(401);
    expect((await plainRequest(executions)).status).toBe(401);
    expect(
      (await plainRequest(executions, { headers: { "x-auth-token": "0".repeat(32) } })).status,
    ).toBe(401);
    const { body } = await plainRequest(tokens, {
      method: "POST",
      headers: basic("admin", adminPassword),
    });
    const { token } = body as { token: string };
    expect(await plainRequest(executions, { headers: { "x-auth-token": token } })).toMatchObject({
      status: 200,
      body: [],
    });
    expect(await plainRequest(`${raicho.url}/livez`)).toMatchObject({ status: 200 });
    expect(await plainRequest(`${raicho.url}/readyz`)).toMatchObject({ status: 200 });

    const other = await refusal({ home: raicho.home });
    expect(other).toContain(`process id ${raicho.pid}`);
    expect(await plainRequest(`${raicho.url}/readyz`)).toMatchObject({ status: 200 });
  });
});

test("when the supervisor is killed, everything below it ends, and the next start works", async () => {
  const place = home();
  const first = await start({ home: place });
  const made = await first.ask("/v1/executions", {
    method: "POST",
    body: { action: "core.local", parameters: { cmd: "sleep 300" } },
  });
  const { id } = made.body as { id: string };
  const family = first.family();
  process.kill(first.pid, "SIGKILL");
  await gone([first.pid, ...family], { seconds: 15 });

  const second = await start({ home: place });
  const { status } = await second.get<{ status: string }>(`/v1/executions/${id}`);
  expect(status).not.toBe("succeeded");
  expect((await second.stop()).code).toBe(0);
});

const root = process.getuid?.() === 0;

describe.runIf(root)("as root", () => {
  test("in a directory that other users cannot enter", async () => {
    const place = home();
    chmodSync(place, 0o700);
    const inner = join(place, "data");
    mkdirSync(inner, { mode: 0o700 });
    try {
      const raicho = await start({ home: inner });
      const family = raicho.family();
      raicho.interrupt();
      expect((await raicho.ended).code).toBe(0);
      await gone(family, { seconds: 2 });
      const again = await start({ home: inner });
      expect(again.readyMs).toBeLessThan(busyMs(10_000));
      expect((await again.stop()).code).toBe(0);
    } finally {
      removeHome(inner);
    }
  });

  test("and as an ordinary user", async () => {
    const user = ordinaryUser();
    try {
      const place = home();
      execFileSync("chown", [`${user}:`, place]);
      const before = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--"];
      const raicho = await start({ home: place, before, env: { HOME: place } });
      const family = raicho.family();
      const uid = Number(execFileSync("id", ["-u", user]).toString());
      expect(ownersOf(family)).toEqual(new Set([uid]));
      raicho.interrupt();
      expect((await raicho.ended).code).toBe(0);
      await gone([raicho.pid, ...family], { seconds: 2 });
    } finally {
      execFileSync("userdel", [user], { stdio: "ignore" });
    }
  });
});

function ordinaryUser(): string {
  const name = "raicho-tester";
  try {
    execFileSync("id", [name], { stdio: "ignore" });
  } catch {
    execFileSync("useradd", ["--no-create-home", "--shell", "/bin/sh", name]);
  }
  return name;
}

function ownersOf(pids: readonly number[]): ReadonlySet<number> {
  return new Set(pids.filter(alive).map((pid) => statSync(`/proc/${pid}`).uid));
}

describe("a start that cannot work says what to do, in one line", () => {
  test("a port that is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const RAICHO_PORT = String(port);
    expect(await refusal({ home: home(), env: { RAICHO_PORT } })).toBe(
      `raicho: RAICHO_PORT: 127.0.0.1:${port} is taken by another program; set RAICHO_PORT to a free port`,
    );
    expect(await refusal({ home: home(), env: { RAICHO_SMTP_PORT: RAICHO_PORT } })).toContain(
      "set RAICHO_SMTP_PORT to a free port",
    );
    taken.close();
  });

  test("a time zone that does not exist, a port that is none, a database that does not answer", async () => {
    expect(await refusal({ home: home(), env: { RAICHO_TZ: "Asia/Tokio" } })).toBe(
      "raicho: RAICHO_TZ=Asia/Tokio is not a time zone: give a name such as Asia/Tokyo or UTC",
    );
    expect(await refusal({ home: home(), env: { RAICHO_PORT: "http" } })).toContain(
      "RAICHO_PORT=http is not a port",
    );
    const DATABASE_URL = `postgres://raicho:x@127.0.0.1:${await freePort()}/raicho`;
    expect(await refusal({ home: home(), env: { DATABASE_URL } })).toMatch(
      /^raicho: the database of DATABASE_URL cannot be used: .*ECONNREFUSED.*; start it or correct DATABASE_URL$/,
    );
  });

  test("no authentication on an address that others reach", async () => {
    const env = { RAICHO_AUTH: "off", RAICHO_HOST: "0.0.0.0" };
    expect(await refusal({ home: home(), env })).toContain(
      "RAICHO_AUTH=off is refused with RAICHO_HOST=0.0.0.0",
    );
  });
});
