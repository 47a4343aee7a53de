/** The terminal of this process. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { CliError, exitCodes, type Environment, type Terminal } from "./cli.ts";

/** Whether colours are wanted: https://no-color.org, and FORCE_COLOR for those who pipe into a pager. */
function wantsColours(environment: Environment, isTty: boolean): boolean {
  if ((environment["NO_COLOR"] ?? "") !== "") return false;
  const forced = environment["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return isTty && environment["TERM"] !== "dumb";
}

function ask(question: string, hidden: boolean): Promise<string> {
  const muted = new Writable({ write: (_chunk, _encoding, done) => done() });
  return new Promise((resolve, reject) => {
    if (hidden) process.stderr.write(question);
    const lines = createInterface({
      input: process.stdin,
      output: hidden ? muted : process.stderr,
      terminal: true,
    });
    let answered = false;
    lines.question(hidden ? "" : question, (answer) => {
      answered = true;
      lines.close();
      if (hidden) process.stderr.write("\n");
      resolve(answer);
    });
    lines.once("close", () => {
      if (!answered) reject(new CliError(exitCodes.interrupted, "nothing was answered"));
    });
  });
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

export function processTerminal(environment: Environment): Terminal {
  const { stdout, stderr, stdin } = process;
  // A pager that was closed wants no more.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCodes.ok);
    throw error;
  });
  const interactive = stdin.isTTY && stdout.isTTY;
  return {
    write: (text) => void stdout.write(text),
    note: (text) => void stderr.write(text),
    interactive,
    notesSeen: stderr.isTTY,
    colours: wantsColours(environment, stdout.isTTY),
    columns: stdout.isTTY ? stdout.columns : undefined,
    ask: async (question, { hidden = false } = {}) => {
      if (!stdin.isTTY)
        throw new CliError(
          exitCodes.usage,
          `nobody can be asked: "${question.trim()}"; run this at a terminal, or give it as an option (--help tells which)`,
        );
      return ask(question, hidden);
    },
    readInput,
  };
}
