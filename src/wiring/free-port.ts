import { createServer } from "node:net";
import { ConfigError } from "../config-values.ts";

/** Gives a port that is free now: the wanted one, or with 0 any. Every process has to know it before the door opens: actions are told where to call. */
export function freePort(host: string, port: number, name: string): Promise<number> {
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
