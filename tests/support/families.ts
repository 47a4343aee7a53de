/** Programs whose children leave their process group, and whether anything of them is left. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Shell text: says `started PIDS`, one of a child in a session of its own and one of a child without parents, and stays. Nobody minds a polite signal. */
export const familyInShell = `trap '' TERM
setsid sh -c 'trap "" TERM; sleep 600 & wait' & a=$!
b=$(setsid sh -c 'trap "" TERM; sleep 600 >/dev/null 2>&1 & echo $!')
echo "started $$ $a $b"
while :; do sleep 1; done`;

/** The same as the body of a Python action. */
export const familyInPython = `import os, signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
a = subprocess.Popen(['setsid', 'sleep', '600']).pid
b = subprocess.check_output(['setsid', 'sh', '-c', 'sleep 600 >/dev/null 2>&1 & echo $!']).decode().strip()
print('started %d %d %s' % (os.getpid(), a, b), flush=True)
time.sleep(600)`;

/** The same as a TypeScript action; it ends at once when it is told to. */
export const familyInTypescript = `async (_, { sleep }) => {
  const { execFileSync, spawn } = await import("node:child_process");
  const a = spawn("setsid", ["sh", "-c", "trap '' TERM; sleep 600 & wait"], { stdio: "ignore" }).pid;
  const b = spawn("sleep", ["600"], { stdio: "ignore", detached: true }).pid;
  console.log(\`started \${a} \${b}\`);
  await sleep(600_000);
}`;

/** The process ids after the word "started". */
export function pidsIn(text: string): readonly number[] {
  return (/started ([\d ]+)/.exec(text)?.[1] ?? "").trim().split(" ").map(Number);
}

/** Those of them that run. What has ended and only waits for its parent does not. */
export function alive(pids: readonly number[]): readonly number[] {
  return pids.filter((pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, "utf8");
      return !"ZX".includes(text.charAt(text.lastIndexOf(")") + 2));
    } catch {
      return false;
    }
  });
}

/** Whether a `sleep` of that many seconds runs. */
export function running(mark: string): boolean {
  try {
    execFileSync("pgrep", ["-f", `^sleep ${mark}`]);
    return true;
  } catch {
    return false;
  }
}
