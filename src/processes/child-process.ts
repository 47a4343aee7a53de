/** One killable child: Node with nothing allowed but reading the code it runs, in a process group that dies with us. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface ChildOptions {
  readonly module: URL;
  readonly export: string;
  readonly memoryMb: number;
  readonly outputBytes: number;
}

export interface Child {
  send(line: string): void;
  /** Ends the child and everything it started, at once. */
  kill(): void;
}

export interface ChildEvents {
  /** One line of the child; never longer than `outputBytes` and a little. */
  line(text: string): void;
  /** The child is gone; what it last said on stderr. Called once, not after `kill`. */
  ended(reason: string): void;
}

// The shell is the leader of the group. It waits on a pipe (3) that only we hold: when we are gone, by whatever signal, it reads
// the end of the pipe and kills the group. The program therefore needs no event loop to die.
const script = `unset PWD OLDPWD SHLVL _
exec 4<&0
"$0" "$@" <&4 3<&- 4<&- &
exec </dev/null >/dev/null 2>&1 4<&-
read -r _ <&3
kill -9 0`;

export function startChild(options: ChildOptions, events: ChildEvents): Child {
  const shell = spawn("/bin/sh", ["-c", script, process.execPath, ...nodeArguments(options)], {
    detached: true,
    cwd: "/",
    env: {},
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  let over = false;
  let complaint = "";
  const kill = (): void => {
    over = true;
    killGroup(shell);
  };
  const end = (reason: string): void => {
    if (over) return;
    kill();
    events.ended(reason);
  };
  shell.stderr?.on("data", (bytes: Buffer) => {
    complaint = (complaint + bytes.toString()).slice(-2000);
  });
  readLines(shell, options.outputBytes + 1000, {
    line: (text) => over || events.line(text),
    tooLong: () => end(`it sent more than ${options.outputBytes} bytes`),
  });
  shell.stdout?.on("close", () => setImmediate(() => end(lastWords(complaint))));
  shell.on("error", (error) => end(error.message));
  for (const stream of shell.stdio) stream?.on("error", () => undefined);
  unref(shell);
  return {
    send: (line) => shell.stdin?.write(`${line}\n`),
    kill,
  };
}

function killGroup(shell: ChildProcess): void {
  for (const stream of shell.stdio) stream?.destroy();
  if (shell.pid === undefined) return;
  try {
    process.kill(-shell.pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}

/** A waiting child must not keep its parent alive; a call does, by its deadline's timer. */
function unref(shell: ChildProcess): void {
  shell.unref();
  for (const stream of shell.stdio) {
    if (stream && "unref" in stream && typeof stream.unref === "function") stream.unref();
  }
}

function readLines(
  { stdout }: ChildProcess,
  longest: number,
  events: { line(text: string): unknown; tooLong(): void },
): void {
  let parts: Buffer[] = [];
  let length = 0;
  stdout?.on("data", (bytes: Buffer) => {
    let rest = bytes;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      parts.push(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      const text = Buffer.concat(parts).toString();
      parts = [];
      length = 0;
      events.line(text);
    }
    parts.push(rest);
    length += rest.length;
    if (length > longest) events.tooLong();
  });
}

function lastWords(complaint: string): string {
  if (/heap out of memory|heap limit/.test(complaint)) return "it ran out of memory";
  const line = complaint.trim().split("\n").at(-1)?.trim() ?? "";
  return line === "" ? "it was killed or ended without a word" : line;
}

function nodeArguments(options: ChildOptions): readonly string[] {
  const main = fileURLToPath(import.meta.url.replace(/child-process(\.[jt]s)$/, "child-main$1"));
  return [
    "--no-warnings",
    "--permission",
    ...readable(main, fileURLToPath(options.module)).map((path) => `--allow-fs-read=${path}`),
    "--disallow-code-generation-from-strings",
    "--disable-proto=delete",
    `--max-old-space-size=${options.memoryMb}`,
    "--enable-experimental-regexp-engine-on-excessive-backtracks",
    main,
    options.module.href,
    options.export,
    String(options.outputBytes),
  ];
}

/** Code only: the directory of our sources, that of the module, and the packages beside them; where one is a link, what it leads to as well. */
function readable(main: string, module: string): readonly string[] {
  const paths = new Set<string>([dirname(dirname(main)), dirname(module)]);
  for (const start of [main, module]) {
    for (let at = dirname(start); at !== dirname(at); at = dirname(at)) {
      const beside = [join(at, "node_modules"), join(at, "package.json")];
      for (const path of beside.filter(existsSync)) paths.add(path).add(realpathSync(path));
    }
  }
  return [...paths];
}
