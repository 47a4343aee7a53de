import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { spawner } from "../../src/processes/spawner.ts";
import { localShellCommandRunner, localShellScriptRunner } from "../../src/runners/local-shell.ts";
import { describeRunner, givesAway, secretValue } from "../contracts/runner.ts";
import { familyInShell } from "../support/families.ts";
import { runCall } from "../support/run-call.ts";

const real = spawner();
const folder = mkdtempSync(join(tmpdir(), "raicho-spawned-"));
afterAll(async () => {
  await real.close();
  rmSync(folder, { recursive: true, force: true });
});

const options = {
  spawn: (...[program, args, more]: Parameters<typeof real.spawn>) =>
    real.spawn(program, args, more),
  outputLimit: 50_000,
  graceMs: 500,
};

const gigabyte = "head -c 1000000000 /dev/zero | tr '\\0' x";
const bytes = "printf '[\\377\\376\\303]'";

/** Says $x in two pieces. */
const halves = `printf '%s' "$x" | head -c 6; sleep 0.1; printf '%s\\n' "$x" | tail -c +7`;

const script = (name: string, text: string) => {
  const entryPath = join(folder, name);
  writeFileSync(entryPath, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return { parameters: {}, action: { entryPath } };
};

describe("local-shell-cmd through the spawner process", () => {
  describeRunner(() => localShellCommandRunner(options), {
    succeeds: { parameters: { cmd: "echo ok" } },
    fails: { parameters: { cmd: "exit 3" } },
    hangs: { parameters: { cmd: "echo started; sleep 600" } },
    floods: { parameters: { cmd: "head -c 3000000 /dev/zero | tr '\\0' x" } },
    family: { parameters: { cmd: familyInShell } },
    gigabyte: { parameters: { cmd: gigabyte } },
    bytes: { parameters: { cmd: bytes } },
    secret: givesAway(`x='${secretValue}'; ${halves}`),
    worker: "local-shell-cmd",
  });
});

describe("local-shell-script through the spawner process", () => {
  describeRunner(() => localShellScriptRunner(options), {
    succeeds: script("ok.sh", "echo ok"),
    fails: script("fails.sh", "exit 3"),
    hangs: script("hangs.sh", "echo started; sleep 600"),
    floods: script("floods.sh", "yes | head -c 2000000"),
    family: script("family.sh", familyInShell),
    gigabyte: script("gigabyte.sh", gigabyte),
    bytes: script("bytes.sh", bytes),
    secret: {
      parameters: { word: secretValue },
      action: {
        ...script("secret.sh", `x="$1"; ${halves}`).action,
        parameters: { word: { type: "string", secret: true, position: 0 } },
      },
    },
    worker: "local-shell-script",
  });

  test("10,000 random texts arrive byte for byte, named and by position", async () => {
    const text = fc
      .oneof(
        fc.string({ unit: "grapheme", maxLength: 30 }),
        fc.string({ unit: "binary", maxLength: 30 }),
        fc.string({
          unit: fc.constantFrom(...Array.from(`'"\\$\`\n\r\t *?!~;&|<>(){}[]#=-%あ`)),
          maxLength: 12,
        }),
      )
      .map((word) => word.toWellFormed().replaceAll("\0", "").replaceAll("\u001E", ""));
    const { action } = script("show.sh", "printf '%s\\036' \"$@\"");
    const perRun = 500;
    for (let from = 0; from < 10_000; from += perRun) {
      const words = fc.sample(text, { numRuns: perRun, seed: from + 1 });
      const names = words.map((_, index) => `p${index}`);
      const half = perRun / 2;
      const given = Object.fromEntries(names.map((name, index) => [name, words[index]]));
      const parameters = Object.fromEntries(
        names.slice(half).map((name, position) => [name, { type: "string", position }] as const),
      );
      let seen = "";
      const call = {
        ...runCall(given, { action: { ...action, parameters } }),
        emit: (_: string, said: string) => {
          seen += said;
        },
      };
      const runner = localShellScriptRunner({ ...options, outputLimit: 1_000_000 });
      expect((await runner.run(call)).status).toBe("succeeded");
      const named = words
        .slice(0, half)
        .flatMap((word, index) => (word === "" ? [] : [`--p${index}=${word}`]));
      expect(seen.split("\u001E").slice(0, -1)).toEqual([...named, ...words.slice(half)]);
    }
  });
});
