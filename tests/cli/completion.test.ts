/** The tab key, in the real shells; and what starting a command loads. */
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandEntries } from "../../src/cli/commands.ts";
import { needs } from "../support/needs.ts";
import { repository } from "../support/raicho.ts";
import { runCli } from "./run.ts";

const run = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), "raicho-completion-"));
const main = join(repository, "src/main.ts");

beforeAll(() => {
  const program = join(directory, "raicho");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
  chmodSync(program, 0o755);
});
afterAll(() => rmSync(directory, { recursive: true }));

const environment = {
  PATH: `${directory}${delimiter}${process.env["PATH"] ?? ""}`,
  HOME: directory,
};

async function inShell(shell: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(shell, args, { env: environment, cwd: directory });
  return stdout;
}

async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { out } = await runCli(["complete", "--", ...words]);
  return out.split("\n").map((line) => line.split("\t")[0] ?? "");
}

describe("what may follow", () => {
  test("commands, with what they do", async () => {
    const { out } = await runCli(["complete", "--", "trig"]);
    expect(out).toBe(
      "trigger-instance\tlist what happened, or let it happen again\ntrigger\tlist and show trigger types\n",
    );
  });

  test("verbs, also after options with values and by another name of a command", async () => {
    expect(await offered("execution", "re")).toEqual(["re-run", "resume", ""]);
    expect(await offered("--url", "http://x", "-j", "execution", "ca")).toEqual(["cancel", ""]);
  });

  test("options of the verb and of all commands", async () => {
    expect(await offered("execution", "list", "--st")).toEqual(["--status", "--stream-url", ""]);
  });

  test("values of an option that has few, and nothing where a file is meant", async () => {
    expect(await offered("rule", "list", "-o", "js")).toEqual(["json", "jsonl", ""]);
    expect(await offered("--cacert", "")).toEqual([""]);
    expect(await offered("rule", "create", "")).toEqual([""]);
  });

  test("no names when the server cannot be asked", async () => {
    expect(await offered("--url", "http://127.0.0.1:1", "rule", "get", "")).toEqual([""]);
  });

  test("an unknown shell is refused", async () => {
    expect(await runCli(["completion", "csh"])).toMatchObject({
      code: 2,
      notes: 'raicho: there is no completion for "csh"; give one of bash, zsh, fish\n',
    });
  });
});

describe("in a shell", { timeout: 120_000 }, () => {
  test("bash", async () => {
    const script = `source <(raicho completion bash)
COMP_WORDS=(raicho execution ca); COMP_CWORD=2; _raicho; echo "\${COMPREPLY[@]}"
COMP_WORDS=(raicho -o ""); COMP_CWORD=2; _raicho; echo "\${COMPREPLY[@]}"
complete -p raicho`;
    expect(await inShell("bash", "--norc", "-c", script)).toBe(
      "cancel\ntable json yaml jsonl\ncomplete -o bashdefault -o default -F _raicho raicho\n",
    );
  });

  test.skipIf(!needs("fish"))("fish", async () => {
    const script = `raicho completion fish | source
complete -C "raicho execution ca"
complete -C "raicho -o y"`;
    expect(await inShell("fish", "--no-config", "-c", script)).toBe(
      "cancel\tCancel executions.\nyaml\thow results are written\n",
    );
  });

  test.skipIf(!needs("zsh"))("zsh", async () => {
    // compadd is what would put the candidates on the screen.
    const script = `autoload -Uz compinit && compinit -u -D
source <(raicho completion zsh)
_describe() { print -l -- $candidates }
_files() { print files }
words=(raicho execution ca); CURRENT=3; _raicho
words=(raicho rule create ""); CURRENT=4; _raicho
print $_comps[raicho]`;
    expect(await inShell("zsh", "-f", "-c", script)).toBe(
      "cancel:Cancel executions.\nfiles\n_raicho\n",
    );
  });
});

describe("starting", { timeout: 120_000 }, () => {
  const hook = `import { registerHooks } from "node:module";
const rooms = new Map();
registerHooks({ load(url, context, next) {
  const [, room] = /\\/src\\/(\\w+)\\//.exec(url) ?? /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url) ?? [];
  if (room !== undefined) rooms.set(room, (rooms.get(room) ?? 0) + 1);
  return next(url, context);
} });
process.on("exit", () => process.stderr.write("\\nLOADED " + JSON.stringify([...rooms.keys()].sort())));
`;
  // These read and write files of this machine, with the loader and the languages of the server.
  const offline = new Set(["lint", "init", "schema", "workflow", "pack"]);
  const asking = commandEntries.map(({ name }) => name).filter((name) => !offline.has(name));

  test.each(asking)("%s loads nothing of the server", async (name) => {
    const file = join(directory, "hook.mjs");
    writeFileSync(file, hook);
    const { stderr } = await run(process.execPath, ["--import", file, main, name, "--help"], {
      env: environment,
    });
    const rooms = JSON.parse(/LOADED (.*)$/.exec(stderr)?.[1] ?? "[]") as string[];
    expect(
      rooms.filter((room) => !["cli", "model", "inventory", "commander"].includes(room)),
    ).toEqual([]);
  });
});
