import { spawn, type ChildProcess } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
  renameSync,
  statSync,
} from "node:fs";
import { once } from "node:events";
import { createConnection, createServer, type AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { Secret } from "../../src/model/secret.ts";
import type { ImapAccount } from "../../src/sensors/imap.ts";

/** A real Dovecot on a free port of the loopback, with one Maildir. Works as root and as an ordinary user. */
export class Dovecot {
  readonly folder = mkdtempSync(join(tmpdir(), "raicho-dovecot-"));
  readonly #maildir = join(this.folder, "mail");
  #port = 0;
  #process: ChildProcess | undefined;
  #delivered = 0;
  #owner = { uid: userInfo().uid, gid: userInfo().gid, name: userInfo().username };

  async start(): Promise<void> {
    this.#prepare();
    if (this.#port === 0) this.#port = await freePort();
    writeFileSync(join(this.folder, "dovecot.conf"), this.#config());
    // Another process of the machine may hold the port for a moment: as a real server's supervisor would, try again.
    for (let attempt = 1; !(await this.#launch(attempt === 5)); attempt += 1) {
      await new Promise((next) => setTimeout(next, 100 * attempt));
    }
  }

  /** False when it ended at once; throws with what it said when `last`. */
  async #launch(last: boolean): Promise<boolean> {
    rmSync(join(this.folder, "run"), { recursive: true, force: true });
    const child = spawn("dovecot", ["-F", "-c", join(this.folder, "dovecot.conf")], {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    this.#process = child;
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    const running = await reachable(this.#port, child);
    if (!running && last) throw new Error(`dovecot ended with ${child.exitCode}: ${said}`);
    return running;
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    // The whole group at once, as when the machine goes down: connections break and no process stays.
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    await once(child, "exit");
    // Its children hold the listening socket until they are gone as well.
    while (!(await isFree(this.#port))) await new Promise((next) => setTimeout(next, 10));
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Puts a message into the Maildir as a delivery agent does: written in tmp, moved to new. */
  deliver(raw: string | Buffer): void {
    this.#delivered += 1;
    const name = `${1_000_000_000 + this.#delivered}.M${process.pid}.host`;
    const written = join(this.#maildir, "tmp", name);
    writeFileSync(written, raw);
    this.#give(written);
    renameSync(written, join(this.#maildir, "new", name));
  }

  /** Forgets all UIDs while stopped, as a mailbox does that was restored from a backup. */
  rebuild(): void {
    for (const name of readdirSync(this.#maildir)) {
      if (name.startsWith("dovecot")) rmSync(join(this.#maildir, name), { recursive: true });
    }
    // UIDVALIDITY is the time in seconds; a value of its own makes the change certain within one second.
    const list = join(this.#maildir, "dovecot-uidlist");
    writeFileSync(
      list,
      `3 V${Math.floor(Date.now() / 1_000) + 86_400} N1 G00000000000000000000000000000001\n`,
    );
    this.#give(list);
  }

  /** Marks everything as seen and moves it to cur, as another mail client does. */
  markAllSeen(): void {
    for (const name of readdirSync(join(this.#maildir, "new"))) {
      renameSync(join(this.#maildir, "new", name), join(this.#maildir, "cur", `${name}:2,S`));
    }
  }

  account(): ImapAccount {
    return {
      name: "test",
      server: "127.0.0.1",
      port: this.#port,
      username: "alerts",
      password: new Secret("secret"),
      folder: "INBOX",
      secure: false,
    };
  }

  #prepare(): void {
    if (this.#owner.uid === 0) this.#owner = { uid: 65_534, gid: 65_534, name: "nobody" };
    chmodSync(this.folder, 0o755);
    for (const name of ["", "tmp", "new", "cur"]) {
      const place = join(this.#maildir, name);
      mkdirSync(place, { recursive: true });
      this.#give(place);
    }
  }

  #give(place: string): void {
    if (statSync(place).uid !== this.#owner.uid) chownSync(place, this.#owner.uid, this.#owner.gid);
  }

  #config(): string {
    const { uid, gid, name } = this.#owner;
    const unchrooted = ["anvil", "stats", "imap-login"].map(
      (service) => `service ${service} {\n  chroot =\n}\n`,
    );
    return `base_dir = ${this.folder}/run
state_dir = ${this.folder}/state
log_path = ${this.folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = ${name}
default_login_user = ${name}
default_internal_group = ${userGroup(name)}
mail_location = maildir:${this.#maildir}
first_valid_uid = 1
last_valid_uid = 0
first_valid_gid = 1
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${this.folder}
}
${unchrooted.join("")}service imap-login {
  inet_listener imap {
    port = ${this.#port}
  }
  inet_listener imaps {
    port = 0
  }
}
`;
  }
}

function userGroup(name: string): string {
  return name === "nobody" ? "nogroup" : name;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const bound = new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  const free = await bound;
  if (free) {
    server.close();
    await once(server, "close");
  }
  return free;
}

/** True at the first greeting; false when the process ends before. */
async function reachable(port: number, child: ChildProcess): Promise<boolean> {
  while (child.exitCode === null) {
    const greeted = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, "127.0.0.1");
      socket.once("data", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("data", () => socket.destroy());
    });
    if (greeted) return true;
    await new Promise((next) => setTimeout(next, 20));
  }
  return false;
}
