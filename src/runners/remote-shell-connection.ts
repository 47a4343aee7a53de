/** SSH to one host, directly or through a bastion host. */
import { once } from "node:events";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import type { Duplex } from "node:stream";
import ssh2, {
  type Client,
  type ClientChannel,
  type ConnectConfig,
  type ServerHostKeyAlgorithm,
  type SFTPWrapper,
} from "ssh2";
import type { RemoteHost } from "./remote-shell-hosts.ts";
import { hostKeys, type HostKeyOptions, type HostKeys } from "./remote-shell-known-hosts.ts";

export interface Login {
  readonly username: string;
  readonly password: string | undefined;
  /** Key material. */
  readonly privateKey: string | undefined;
  readonly passphrase: string | undefined;
}

export interface ConnectionOptions extends HostKeyOptions {
  readonly login: Login;
  /** Port of hosts that say none. */
  readonly port: number;
  readonly bastion: RemoteHost | undefined;
  readonly connectMs: number;
}

export interface RemoteExit {
  /** Undefined when a signal ended the command. */
  readonly code: number | undefined;
}

export interface RemoteCommand {
  /** Rejects when the connection is lost. */
  readonly ended: Promise<RemoteExit>;
  /** Stops waiting for it. */
  drop(): void;
}

export interface RemoteOutput {
  readonly input: string;
  readonly onOutput: (stream: "stdout" | "stderr", bytes: Buffer) => void;
}

/** Refused by the other side or by us, not a fault of the network. */
export class SshRefused extends Error {
  override readonly name = "SshRefused";
}

/** An open connection. */
export class RemoteConnection {
  readonly #client: Client;
  readonly #bastion: Client | undefined;

  private constructor(client: Client, bastion: Client | undefined) {
    this.#client = client;
    this.#bastion = bastion;
  }

  /** Rejects with SshRefused or the error of the network. `signal` gives up. */
  static async open(
    host: RemoteHost,
    options: ConnectionOptions,
    signal: AbortSignal,
  ): Promise<RemoteConnection> {
    if (options.bastion === undefined)
      return new RemoteConnection(await connect(host, options, { signal }), undefined);
    const bastion = await connect(options.bastion, options, { signal });
    try {
      const sock = await forward(bastion, host.name, host.port ?? options.port);
      return new RemoteConnection(await connect(host, options, { signal, sock }), bastion);
    } catch (error) {
      bastion.destroy();
      throw error;
    }
  }

  async exec(command: string, { input, onOutput }: RemoteOutput): Promise<RemoteCommand> {
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      this.#client.exec(command, (error, stream) => (error ? reject(error) : resolve(stream)));
    });
    let exit: RemoteExit | undefined;
    channel.on("data", (bytes: Buffer) => onOutput("stdout", bytes));
    channel.stderr.on("data", (bytes: Buffer) => onOutput("stderr", bytes));
    channel.on("exit", (code: number | null) => {
      exit = { code: code ?? undefined };
    });
    // The channel closes with stdout; stderr may still have something to say then.
    const closed = [channel, channel.stderr].map(
      (stream) => new Promise((resolve) => stream.once("close", resolve)),
    );
    const { promise: dropped, reject: drop } = Promise.withResolvers<never>();
    channel.on("error", drop);
    const wait = async (): Promise<RemoteExit> => {
      await Promise.race([Promise.all(closed), dropped]);
      if (exit === undefined) throw lost();
      return exit;
    };
    const ended = wait();
    channel.end(input);
    return {
      ended,
      drop: () => {
        channel.close();
        drop(lost());
      },
    };
  }

  async sftp(): Promise<SFTPWrapper> {
    return new Promise((resolve, reject) => {
      this.#client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp)));
    });
  }

  close(): void {
    this.#client.destroy();
    this.#bastion?.destroy();
  }
}

