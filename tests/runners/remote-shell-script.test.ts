import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { remoteShellScriptRunner } from "../../src/runners/remote-shell.ts";
import { describeRunner, secretValue } from "../contracts/runner.ts";
import { needs } from "../support/needs.ts";
import { runCall } from "../support/run-call.ts";
import { startSshd, type Sshd } from "../support/sshd.ts";

const folder = mkdtempSync(join(tmpdir(), "raicho-remote-script-"));
const knownHosts = join(folder, "known_hosts");

/** What JSON and the shell can hold, and does not end an item of the script's output. */
function isPlain(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0") && !text.includes("\u001E");
}

describe.skipIf(!needs("sshd"))("remote-shell-script", () => {
  let sshd: Sshd;
  const pack = join(folder, "pack");
  const entryPath = join(pack, "actions", "show.sh");
  const remote = join(folder, "remote dir");
  beforeAll(async () => {
    sshd = await startSshd();
    writeFileSync(knownHosts, `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`);
    mkdirSync(join(pack, "actions", "lib", "deep"), { recursive: true });
    mkdirSync(remote);
    writeFileSync(join(pack, "actions", "lib", "words.sh"), "word=library\n");
    writeFileSync(join(pack, "actions", "lib", "deep", "more.sh"), "more=deep\n");
    writeFileSync(
      entryPath,
      '#!/bin/sh\nhere=$(dirname "$0")\n. "$here/lib/words.sh"; . "$here/lib/deep/more.sh"\necho "$word $more $(pwd) $(basename "$here")"\nfor a in "$@"; do echo "[$a]"; done\nexit "${CODE:-0}"\n',
    );
  });
  afterAll(async () => {
    await sshd.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const script = async (parameters: object, more: Parameters<typeof runCall>[1] = {}) =>
    remoteShellScriptRunner({
      knownHosts: [knownHosts],
      unknownHosts: "refuse",
      username: sshd.username,
      privateKey: sshd.key,
      graceMs: 300,
    }).run(
      runCall(
        { hosts: "127.0.0.1", port: sshd.port, dir: remote, ...parameters },
        { ...more, action: { entryPath, packPath: pack, ...more.action } },
      ),
    );

  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    return path;
  };
  const runs = (name: string, text: string) => ({
    parameters: {},
    action: { entryPath: file(name, text) },
  });
  describeRunner(
    () => {
      const runner = remoteShellScriptRunner({
        knownHosts: [knownHosts],
        unknownHosts: "refuse",
        username: sshd.username,
        privateKey: sshd.key,
        graceMs: 300,
        outputLimit: 50_000,
      });
      // Each call copies into a directory of its own, as executions do.
      let calls = 0;
      return {
        ...runner,
        run: async (call) => {
          const basics = { hosts: "127.0.0.1", port: sshd.port, dir: folder };
          const executionId = `${call.executionId.slice(0, -2)}${10 + (calls += 1)}`;
          return runner.run({
            ...call,
            executionId,
            parameters: { ...basics, ...call.parameters },
          });
        },
      };
    },
    {
      succeeds: runs("ok.sh", "echo ok"),
      fails: runs("fails.sh", "exit 3"),
      floods: runs("floods.sh", "yes | head -c 2000000"),
      gigabyte: runs("gigabyte.sh", "head -c 1000000000 /dev/zero | tr '\\0' x"),
      bytes: runs("bytes.sh", "printf '[\\377\\376\\303]'"),
      secret: {
        parameters: { word: secretValue },
        action: {
          ...runs("secret.sh", "printf 'tr0ub'; sleep 0.1; echo \"${1#tr0ub}\"").action,
          parameters: { word: { type: "string", secret: true, position: 0 } },
        },
      },
      skip: {
        hangs: "what happened stands below each host, not at the top; see below",
        family: "its processes are on other machines; see below",
        worker: "its processes are on other machines; see below",
      },
    },
  );

  test("the script and its lib are copied, run with their arguments, and removed", async () => {
    const outcome = await script(
      { cwd: "/usr", first: "it's a", verbose: true, name: 'x "y" $HOME', list: [1, "b"] },
      { action: { parameters: { first: { type: "string", position: 0 } } } },
    );
    expect(outcome).toMatchObject({
      status: "succeeded",
      result: {
        "127.0.0.1": {
          stdout:
            'library deep /usr 65a000000000000000000001\n[--verbose]\n[--name=x "y" $HOME]\n[--list=[1,"b"]]\n[it\'s a]',
        },
      },
    });
    expect(readdirSync(remote)).toEqual([]);
  });

  test("it is removed after a failure and after a timeout as well", async () => {
    expect((await script({ env: { CODE: "4" } })).status).toBe("failed");
    expect(readdirSync(remote)).toEqual([]);
    const slow = join(pack, "actions", "slow.sh");
    writeFileSync(slow, "#!/bin/sh\nsleep 60\n");
    const outcome = await script({ timeout: 1 }, { action: { entryPath: slow } });
    expect(outcome.status).toBe("timeout");
    expect(readdirSync(remote)).toEqual([]);
  });

  test("what cannot be copied is said", async () => {
    const outcome = await script({ dir: "/proc/nowhere" });
    expect(outcome).toMatchObject({
      status: "failed",
      result: {
        "127.0.0.1": {
          return_code: 255,
          error: expect.stringMatching(
            /^Failed sending file\(s\) in path .*show\.sh to host 127\.0\.0\.1 /,
          ) as string,
        },
      },
    });
    const missing = { action: { entryPath: "/gone.sh" } };
    await expect(script({}, missing)).rejects.toThrow("The entry point /gone.sh cannot be read");
  });

  test("arguments arrive byte-identical", async () => {
    const print = join(pack, "actions", "print.sh");
    writeFileSync(print, "#!/bin/sh\nprintf '%s\\036' \"$@\"\n");
    const text = fc.string({ unit: "grapheme", minLength: 1 }).filter(isPlain);
    const words = fc.sample(text, { numRuns: 200, seed: 1 });
    const parameters = Object.fromEntries(
      words.map((_, position) => [`p${position}`, { type: "string", position } as const]),
    );
    const given = Object.fromEntries(words.map((word, n) => [`p${n}`, word]));
    const outcome = await script(given, { action: { entryPath: print, parameters } });
    expect(outcome.status).toBe("succeeded");
    const { stdout } = (outcome.result as Record<string, { stdout: string }>)["127.0.0.1"] ?? {};
    expect(stdout).toBe(words.map((word) => `${word}\u001e`).join(""));
  });
});
