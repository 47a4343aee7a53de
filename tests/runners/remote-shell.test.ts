import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  remoteShellCommandRunner,
  type RemoteShellOptions,
} from "../../src/runners/remote-shell.ts";
import type { Runner } from "../../src/runners/runner.ts";
import { describeRunner, givesAway, secretValue } from "../contracts/runner.ts";
import { running } from "../support/families.ts";
import { needs } from "../support/needs.ts";
import { runCall } from "../support/run-call.ts";
import { passphrase, startSshd, type Sshd } from "../support/sshd.ts";
import { busyMs, busySeconds } from "../support/eventually.ts";

const folder = mkdtempSync(join(tmpdir(), "raicho-remote-"));
const knownHosts = join(folder, "known_hosts");
const settings: RemoteShellOptions = {
  knownHosts: [knownHosts],
  unknownHosts: "refuse",
  username: "nobody-else",
  privateKey: undefined,
  graceMs: 300,
  outputLimit: 50_000,
};

/** The runner with parameters that are known only when the server runs. */
function configured(basics: () => object): Runner {
  const runner = remoteShellCommandRunner(settings);
  return {
    ...runner,
    run: async (call) => runner.run({ ...call, parameters: { ...basics(), ...call.parameters } }),
  };
}

/** What went wrong, at that host or altogether. */
function errorOf(outcome: { result: unknown }, host = "127.0.0.1"): string {
  const result = outcome.result as Record<string, { error: string }> & { error: string };
  return result[host]?.error ?? result.error;
}