/** Copies a file, or a directory with everything in it; directories are made. Files keep the rights to be run. */
export async function copyTo(
  sftp: SFTPWrapper,
  from: string,
  to: string,
  mode?: number,
): Promise<void> {
  const found = await stat(from);
  if (!found.isDirectory()) {
    const bytes = await readFile(from);
    await done((back) => sftp.writeFile(to, bytes, { mode: mode ?? found.mode & 0o777 }, back));
    // The other side's umask has its say when a file is made.
    await done((back) => sftp.chmod(to, mode ?? found.mode & 0o777, back));
    return;
  }
  await makeDirectory(sftp, to);
  const names = (await readdir(from)).filter((name) => name !== "__pycache__");
  for (const name of names) await copyTo(sftp, join(from, name), posix.join(to, name));
}

export async function makeDirectory(sftp: SFTPWrapper, path: string): Promise<void> {
  await done((back) => sftp.mkdir(path, { mode: 0o755 }, back));
}

async function done(work: (back: (error?: Error | null) => void) => unknown): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    work((error) => (error ? reject(error) : resolve()));
  });
}

async function forward(client: Client, host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut("127.0.0.1", 0, host, port, (error, stream) =>
      error
        ? reject(new SshRefused(`The bastion host cannot reach it: ${error.message}`))
        : resolve(stream),
    );
  });
}

async function connect(
  { name, port }: RemoteHost,
  options: ConnectionOptions,
  { signal, sock }: { readonly signal: AbortSignal; readonly sock?: Duplex },
): Promise<Client> {
  const { login, connectMs } = options;
  const known = await hostKeys(name, port ?? options.port, options);
  const client = new ssh2.Client();
  let refused: string | undefined;
  const config: ConnectConfig = {
    host: name,
    port: port ?? options.port,
    username: login.username,
    readyTimeout: connectMs,
    keepaliveInterval: 15_000,
    tryKeyboard: login.password !== undefined,
    hostVerifier: (key: Buffer, verify: (good: boolean) => void) => {
      void judge(known, key).then((reason) => {
        refused = reason;
        return verify(reason === undefined);
      });
    },
    algorithms: { serverHostKey: keyOrder(known.algorithms) },
    ...(login.password === undefined ? {} : { password: login.password }),
    ...(login.privateKey === undefined ? {} : { privateKey: login.privateKey }),
    ...(login.passphrase === undefined ? {} : { passphrase: login.passphrase }),
    ...(sock === undefined ? {} : { sock }),
  };
  client.on("keyboard-interactive", (...[, , , prompts, answer]) =>
    answer(prompts.map(() => login.password ?? "")),
  );
  const giveUp = (): void => void client.destroy();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const ready = once(client, "ready", { signal });
    client.connect(config);
    await ready;
    // A later fault ends the channels, which is where it is noticed.
    client.on("error", () => undefined);
    return client;
  } catch (error) {
    client.on("error", () => undefined);
    client.destroy();
    throw refused === undefined ? explained(error, login) : new SshRefused(refused);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

function lost(): Error {
  return new Error("The connection was lost.");
}

async function judge(known: HostKeys, key: Buffer): Promise<string | undefined> {
  return known
    .check(key)
    .catch((error: unknown) => `The host's key could not be remembered: ${String(error)}`);
}

const keyAlgorithms: readonly ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
  "ssh-rsa",
];

/** Those of which a key is known first: the other side then shows that key and not one of another kind. */
function keyOrder(known: readonly string[]): ServerHostKeyAlgorithm[] {
  const first = keyAlgorithms.filter((name) => known.includes(name));
  return [...first, ...keyAlgorithms.filter((name) => !known.includes(name))];
}

function explained(error: unknown, { username }: Login): unknown {
  const level = error instanceof Error && "level" in error ? error.level : undefined;
  if (!(error instanceof Error) || typeof level !== "string") return error;
  if (level === "client-authentication")
    return new SshRefused(`Authentication failed for user ${username}.`);
  if (level === "client-timeout") return new Error("Timed out while waiting for the handshake.");
  return level === "client-socket" ? error : new SshRefused(error.message);
}
