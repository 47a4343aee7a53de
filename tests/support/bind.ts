import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./haproxy.ts";

export interface Bind {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** The key that may change everything in both zones. */
  readonly key: {
    readonly name: string;
    readonly algorithm: "hmac-sha256";
    readonly secret: string;
  };
  readonly zones: readonly ["example.test", "2.0.192.in-addr.arpa"];
  /** What `dig +short` prints for that name. */
  dig(name: string, type: string): string;
  stop(): Promise<void>;
}

const path = `${process.env["PATH"] ?? ""}:/usr/sbin`;

/** Starts a real BIND as primary of two empty zones; resolves when it answers. */
export async function startBind(wanted?: number): Promise<Bind> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-bind-"));
  const port = wanted ?? (await freePort());
  const key = {
    name: "ops-key",
    algorithm: "hmac-sha256",
    secret: randomBytes(32).toString("base64"),
  } as const;
  const zones = ["example.test", "2.0.192.in-addr.arpa"] as const;
  const soa =
    "@ IN SOA ns1.example.test. hostmaster.example.test. 1 3600 600 86400 300\n@ IN NS ns1.example.test.\n";
  writeFileSync(join(folder, "example.test.db"), `$TTL 300\n${soa}ns1 IN A 127.0.0.1\n`);
  writeFileSync(join(folder, "2.0.192.in-addr.arpa.db"), `$TTL 300\n${soa}`);
  writeFileSync(
    join(folder, "named.conf"),
    `key "${key.name}" { algorithm ${key.algorithm}; secret "${key.secret}"; };
controls {};
options {
  directory "${folder}"; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  recursion no; allow-transfer { none; }; pid-file none; session-keyfile none; lock-file none;
};
${zones.map((zone) => `zone "${zone}" { type primary; file "${zone}.db"; update-policy { grant ${key.name} zonesub ANY; }; };`).join("\n")}
`,
  );
  const child = spawn("named", ["-c", join(folder, "named.conf"), "-f", "-g"], {
    env: { ...process.env, PATH: path },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let words = "";
  const running = new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (chunk: Buffer) => {
      words += chunk.toString();
      if (/\brunning$/m.test(words)) resolve();
    });
    child.once("exit", () => reject(new Error(`named did not start: ${words}`)));
  });
  await running;
  return {
    host: "127.0.0.1",
    port,
    key,
    zones,
    dig: (name, type) =>
      execFileSync("dig", ["@127.0.0.1", "-p", String(port), "+short", name, type])
        .toString()
        .trim(),
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
