import { execFile } from "node:child_process";
import { connect } from "node:net";
import { ActionFailed, defineAction } from "raicho/pack";

interface Parameters {
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly keyfile: string | null;
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

function signsIn(
  { hostname, port, username, keyfile, ssh_timeout: seconds }: Parameters,
  signal: AbortSignal,
): Promise<string | undefined> {
  const options = [
    "BatchMode=yes",
    `ConnectTimeout=${seconds}`,
    "StrictHostKeyChecking=accept-new",
  ];
  const args = [
    ...options.flatMap((option) => ["-o", option]),
    "-i",
    keyfile ?? "",
    "-p",
    String(port),
    "-l",
    username,
    "--",
    hostname,
    "true",
  ];
  return new Promise((resolve) => {
    execFile("ssh", args, { signal }, (error, _out, words) =>
      resolve(error === null ? undefined : words.trim() || error.message),
    );
  });
}

/** Answers true, in the shape of StackStorm's Python action. */
export const action = defineAction<Parameters>(async (parameters, { sleep, signal, log }) => {
  const { hostname, keyfile, retries, sleep_delay: pause } = parameters;
  if (hostname.startsWith("-")) throw new ActionFailed(`"${hostname}" is no machine`);
  for (let attempt = 1; attempt <= retries; attempt += 1) {
    const fault =
      (await answers(parameters)) ??
      (keyfile === null ? undefined : await signsIn(parameters, signal));
    if (fault === undefined) return { result: true, exit_code: 0, stdout: "", stderr: "" };
    log.info(`attempt ${attempt} of ${retries}: ${fault}`);
    if (attempt < retries) await sleep(pause * 1_000);
  }
  throw new ActionFailed(`${hostname} did not answer over SSH in ${retries} attempts`);
});
