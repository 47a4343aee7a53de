import { PythonServer, type ServerOptions } from "./python-server.ts";
import type { PythonEnvironment } from "./python-environment.ts";

interface Warm {
  server: PythonServer;
  /** Libraries that must not be imported ahead. */
  readonly skip: Set<string>;
  preload: boolean;
}

/** The fork servers of a worker: one per pack and interpreter takes calls; retired ones finish theirs. */
export class PythonServers {
  readonly #idleMs: number;
  readonly #warm = new Map<string, Warm>();
  readonly #all = new Set<PythonServer>();

  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  /** The warm server of that key, started when there is none. */
  take(key: string, environment: PythonEnvironment): PythonServer {
    const known = this.#warm.get(key);
    if (known?.server.alive) return known.server;
    const { skip, preload } = known ?? { skip: new Set<string>(), preload: true };
    const server = this.#start(environment.program, environment.base, { preload, skip: [...skip] });
    this.#warm.set(key, { server, skip, preload });
    return server;
  }

  /** A server for one call whose variables matter from the very start. */
  cold({ program, action }: PythonEnvironment): PythonServer {
    return this.#start(program, action, { preload: false, skip: [] });
  }

  /** That server takes no more calls; its successor does not import those modules ahead. */
  retire(key: string, server: PythonServer, skip: readonly string[]): void {
    const known = this.#warm.get(key);
    for (const name of skip) known?.skip.add(name);
    server.finish();
  }

  /** A server was lost while it prepared a call: importing ahead may be what ended it. */
  distrust(key: string): void {
    const known = this.#warm.get(key);
    if (known) known.preload = false;
  }

  async close(graceMs: number): Promise<void> {
    const late = setTimeout(() => {
      for (const server of this.#all) server.kill();
    }, graceMs);
    for (const server of this.#all) server.stop();
    await Promise.all([...this.#all].map((server) => server.gone));
    clearTimeout(late);
  }

  #start(
    program: string,
    environment: ServerOptions["environment"],
    imports: Pick<ServerOptions, "preload" | "skip">,
  ): PythonServer {
    const server = new PythonServer({ program, environment, ...imports, idleMs: this.#idleMs });
    this.#all.add(server);
    void server.gone.then(() => this.#all.delete(server));
    return server;
  }
}
