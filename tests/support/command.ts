/** The command line as a user of a running Raicho has it: a process of its own each time, signed in as admin. */
import { adminPassword, basic, plainRequest, type Raicho, runRaicho } from "./raicho.ts";

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Commands {
  /** What it is run with: address and token. */
  readonly env: Readonly<Record<string, string>>;
  run(...words: readonly string[]): Promise<Said>;
  /** What it prints; rejects with its words when it fails. */
  ok(...words: readonly string[]): Promise<string>;
  /** The same with `--json`, read. */
  json<Value>(...words: readonly string[]): Promise<Value>;
}

/** `raicho <first> …`, run in that directory. */
export async function commandsOf(
  { url, home }: Pick<Raicho, "url" | "home">,
  { first, cwd }: { readonly first: string; readonly cwd: string },
): Promise<Commands> {
  const headers = basic("admin", adminPassword);
  const { body } = await plainRequest(`${url}/auth/v1/tokens`, {
    method: "POST",
    body: {},
    headers,
  });
  const env = { HOME: cwd, RAICHO_URL: url, RAICHO_TOKEN: (body as { token: string }).token };
  const run: Commands["run"] = async (...words) => {
    const { ended, printed } = runRaicho([first, ...words], { home, cwd, env });
    const { code } = await ended;
    return { code, ...printed };
  };
  const ok: Commands["ok"] = async (...words) => {
    const { code, out, err } = await run(...words);
    if (code !== 0) throw new Error(`${words.join(" ")}: ${code}\n${out}\n${err}`);
    return out;
  };
  return {
    env,
    run,
    ok,
    json: async <Value>(...words: readonly string[]) =>
      JSON.parse(await ok(...words, "--json")) as Value,
  };
}
