import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Haproxy {
  /** The runtime API over TCP and as a UNIX socket. */
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly socket: string;
  stop(): Promise<void>;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

/** Starts a real HAProxy with the backend `web` of these servers; resolves when its runtime API answers. */
export async function startHaproxy(
  servers: readonly string[] = ["web01", "web02"],
  port?: number,
): Promise<Haproxy> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-haproxy-"));
  const socket = join(folder, "admin.sock");
  const runtime = port ?? (await freePort());
  const front = await freePort();
  const lines = servers.map(
    (name, index) => `  server ${name} 127.0.0.1:${18_081 + index} weight 100`,
  );
  writeFileSync(
    join(folder, "haproxy.cfg"),
    `global
  stats socket ${socket} mode 600 level admin
  stats socket ipv4@127.0.0.1:${runtime} level admin
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend fe
  bind 127.0.0.1:${front}
  default_backend web
backend web
  balance roundrobin
${lines.join("\n")}
`,
  );
  const environment = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` };
  const child = spawn("haproxy", ["-db", "-f", join(folder, "haproxy.cfg")], {
    env: environment,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
  const ended = once(child, "exit");
  while (!(await accepts(runtime)))
    if (child.exitCode !== null) throw new Error(`haproxy did not start: ${words}`);
  return {
    host: "127.0.0.1",
    port: runtime,
    socket,
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
    await once(socket, "connect");
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  } finally {
    socket.destroy();
  }
}
