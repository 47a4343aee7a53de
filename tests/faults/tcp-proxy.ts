/** A TCP proxy that breaks connections the ways networks do. */
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** `pass`; `refuse`: new connections are reset, old ones cut; `hang`: nothing goes either way, and nobody is told (a machine that vanished); `one-way`: requests arrive, answers
 * do not; `slow`: each piece takes `ms`; `cut`: every connection ends after so many bytes; `half-open`: of the connections that there are the server's end is gone, ours
 * was never told; new ones pass. */
export type Weather =
  | { readonly kind: "pass" | "refuse" | "hang" | "one-way" | "half-open" }
  | { readonly kind: "slow"; readonly ms: number }
  | { readonly kind: "cut"; readonly bytes: number };

export interface Proxy {
  readonly port: number;
  set(weather: Weather): void;
  close(): Promise<void>;
}

/** Resolves when it listens. */
export async function tcpProxy(target: number): Promise<Proxy> {
  let weather: Weather = { kind: "pass" };
  const sockets = new Set<Socket>();
  /** The server's ends. */
  const servers = new Set<Socket>();
  const forgotten = new WeakSet<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    if (weather.kind === "refuse") return near.destroy();
    const far = connect(target, "127.0.0.1");
    track(near);
    track(far);
    servers.add(far);
    far.on("close", () => servers.delete(far));
    const passed = { bytes: 0 };
    pipe(near, far, { weather: () => weather, passed, answers: false, forgotten });
    pipe(far, near, { weather: () => weather, passed, answers: true, forgotten });
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    set: (next) => {
      const hung = weather.kind === "hang" || weather.kind === "one-way";
      weather = next;
      // What a vanished network swallowed does not come back: such connections are dead.
      if (next.kind === "refuse" || hung) for (const socket of sockets) socket.destroy();
      if (next.kind !== "half-open") return;
      for (const far of servers) {
        forgotten.add(far);
        far.destroy();
      }
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Way {
  readonly weather: () => Weather;
  /** Of both directions. */
  readonly passed: { bytes: number };
  readonly answers: boolean;
  /** Ends that vanished without a word. */
  readonly forgotten: WeakSet<Socket>;
}

function pipe(from: Socket, to: Socket, { weather, passed, answers, forgotten }: Way): void {
  let last: Promise<void> = Promise.resolve();
  const pass = async (piece: Buffer): Promise<void> => {
    const now = weather();
    if (now.kind === "hang" || (now.kind === "one-way" && answers)) return;
    if (now.kind === "slow") await delay(now.ms);
    passed.bytes += piece.length;
    if (now.kind === "cut" && passed.bytes > now.bytes) {
      from.destroy();
      to.destroy();
    } else if (!to.destroyed) to.write(piece);
  };
  from.on("data", (piece: Buffer) => {
    last = last.then(() => pass(piece));
  });
  from.on("close", () => {
    const { kind } = weather();
    if (kind !== "hang" && !forgotten.has(from)) void last.then(() => to.destroy());
  });
}
