import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { ConfigError } from "../config-values.ts";

/** Below the ports that systems give to outgoing connections: one of those would be taken again before we listen. */
const chosen = { first: 20_000, count: 12_000, tries: 20 };

function listensAt(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}

async function anyPort(host: string): Promise<number> {
  for (let tries = 0; tries < chosen.tries; tries++) {
    const port = chosen.first + randomInt(chosen.count);
    if (await listensAt(host, port)) return port;
  }
  return 0;
}

/** Gives a port that is free now: the wanted one, or with 0 any. Every process has to know it before the door opens: actions are told where to call. */
export async function freePort(host: string, wanted: number, name: string): Promise<number> {
  const port = wanted === 0 ? await anyPort(host) : wanted;
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE"
          ? "is taken by another program"
          : error.code === "EACCES"
            ? "needs more rights"
            : error.message;
      reject(new ConfigError(`${name}: ${host}:${port} ${why}; set ${name} to a free port`));
    });
    probe.listen(port, host, () => {
      const address = probe.address();
      const free = typeof address === "object" && address !== null ? address.port : port;
      probe.close(() => resolve(free));
    });
  });
}
