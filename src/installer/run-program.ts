/** Runs git, Python and pip without a shell, bounded in time and in what they may say. */
import { spawn } from "node:child_process";

export interface ProgramEnd {
  /** Exit code; undefined when it was ended by a signal or never started. */
  readonly code: number | undefined;
  readonly stdout: Buffer;
  /** The last of what it said. */
  readonly words: string;
}

export interface ProgramCall {
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly seconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of standard output that are kept; a program that says more is ended. */
  readonly most?: number;
}

/** Never rejects: a program that cannot be started ends without a code, and `words` say why. */
export function runProgram(
  program: string,
  args: readonly string[],
  { directory, environment = {}, seconds, signal, most = 4_000_000 }: ProgramCall,
): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: directory,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const stdout: Buffer[] = [];
    let size = 0;
    let words = "";
    const kill = (why: string): void => {
      words = `${words}\n${why}`;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    };
    const late = setTimeout(() => kill(`It took longer than ${seconds} seconds.`), seconds * 1_000);
    const abort = (): void => kill("It was interrupted.");
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    child.stdout.on("data", (bytes: Buffer) => {
      size += bytes.length;
      if (size > most) kill(`It said more than ${most} bytes.`);
      else stdout.push(bytes);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-4_000);
    });
    const end = (code: number | undefined): void => {
      clearTimeout(late);
      signal?.removeEventListener("abort", abort);
      resolve({ code, stdout: Buffer.concat(stdout), words: words.trim() });
    };
    child.once("error", (error) => {
      words = error.message;
      end(undefined);
    });
    child.once("close", (code) => end(code ?? undefined));
  });
}
