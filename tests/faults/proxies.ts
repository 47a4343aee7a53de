/** Proxies between the processes of a site and the servers below it. */
import type { DatabaseServer, RedisServer } from "./servers.ts";
import { type Proxy, tcpProxy } from "./tcp-proxy.ts";

export interface Proxies {
  readonly database?: Proxy;
  readonly redis?: Proxy;
}

export async function openProxies(
  database: DatabaseServer,
  redis: RedisServer | undefined,
): Promise<Proxies> {
  return {
    database: await tcpProxy(database.port),
    ...(redis === undefined ? {} : { redis: await tcpProxy(redis.port) }),
  };
}

export async function closeProxies({ database, redis }: Proxies): Promise<void> {
  await database?.close();
  await redis?.close();
}

/** The address on which that server is reached: through the proxy, or from machines of a network. */
export function through(
  url: string,
  { proxy, hub }: { readonly proxy?: Proxy | undefined; readonly hub?: string | undefined },
): string {
  if (proxy === undefined && hub === undefined) return url;
  const other = new URL(url);
  if (proxy !== undefined) other.port = String(proxy.port);
  if (hub !== undefined) other.hostname = hub;
  return other.href;
}
