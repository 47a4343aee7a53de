import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ActionFailed, defineAction } from "raicho/pack";

interface Parameters {
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly keyfile: string | null;
  readonly password: string | null;
  readonly ssh_timeout: number;
  readonly sleep_delay: number;
  readonly retries: number;
}

/** Undefined when the server says that it speaks SSH; else what is wrong. */
function answers({
  hostname,
  port,
  ssh_timeout: seconds,
}: Parameters): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port });
    const end = (reason: string | undefined): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.setTimeout(seconds * 1_000, () => end("no answer in time"));
    socket.once("error", (error) => end(error.message));
    socket.once("close", () => end("the connection was closed"));
    socket.once("data", (bytes) =>
      end(
        bytes.toString("latin1").startsWith("SSH-") ? undefined : "what answers does not speak SSH",
      ),
    );
  });
}

/** How `ssh` learns who signs in; a password wins over a key. `askpass`: a program that tells the password. */
function credentials(
  { keyfile, password }: Parameters,
  askpass: string,
): { readonly options: readonly string[]; readonly environment: NodeJS.ProcessEnv } {
  if (password === null)
    return { options: ["-o", "BatchMode=yes", "-i", keyfile ?? ""], environment: {} };
  const options = [
    "NumberOfPasswordPrompts=1",
    "PubkeyAuthentication=no",
    "PreferredAuthentications=password,keyboard-interactive",
  ];
  return {
    options: options.flatMap((option) => ["-o", option]),
    environment: {
      SSH_ASKPASS: askpass,
      SSH_ASKPASS_REQUIRE: "force",
      RAICHO_SSH_PASSWORD: password,
    },
  };
}

function signsIn(
  parameters: Parameters,
  askpass: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { hostname, port, username, ssh_timeout: seconds } = parameters;
  const { options, environment } = credentials(parameters, askpass);
  const args = [
    ...options,
    "-o",
    `ConnectTimeout=${seconds}`,
    "-o",
    "StrictHostKeyChecking=accept-new",
    "-p",
    String(port),
    "-l",
    username,
    "--",
    hostname,
    "true",
  ];
  return new Promise((resolve) => {
    const env = { ...process.env, ...environment };
    execFile("ssh", args, { signal, env }, (error, _out, words) =>
      resolve(error === null ? undefined : words.trim() || error.message),
    );
  });
}

/** A program that tells the password it finds in its environment, where only its own user can look. */
async function writeAskpass(directory: string): Promise<string> {
  const file = join(directory, "askpass");
  await writeFile(file, '#!/bin/sh\nprintf "%s\\n" "$RAICHO_SSH_PASSWORD"\n', { mode: 0o700 });
  return file;
}

/** Answers true, in the shape of StackStorm's Python action. */
export const action = defineAction<Parameters>(async (parameters, { sleep, signal, log }) => {
  const { hostname, keyfile, password, retries, sleep_delay: pause } = parameters;
  if (hostname.startsWith("-")) throw new ActionFailed(`"${hostname}" is no machine`);
  const directory = await mkdtemp(join(tmpdir(), "raicho-ssh-"));
  try {
    const askpass = await writeAskpass(directory);
    const anonymous = keyfile === null && password === null;
    for (let attempt = 1; attempt <= retries; attempt += 1) {
      const fault =
        (await answers(parameters)) ??
        (anonymous ? undefined : await signsIn(parameters, askpass, signal));
      if (fault === undefined) return { result: true, exit_code: 0, stdout: "", stderr: "" };
      log.info(`attempt ${attempt} of ${retries}: ${fault}`);
      if (attempt < retries) await sleep(pause * 1_000);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  throw new ActionFailed(`${hostname} did not answer over SSH in ${retries} attempts`);
});
