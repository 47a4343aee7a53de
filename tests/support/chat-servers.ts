/** Real chat servers for tests: ngIRCd and Prosody, and a listener for what webhooks are sent. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./haproxy.ts";

export interface ChatServer {
  readonly port: number;
  stop(): Promise<void>;
}

const environment = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` };

function started(
  command: string,
  args: readonly string[],
): { child: ChildProcess; said: () => string } {
  let said = "";
  const child = spawn(command, args, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.on("data", (chunk: Buffer) => void (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (said += chunk.toString()));
  return { child, said: () => said };
}

async function listening(
  what: string,
  port: number,
  { child, said }: ReturnType<typeof started>,
): Promise<void> {
  await eventually(
    what,
    async () => {
      if (child.exitCode !== null) throw new Error(`${what} ended: ${said()}`);
      const socket = connect(port, "127.0.0.1");
      try {
        await once(socket, "connect");
        return true;
      } finally {
        socket.destroy();
      }
    },
    { seconds: 60, everyMs: 100 },
  );
}

async function ended({ child }: ReturnType<typeof started>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "close");
}

export async function startIrc(): Promise<ChatServer> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-irc-"));
  const port = await freePort();
  const file = join(folder, "n.conf");
  writeFileSync(
    file,
    `[Global]\nName = irc.example.jp\nInfo = test\nAdminInfo1 = x\nAdminEMail = a@example.jp\nListen = 127.0.0.1\nPorts = ${port}\nServerGID = irc\nServerUID = irc\n[Options]\nDNS = no\nIdent = no\nPAM = no\n`,
  );
  const server = started("ngircd", ["-n", "-f", file]);
  await listening("ngircd", port, server);
  return {
    port,
    stop: async () => {
      await ended(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Lines that somebody in that channel gets. */
export async function irssi(
  port: number,
  nick: string,
  channel: string,
): Promise<{ lines: () => string; leave(): void }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk) => {
    text += String(chunk);
    for (const [, token] of String(chunk).matchAll(/^PING (.*)\r$/gm))
      socket.write(`PONG ${token}\r\n`);
  });
  socket.write(`NICK ${nick}\r\nUSER ${nick} 0 * :x\r\nJOIN ${channel}\r\n`);
  await eventually("to be in the channel", () => / 366 /.test(text), { seconds: 60 });
  return { lines: () => text, leave: () => socket.destroy() };
}

/** A Prosody for example.jp with rooms at conf.example.jp, these accounts (password `pw`), and TLS with a certificate of its own. */
export async function startXmpp(
  users: readonly string[],
): Promise<ChatServer & { readonly ca: string; readonly log: () => string }> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-xmpp-"));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "data"));
  const [port, key, ca] = [await freePort(), join(folder, "key.pem"), join(folder, "cert.pem")];
  spawnSync("openssl", [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    key,
    "-out",
    ca,
    "-days",
    "2",
    "-subj",
    "/CN=example.jp",
    "-addext",
    "subjectAltName=DNS:example.jp",
  ]);
  const file = join(folder, "p.cfg.lua");
  writeFileSync(
    file,
    `run_as_root = true
pidfile = "${folder}/p.pid"
data_path = "${folder}/data"
modules_enabled = { "roster", "saslauth", "disco", "ping", "posix", "tls", "mam", "admin_shell" }
modules_disabled = { "s2s" }
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
c2s_require_encryption = true
authentication = "internal_plain"
ssl = { key = "${key}", certificate = "${ca}" }
certificates = "${folder}"
log = { info = "*console" }
VirtualHost "example.jp"
  ssl = { key = "${key}", certificate = "${ca}" }
Component "conf.example.jp" "muc"
  muc_room_locking = false
  modules_enabled = { "muc_mam" }
`,
  );
  for (const user of users)
    spawnSync("prosodyctl", ["--root", "--config", file, "register", user, "example.jp", "pw"], {
      env: environment,
    });
  const server = started("prosody", ["--root", "--config", file, "-F"]);
  await listening("prosody", port, server);
  return {
    port,
    ca,
    log: server.said,
    stop: async () => {
      await ended(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface Hooked {
  readonly path: string;
  readonly body: unknown;
}

/** Takes what webhooks are sent; the first of `answers` that is left is what it says, 200 when none is. */
export async function startHookListener(): Promise<{
  readonly url: string;
  readonly got: readonly Hooked[];
  readonly answers: { status: number; headers?: Record<string, string>; body?: string }[];
  stop(): Promise<void>;
}> {
  const got: Hooked[] = [];
  const answers: { status: number; headers?: Record<string, string>; body?: string }[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => void (text += String(chunk)));
    request.on("end", () => {
      const { status, headers = {}, body = "ok" } = answers.shift() ?? { status: 200 };
      if (status < 300) got.push({ path: request.url ?? "", body: JSON.parse(text) });
      response.writeHead(status, headers).end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    got,
    answers,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
