import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "./haproxy.ts";

export interface Sshd {
  /** Listens on all of 127.0.0.0/8. */
  readonly port: number;
  readonly username: string;
  /** Files of private keys that may sign in; the second has the passphrase `open sesame`. */
  readonly key: string;
  readonly lockedKey: string;
  /** A private key that may not. */
  readonly wrongKey: string;
  /** What every address of this server has to stand for in a known_hosts file. */
  readonly hostKey: string;
  /** What the server wrote about its work. */
  readonly log: () => string;
  stop(): Promise<void>;
}

export const passphrase = "open sesame";

/** Starts Debian's sshd with a configuration and keys of its own; resolves when it answers. */
export async function startSshd(
  options: { readonly keyType?: string; readonly passwords?: boolean } = {},
): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-sshd-"));
  const at = (name: string): string => join(folder, name);
  const makeKey = (name: string, secret = "", type = "ed25519"): string => {
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", secret, "-C", name, "-f", at(name)]);
    return at(name);
  };
  const host = makeKey("host", "", options.keyType);
  const key = makeKey("user");
  const lockedKey = makeKey("locked", passphrase);
  const wrongKey = makeKey("wrong");
  const authorized = [key, lockedKey].map((one) => readFileSync(`${one}.pub`, "utf8")).join("");
  writeFileSync(at("authorized"), authorized, { mode: 0o600 });
  // Where sshd gives up its rights before the sign-in; fixed when it was built.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const port = await freePort();
  writeFileSync(
    at("config"),
    `ListenAddress 0.0.0.0:${port}
HostKey ${host}
PidFile none
AuthorizedKeysFile ${at("authorized")}
StrictModes no
UsePAM no
PasswordAuthentication ${options.passwords === true ? "yes" : "no"}
KbdInteractiveAuthentication no
PermitRootLogin yes
AllowTcpForwarding yes
MaxStartups 200
MaxSessions 100
LogLevel VERBOSE
Subsystem sftp internal-sftp
`,
  );
  chmodSync(folder, 0o755);
  const child = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", at("config")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => void (words += chunk.toString()));
  const ended = once(child, "exit");
  while (!(await accepts(port)))
    if (child.exitCode !== null) throw new Error(`sshd did not start: ${words}`);
  return {
    port,
    username: userInfo().username,
    key,
    lockedKey,
    wrongKey,
    hostKey: readFileSync(`${host}.pub`, "utf8").split(" ").slice(0, 2).join(" "),
    log: () => words,
    async stop() {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "data");
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  } finally {
    socket.destroy();
  }
}
