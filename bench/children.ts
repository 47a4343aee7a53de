/** Programs that a measurement starts and ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export interface Started {
  /** What the ready line captured. */
  readonly address: string;
  readonly pid: number;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Its first group is the address. */
  readonly ready: RegExp;
}

/** A busy machine takes its time. */
const readyMs = 120_000;

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const patience = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await exited;
  clearTimeout(patience);
}

/** Resolves when the program says that it is ready; rejects when it ends before that or is not ready after two minutes. */
export async function startProgram({
  command,
  args,
  env = {},
  cwd,
  ready,
}: Program): Promise<Started> {
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  child.stdin.on("error", () => undefined);
  let said = "";
  const address = new Promise<string>((resolve, reject) => {
    const late = setTimeout(
      () =>
        reject(
          new Error(
            `${command} ${args.join(" ")} was not ready within ${readyMs / 1_000} s: ${said}`,
          ),
        ),
      readyMs,
    );
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${command} ${args.join(" ")} ended: ${said}`)));
    child.stdout.on("data", (chunk: Buffer) => {
      if (said.length < 10_000) said += chunk.toString();
      const found = ready.exec(said);
      if (found === null) return;
      clearTimeout(late);
      resolve(found[1] ?? "");
    });
  });
  try {
    return { address: await address, pid: child.pid ?? 0, [Symbol.asyncDispose]: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}
