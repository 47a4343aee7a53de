/** StackStorm's command line, unmodified, in a process and a home directory of its own. */
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { stripVTControlCharacters } from "node:util";

/** Its entry point is called as its installed program would call it. */
const start = `import sys; sys.argv[0] = "st2"; from st2client.shell import main; sys.exit(main())`;

export interface Client {
  /** A checkout of StackStorm/st2. */
  readonly checkout: string;
  readonly python: string;
  readonly pythonPath: readonly string[];
  /** Where it keeps its configuration and token. */
  readonly home: string;
  /** `http://127.0.0.1:…`. */
  readonly url: string;
}

export interface Called {
  readonly code: number;
  /** Both outputs, without colours. */
  readonly printed: string;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Calls it; with lines to type, at a terminal of its own. */
export async function call(
  client: Client,
  words: readonly string[],
  types: readonly string[] | undefined,
): Promise<Called> {
  const command = [client.python, "-c", start, ...words];
  const [program = "", ...args] =
    types === undefined ? command : ["script", "-qefc", command.map(quoted).join(" "), "/dev/null"];
  const child = spawn(program, args, {
    stdio: [types === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      HOME: client.home,
      TERM: "xterm",
      TRIAL: "inherited",
      ST2_BASE_URL: client.url,
      ST2_API_URL: `${client.url}/v1`,
      ST2_AUTH_URL: `${client.url}/auth/v1`,
      ST2_STREAM_URL: `${client.url}/stream/v1`,
      PYTHONDONTWRITEBYTECODE: "1",
      PYTHONPATH: [join(client.checkout, "st2client"), ...client.pythonPath].join(delimiter),
    },
  });
  child.stdin?.end(types?.map((line) => `${line}\r`).join(""));
  let printed = "";
  const add = (chunk: Buffer): void => void (printed += chunk.toString());
  child.stdout?.on("data", add);
  child.stderr?.on("data", add);
  const timer = setTimeout(() => child.kill("SIGKILL"), 120_000);
  const code = await new Promise<number>((done, fail) => {
    child.once("error", fail);
    child.once("close", (status) => done(status ?? -1));
  });
  clearTimeout(timer);
  return {
    code,
    printed: stripVTControlCharacters(printed).replaceAll("\r", ""),
  };
}
