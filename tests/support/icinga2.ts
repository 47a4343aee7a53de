/** A real Icinga 2 with its API, one host, and services whose results are handed in. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";

export interface Icinga2 {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Certificate of its authority; its own says `raicho-icinga`. */
  readonly ca: string;
  readonly serverName: string;
  ask(method: string, path: string, body?: object): Promise<unknown>;
  /** Hands in a check result: 0 OK, 1 WARNING, 2 CRITICAL. */
  result(host: string, service: string, state: number, output: string): Promise<void>;
  stop(): Promise<void>;
}

const name = "raicho-icinga";
const password = "icinga's secret";

/** `notify`: program and arguments of notifications, as Icinga writes them; `services` of `host`. */
export async function startIcinga2(
  port: number,
  host: string,
  services: readonly string[],
  notify: readonly string[],
): Promise<Icinga2> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-icinga2-"));
  const at = (path: string): string => join(folder, path);
  for (const path of ["data/certs", "log", "cache", "run", "spool"])
    mkdirSync(at(path), { recursive: true });
  const [crt, key] = [at(`data/certs/${name}.crt`), at(`data/certs/${name}.key`)];
  execFileSync(
    "openssl",
    `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${name} -addext subjectAltName=DNS:${name} -keyout ${key} -out ${crt}`.split(
      " ",
    ),
    { stdio: "ignore" },
  );
  writeFileSync(at("data/certs/ca.crt"), readFileSync(crt));
  writeFileSync(at("icinga2.conf"), configuration({ port, host, services, notify }));
  const { username } = userInfo();
  const defines = {
    DataDir: "data",
    LogDir: "log",
    CacheDir: "cache",
    InitRunDir: "run",
    SpoolDir: "spool",
  };
  const child = spawn(
    "/usr/sbin/icinga2",
    [
      "daemon",
      "-c",
      at("icinga2.conf"),
      ...Object.entries(defines).map(([define, path]) => `-D${define}=${at(path)}`),
    ],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ICINGA2_USER: username, ICINGA2_GROUP: username },
      detached: true,
    },
  );
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => void (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (said += chunk.toString()));
  const ended = once(child, "exit");
  const ask = (method: string, path: string, body?: object): Promise<unknown> =>
    askApi(port, readFileSync(crt), { method, path, body });
  await eventually(
    "Icinga 2",
    async () => {
      if (child.exitCode !== null) throw new Error(said.slice(-2_000));
      await ask("GET", "/v1/status");
      return true;
    },
    { seconds: 60, everyMs: 200 },
  );
  return {
    url: `https://127.0.0.1:${port}`,
    user: "raicho",
    password,
    ca: crt,
    serverName: name,
    ask,
    result: async (of, service, state, output) =>
      void (await ask("POST", "/v1/actions/process-check-result", {
        type: "Service",
        filter: "host.name == h && service.name == s",
        filter_vars: { h: of, s: service },
        exit_status: state,
        plugin_output: output,
      })),
    async stop() {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Configured {
  readonly port: number;
  readonly host: string;
  readonly services: readonly string[];
  readonly notify: readonly string[];
}

function configuration({ port, host, services, notify }: Configured): string {
  const command = notify.map((word) => JSON.stringify(word)).join(", ");
  return `const NodeName = "${name}"
const ZoneName = NodeName
include <itl>
object Endpoint NodeName { }
object Zone ZoneName { endpoints = [ NodeName ] }
object ApiListener "api" {
  bind_host = "127.0.0.1"
  bind_port = ${port}
}
object ApiUser "raicho" {
  password = ${JSON.stringify(password)}
  permissions = [ "*" ]
}
object CheckerComponent "checker" { }
object NotificationComponent "notification" { }
object User "sys" { }
object NotificationCommand "post" {
  command = [ ${command} ]
}
object Host "${host}" {
  check_command = "dummy"
  vars.dummy_state = 0
  address = "192.0.2.9"
  display_name = "${host} (shown)"
  check_interval = 1h
}
apply Notification "post" to Service {
  command = "post"
  users = [ "sys" ]
  interval = 0
  assign where true
}
${services
  .map(
    (service) => `object Service "${service}" {
  host_name = "${host}"
  check_command = "dummy"
  enable_active_checks = false
  max_check_attempts = 1
  check_interval = 1h
}
`,
  )
  .join("")}`;
}

function askApi(
  port: number,
  ca: Buffer,
  {
    method,
    path,
    body,
  }: { readonly method: string; readonly path: string; readonly body: object | undefined },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        method,
        path,
        ca,
        servername: name,
        auth: `raicho:${password}`,
        agent: false,
        timeout: 20_000,
        headers: { accept: "application/json" },
      },
      (response) => {
        const read = async (): Promise<unknown> => {
          const said = await text(response);
          if ((response.statusCode ?? 500) < 300) return JSON.parse(said);
          throw new Error(`${method} ${path}: ${response.statusCode} ${said}`);
        };
        read().then(resolve, reject);
      },
    );
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
