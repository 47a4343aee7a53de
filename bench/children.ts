/** Programs that a measurement starts and ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export interface Started {
  /** What the ready line captured. */
  readonly address: string;
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

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const patience = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await exited;
  clearTimeout(patience);
}

/** Resolves when the program says that it is ready; rejects when it ends before that or says nothing for 30 s. */
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
      () => reject(new Error(`${command} ${args.join(" ")} was not ready within 30 s: ${said}`)),
      30_000,
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
    return { address: await address, [Symbol.asyncDispose]: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}
