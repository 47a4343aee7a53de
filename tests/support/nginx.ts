/** A real nginx with a directory of sites. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./haproxy.ts";

export interface Nginx {
  readonly port: number;
  readonly config: string;
  /** Directory of the sites' files. */
  readonly sites: string;
  /** A directory that can be served; its page says what was wanted. */
  readonly root: string;
  /** What it answers for that name of a site. */
  get(host: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startNginx(page: string): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-nginx-"));
  chmodSync(folder, 0o755);
  const at = (name: string): string => join(folder, name);
  for (const name of ["sites", "root"]) mkdirSync(at(name), { mode: 0o755 });
  writeFileSync(join(at("root"), "index.html"), page);
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${at(name)};`)
    .join(" ");
  writeFileSync(
    at("nginx.conf"),
    `pid ${at("nginx.pid")}; error_log ${at("error.log")}; worker_processes 1;
events {}
http { access_log off; ${temporary}
  include ${at("sites")}/*.conf;
  server { listen 127.0.0.1:${port} default_server; return 404 "nothing"; } }
`,
  );
  const child = spawn("nginx", ["-c", at("nginx.conf"), "-g", "daemon off;"], {
    stdio: "ignore",
    env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` },
  });
  const ended = once(child, "exit");
  const get = async (host: string): Promise<string> => {
    const { request } = await import("node:http");
    const asked = request({ host: "127.0.0.1", port, path: "/", headers: { host } });
    asked.end();
    const [response] = (await once(asked, "response")) as [AsyncIterable<Buffer>];
    let text = "";
    for await (const chunk of response) text += chunk.toString();
    return text;
  };
  await eventually("nginx", () => get("x").catch(() => undefined));
  return {
    port,
    config: at("nginx.conf"),
    sites: at("sites"),
    root: at("root"),
    get,
    async stop() {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