/** A file of known hosts with this text. */
function own(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe.skipIf(!needs("sshd"))("over SSH", () => {
  let sshd: Sshd;
  let basics: { hosts: string; username: string; port: number; private_key: string };
  beforeAll(async () => {
    sshd = await startSshd();
    const { username, port, key } = sshd;
    basics = { hosts: "127.0.0.1", username, port, private_key: key };
    writeFileSync(knownHosts, `[127.0.0.*]:${port} ${sshd.hostKey}\n`);
  });
  afterAll(async () => {
    await sshd.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = async (parameters: object, more: Partial<RemoteShellOptions> = {}) =>
    remoteShellCommandRunner({ ...settings, ...more }).run(
      runCall({ cmd: "echo ok", ...basics, ...parameters }),
    );
  describe("remote-shell-cmd", () => {
    describeRunner(() => configured(() => basics), {
      succeeds: { parameters: { cmd: "echo ok" } },
      fails: { parameters: { cmd: "exit 3" } },
      floods: { parameters: { cmd: "head -c 3000000 /dev/zero | tr '\\0' x" } },
      gigabyte: { parameters: { cmd: "head -c 1000000000 /dev/zero | tr '\\0' x" } },
      bytes: { parameters: { cmd: "printf '[\\377\\376\\303]'" } },
      secret: givesAway(`printf 'tr0ub'; sleep 0.1; echo '${secretValue.slice(5)}'`),
      skip: {
        hangs: "what happened stands below each host, not at the top; see below",
        family: "its processes are on other machines; see below",
        worker: "its processes are on other machines; see below",
      },
    });

    test.each([
      ["echo hello", "succeeded", { return_code: 0, stdout: "hello", stderr: "" }],
      ["echo '{\"a\": 1}'; echo 12 >&2", "succeeded", { stdout: { a: 1 }, stderr: 12 }],
      ["exit 3", "failed", { failed: true, succeeded: false, return_code: 3 }],
      ["kill -9 $$", "failed", { return_code: -1 }],
      ["pwd", "succeeded", { stdout: "/usr" }],
      ['echo "$GREETING/$ST2_ACTION_PACK_NAME"', "succeeded", { stdout: 'it\'s "$HOME"/core' }],
      ["cat", "succeeded", { stdout: "" }],
    ])("%s", async (cmd, status, result) => {
      const outcome = await run({ cmd, cwd: "/usr", env: { GREETING: `it's "$HOME"` } });
      expect(outcome).toMatchObject({ status, result: { "127.0.0.1": result } });
    });

    test("has exactly StackStorm's keys for each host", async () => {
      expect(await run({ hosts: `127.0.0.1, 127.0.0.2:${sshd.port}` })).toEqual({
        status: "succeeded",
        result: Object.fromEntries(
          ["127.0.0.1", "127.0.0.2"].map((host) => [
            host,
            { failed: false, succeeded: true, return_code: 0, stdout: "ok", stderr: "" },
          ]),
        ),
      });
    });

    test("twenty hosts at once; one that fails does not stop the others", async () => {
      const names = Array.from({ length: 20 }, (_, n) => `127.0.0.${n + 1}`);
      const cmd = 'sleep 0.3; set -- $SSH_CONNECTION; echo "from $3"; test "$3" != 127.0.0.7';
      const from = performance.now();
      const outcome = await run({ hosts: names.join(","), cmd });
      expect(performance.now() - from).toBeLessThan(busyMs(15_000));
      expect(outcome.status).toBe("failed");
      const result = outcome.result as Record<string, { stdout: string; return_code: number }>;
      for (const name of names)
        expect(result[name]).toMatchObject({
          stdout: `from ${name}`,
          return_code: name === "127.0.0.7" ? 1 : 0,
        });
      const enough = await run(
        { hosts: "127.0.0.1,127.0.0.7", cmd },
        { allowPartialFailure: true },
      );
      expect(enough.status).toBe("succeeded");
    });

    test("a host that cannot be reached is one result among others; none at all is a failure of the whole", async () => {
      const hosts = "127.0.0.1,127.0.0.2:1";
      const some = await run({ hosts });
      expect(some).toMatchObject({
        status: "failed",
        result: {
          "127.0.0.1": { succeeded: true },
          "127.0.0.2": {
            failed: true,
            succeeded: false,
            timeout: false,
            return_code: 255,
            stdout: "",
            stderr: "",
            error: expect.stringMatching(
              /^Failed connecting to host 127\.0\.0\.2\. .*ECONNREFUSED/,
            ) as string,
            traceback: expect.any(String) as string,
          },
        },
      });
      const words = "Unable to connect to any one of the hosts: ['127.0.0.2']";
      expect(await run({ hosts: "127.0.0.2:1" })).toMatchObject({
        status: "failed",
        result: {
          error: expect.stringContaining(words) as string,
          failed: true,
          succeeded: false,
          return_code: 255,
        },
      });
    });

    test("a timeout answers as StackStorm does and leaves nothing at the other side", async () => {
      const mark = `9${process.pid}1`;
      const cmd = `echo before; sh -c "trap '' TERM; sleep ${mark}; sleep ${mark}" & sleep ${mark}`;
      const timeout = busySeconds(1);
      const { status, result } = await run({ cmd, timeout });
      const error = expect.stringContaining(
        `Command didn't finish in ${timeout} seconds.`,
      ) as string;
      const said = { stdout: "before", error };
      const ended = { failed: true, succeeded: false, timeout: true, return_code: -9, ...said };
      expect({ status, result }).toMatchObject({
        status: "timeout",
        result: { "127.0.0.1": ended },
      });
      await expect.poll(() => running(mark)).toBe(false);
    });

    test("only when all hosts timed out is it a timeout", async () => {
      const cmd = 'set -- $SSH_CONNECTION; test "$3" = 127.0.0.1 || sleep 60';
      const outcome = await run({ hosts: "127.0.0.1,127.0.0.2", cmd, timeout: busySeconds(2) });
      expect(outcome.status).toBe("failed");
    });

    test("a cancel ends the commands within 5 s", async () => {
      const mark = `9${process.pid}2`;
      const controller = new AbortController();
      const call = runCall(
        { ...basics, hosts: "127.0.0.1,127.0.0.2", cmd: `echo started; sleep ${mark}` },
        { signal: controller.signal },
      );
      const outcome = remoteShellCommandRunner(settings).run(call);
      await Promise.all([call.saying("[127.0.0.1] started"), call.saying("[127.0.0.2] started")]);
      const from = performance.now();
      controller.abort(new Error("not wanted any more"));
      expect(await outcome).toMatchObject({
        status: "canceled",
        result: { error: "not wanted any more", "127.0.0.1": { return_code: -15 } },
      });
      expect(performance.now() - from).toBeLessThan(busyMs(5_000));
      await expect.poll(() => running(mark)).toBe(false);
    });

    test("output of one host is told as it comes", async () => {
      const call = runCall({ ...basics, cmd: "echo one; echo two >&2" });
      await remoteShellCommandRunner(settings).run(call);
      expect(call.said).toEqual({ stdout: "one\n", stderr: "two\n" });
    });

    test.skipIf(!needs("sudo"))("sudo runs the same command as another user", async () => {
      const cmd = 'echo "$(id -un) $GREETING $(pwd)"';
      const outcome = await run({ cmd, sudo: true, env: { GREETING: "it's" }, cwd: "/usr" });
      expect(outcome.result).toMatchObject({ "127.0.0.1": { stdout: "root it's /usr" } });
    });

    test("an entry point is refused", async () => {
      const action = { entryPath: "/x.sh" };
      await expect(
        remoteShellCommandRunner(settings).run(runCall({ ...basics, cmd: "id" }, { action })),
      ).rejects.toThrow('Perhaps wanted to use "remote-shell-script" runner?');
    });
  });

  describe("signing in", () => {
    test("with key material, with a passphrase, and with the site's key", async () => {
      const material = { private_key: readFileSync(sshd.key, "utf8") };
      expect((await run(material)).status).toBe("succeeded");
      const locked = { private_key: sshd.lockedKey };
      expect((await run({ ...locked, passphrase })).status).toBe("succeeded");
      await expect(run(locked)).rejects.toThrow("is passphrase protected. Supply a passphrase.");
      await expect(run({ ...locked, passphrase: "no" })).rejects.toThrow("invalid passphrase");
      const site = { privateKey: sshd.key, username: sshd.username };
      const neither = { private_key: null, username: null };
      expect((await run(neither, site)).status).toBe("succeeded");
    });

    test("a wrong key is refused and a missing one named", async () => {
      const outcome = await run({ private_key: sshd.wrongKey });
      expect(errorOf(outcome)).toContain(
        `Connection error. Authentication failed for user ${sshd.username}.`,
      );
      await expect(run({ private_key: "/no/key" })).rejects.toThrow(
        "The private key file /no/key cannot be read",
      );
      await expect(run({ private_key: null })).rejects.toThrow(
        "Either password or private_key should be supplied",
      );
    });

    test("through a bastion host, which is verified too", async () => {
      const bastion = await startSshd();
      try {
        const both = `[127.0.0.*]:${sshd.port} ${sshd.hostKey}\n`;
        const files = join(folder, "with_bastion");
        const authorized = { private_key: sshd.key, bastion_host: `127.0.0.9:${bastion.port}` };
        writeFileSync(files, both);
        const refused = await run(authorized, { knownHosts: [files] });
        expect(errorOf(refused)).toContain(
          `The key of host [127.0.0.9]:${bastion.port} is not known`,
        );
        writeFileSync(files, `${both}[127.0.0.9]:${bastion.port} ${bastion.hostKey}\n`);
        const denied = await run(authorized, { knownHosts: [files] });
        expect(errorOf(denied)).toContain("Authentication failed");
        const through = { bastion_host: `127.0.0.9:${sshd.port}` };
        const cmd = 'set -- $SSH_CONNECTION; echo "$1"';
        expect(await run({ ...through, cmd })).toMatchObject({ status: "succeeded" });
        expect(sshd.log()).toContain(` on 127.0.0.9 port ${sshd.port} `);
      } finally {
        await bastion.stop();
      }
    });
  });

  describe("host keys", () => {
    test("an unknown host is refused with the way to add it", async () => {
      const file = own("empty", "");
      const outcome = await run({}, { knownHosts: [file] });
      expect(errorOf(outcome)).toMatch(
        new RegExp(
          `Connection error\\. The key of host \\[127\\.0\\.0\\.1\\]:${sshd.port} is not known \\(ssh-ed25519 SHA256:.*ssh-keyscan -p ${sshd.port} 127\\.0\\.0\\.1 >> ${file}`,
        ),
      );
      expect(readFileSync(file, "utf8")).toBe("");
    });

    test("remember keeps what was seen first, and a changed key is refused from then on", async () => {
      const file = join(folder, "deep", "remembered");
      const remember = { knownHosts: [file], unknownHosts: "remember" } as const;
      expect((await run({}, remember)).status).toBe("succeeded");
      expect(readFileSync(file, "utf8")).toBe(`[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`);
      expect((await run({}, remember)).status).toBe("succeeded");
      expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(1);
      const other = await startSshd({ keyType: "ecdsa" });
      try {
        writeFileSync(file, `[127.0.0.1]:${other.port} ${sshd.hostKey}\n`);
        const given = { port: other.port, private_key: other.key };
        for (const unknownHosts of ["remember", "accept", "refuse"] as const) {
          const outcome = await run(given, { knownHosts: [file], unknownHosts });
          expect(errorOf(outcome)).toContain("has changed: it shows ecdsa-sha2-nistp256 SHA256:");
        }
      } finally {
        await other.stop();
      }
    });

    test("accept takes any host without a word", async () => {
      const file = own("untouched", "");
      const { status } = await run({}, { knownHosts: [file], unknownHosts: "accept" });
      expect([status, readFileSync(file, "utf8")]).toEqual(["succeeded", ""]);
    });

    test("hashed names, exceptions, revoked keys and further files are understood", async () => {
      const name = `[127.0.0.1]:${sshd.port}`;
      const hashed = own("hashed", `${name} ${sshd.hostKey}\n`);
      execFileSync("ssh-keygen", ["-q", "-H", "-f", hashed], { stdio: "ignore" });
      expect(readFileSync(hashed, "utf8")).toMatch(/^\|1\|/);
      expect((await run({}, { knownHosts: [own("none", ""), hashed] })).status).toBe("succeeded");
      const except = own("except", `*,!${name} ${sshd.hostKey}\n`);
      expect(errorOf(await run({}, { knownHosts: [except] }))).toContain("is not known");
      const revoked = own("revoked", `${name} ${sshd.hostKey}\n@revoked * ${sshd.hostKey}\n`);
      expect(errorOf(await run({}, { knownHosts: [revoked] }))).toContain("is revoked");
    });
  });
});
