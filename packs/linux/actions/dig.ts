import { execFile } from "node:child_process";
import { ActionFailed, defineAction } from "raicho/pack";

interface Parameters {
  readonly hostname: string;
  readonly nameserver: string | null;
  readonly querytype: string;
  readonly queryopts: string;
  readonly rand: boolean;
  readonly count: number;
}

/** Options of dig would be read out of names that begin with these. */
function plain(text: string, what: string): string {
  if (!/^[-+@]/.test(text) || what === "options") return text;
  throw new ActionFailed(`"${text}" is no ${what}`);
}

function dig(args: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile("dig", args, { signal, maxBuffer: 4_000_000 }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else if (error.code === "ENOENT")
        reject(new ActionFailed("there is no dig here: install dnsutils"));
      else reject(new ActionFailed(`dig failed: ${error.message}`));
    });
  });
}

/** Answers the lines of dig, in the shape of StackStorm's Python action. */
export const action = defineAction<Parameters>(
  async ({ hostname, nameserver, querytype, queryopts, rand, count }, { signal }) => {
    const options = queryopts.split(",").filter((option) => option !== "");
    const output = await dig(
      [
        ...(nameserver === null || nameserver === "" ? [] : [`@${plain(nameserver, "server")}`]),
        ...options.map((option) => `+${option}`),
        plain(hostname, "name"),
        plain(querytype, "type"),
      ],
      signal,
    );
    const text = querytype.toLowerCase() === "txt" ? output.replaceAll('"', "") : output;
    const lines = text.split("\n").filter((line) => line !== "");
    if (rand) lines.sort(() => Math.random() - 0.5);
    const result = count > 0 ? lines.slice(0, count) : lines;
    return { result, exit_code: 0, stdout: "", stderr: "" };
  },
);
