import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Outcome } from "../../src/model/outcome.ts";
import { remoteShellCommandRunner } from "../../src/runners/remote-shell.ts";
import { running } from "../support/families.ts";
import { needs } from "../support/needs.ts";
import { runCall, type RecordedCall } from "../support/run-call.ts";
import { startSshd, type Sshd } from "../support/sshd.ts";
import { unixUser, type UnixUser } from "../support/unix-user.ts";
import { busySeconds } from "../support/eventually.ts";

const root = process.getuid?.() === 0;
if (!root) process.stderr.write("skipped: only root can make a user with a password\n");

describe.skipIf(!root || !needs("sshd") || !needs("sudo") || !needs("openssl"))(
  "a user with a password",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "raicho-password-"));
    chmodSync(folder, 0o755);
    const knownHosts = join(folder, "known_hosts");
    let sshd: Sshd;
    let user: UnixUser;
    beforeAll(async () => {
      sshd = await startSshd({ passwords: true });
      user = unixUser();
      writeFileSync(knownHosts, `[127.0.0.*]:${sshd.port} ${sshd.hostKey}\n`);
    });
    afterAll(async () => {
      await sshd.stop();
      user.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    const start = (parameters: object): { call: RecordedCall; outcome: Promise<Outcome> } => {
      const runner = remoteShellCommandRunner({
        knownHosts: [knownHosts],
        unknownHosts: "refuse",
        username: "nobody-else",
        privateKey: undefined,
      });
      const { name: username, password } = user;
      const basics = { hosts: "127.0.0.1", port: sshd.port, username, password };
      const call = runCall({ ...basics, ...parameters });
      return { call, outcome: runner.run(call) };
    };
    const run = async (parameters: object): Promise<Outcome> => await start(parameters).outcome;

    test("signs in with it; a wrong one is said", async () => {
      expect(await run({ cmd: "id -un" })).toMatchObject({
        status: "succeeded",
        result: { "127.0.0.1": { stdout: user.name } },
      });
      expect(await run({ cmd: "id -un", password: "no" })).toMatchObject({
        status: "failed",
        result: {
          return_code: 255,
          error: expect.stringContaining(`Authentication failed for user ${user.name}.`) as string,
        },
      });
    });

    test("a password wins over a key that does not fit", async () => {
      const outcome = await run({ cmd: "id -un", private_key: sshd.wrongKey });
      expect(outcome.status).toBe("succeeded");
    });

    test("sudo asks for it, and keeps the variables", async () => {
      const cmd = 'echo "$(id -un) $GREETING"; cat';
      const asked = { cmd, sudo: true, env: { GREETING: "it's" } };
      expect(await run({ ...asked, sudo_password: user.password })).toMatchObject({
        status: "succeeded",
        result: { "127.0.0.1": { stdout: "root it's", stderr: "" } },
      });
      expect(await run({ ...asked, sudo_password: "no" })).toMatchObject({
        status: "failed",
        result: {
          "127.0.0.1": {
            return_code: 1,
            stderr: expect.stringMatching(
              /incorrect password attempt|no password was provided/,
            ) as string,
          },
        },
      });
    });

    test("what sudo started is ended at a timeout", async () => {
      const mark = `9${process.pid}7`;
      const asked = { sudo: true, sudo_password: user.password, timeout: busySeconds(3) };
      const outcome = await run({ ...asked, cmd: `echo here; sleep ${mark}` });
      expect(outcome).toMatchObject({
        status: "timeout",
        result: { "127.0.0.1": { return_code: -9, stdout: "here" } },
      });
      await expect.poll(() => running(mark)).toBe(false);
    });

    test("a connection that breaks in the middle is one host's failure, with what was said before", async () => {
      const go = join(folder, "go");
      // The parent of the command's shell is the process that serves the connection.
      const cmd = `set -- $SSH_CONNECTION; echo "on $3"; test "$3" = 127.0.0.1 || exit 0; while [ ! -e ${go} ]; do sleep 0.05; done; kill -9 $PPID`;
      const started = start({ hosts: "127.0.0.1,127.0.0.2", cmd });
      await started.call.saying("[127.0.0.1] on 127.0.0.1\n");
      writeFileSync(go, "");
      const outcome = await started.outcome;
      expect(outcome).toMatchObject({
        status: "failed",
        result: {
          "127.0.0.1": {
            failed: true,
            return_code: 255,
            stdout: "on 127.0.0.1",
            error: expect.stringContaining("The connection was lost.") as string,
          },
          "127.0.0.2": { succeeded: true, stdout: "on 127.0.0.2" },
        },
      });
    });
  },
);
