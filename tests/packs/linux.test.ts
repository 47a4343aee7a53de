/** Waiting for a machine until one can sign in there, over a real sshd. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { needs } from "../support/needs.ts";
import { shippedPackActions, type ShippedPacks } from "../support/shipped-packs.ts";
import { startSshd, type Sshd } from "../support/sshd.ts";
import { unixUser, type UnixUser } from "../support/unix-user.ts";

const root = process.getuid?.() === 0;
if (!root) process.stderr.write("skipped: only root can make a user with a password\n");

describe.skipIf(!root || !needs("sshd") || !needs("sudo") || !needs("openssl"))(
  "linux.wait_for_ssh",
  () => {
    let packs: ShippedPacks;
    let sshd: Sshd;
    let user: UnixUser;
    beforeAll(async () => {
      sshd = await startSshd({ passwords: true });
      user = unixUser();
      packs = await shippedPackActions({});
    });
    afterAll(async () => {
      await packs.close();
      await sshd.stop();
      user.remove();
      // The system's ssh remembers the server.
      execFileSync("ssh-keygen", ["-R", `[127.0.0.1]:${sshd.port}`], { stdio: "ignore" });
    });

    const wait = (parameters: object): ReturnType<ShippedPacks["run"]> =>
      packs.run("linux.wait_for_ssh", {
        hostname: "127.0.0.1",
        port: sshd.port,
        retries: 1,
        ssh_timeout: 30,
        ...parameters,
      });

    test("is content with an answer where nobody signs in", async () => {
      expect(await wait({})).toMatchObject({ status: "succeeded", result: { result: true } });
    });

    test("signs in with a password, and not with a wrong one", async () => {
      const { name: username, password } = user;
      expect(await wait({ username, password })).toMatchObject({ status: "succeeded" });
      expect(await wait({ username, password: "no" })).toMatchObject({ status: "failed" });
    });

    test("signs in with a key, and not with a wrong one", async () => {
      const { username, key, wrongKey } = sshd;
      expect(await wait({ username, keyfile: key })).toMatchObject({ status: "succeeded" });
      expect(await wait({ username, keyfile: wrongKey })).toMatchObject({ status: "failed" });
    });
  },
);
