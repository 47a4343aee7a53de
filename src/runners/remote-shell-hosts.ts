import { isIP } from "node:net";

export interface RemoteHost {
  /** Its key in the result. */
  readonly label: string;
  readonly name: string;
  /** Undefined = nothing was said about it. */
  readonly port: number | undefined;
}

/** `a, b:2222, [2001:db8::1]:22`. A host that stands there twice is told apart by its port. Throws for a wrong port and for none at all. */
export function parseHosts(text: unknown): readonly RemoteHost[] {
  const parts = (typeof text === "string" ? text : "").split(",").map((part) => part.trim());
  const found = parts.filter((part) => part !== "").map((part) => parseHost(part));
  if (found.length === 0)
    throw new Error("No hosts specified: give host names or addresses, separated by commas");
  const unique = new Map(found.map((host) => [`${host.name}\n${host.port}`, host]));
  return [...unique.values()].map((host) => {
    const shared = [...unique.values()].filter(({ name }) => name === host.name).length > 1;
    return shared ? { ...host, label: `${host.name}:${host.port ?? 22}` } : host;
  });
}

/** One host, with or without a port. An IPv6 address with a port stands in brackets. */
export function parseHost(text: string): RemoteHost {
  if (isIP(text) !== 0) return { label: text, name: text, port: undefined };
  const bracketed = /^\[(?<name>[^\]]+)\](?::(?<port>.*))?$/.exec(text)?.groups;
  const plain = /^(?<name>[^:]*)(?::(?<port>.*))?$/.exec(text)?.groups;
  const { name = "", port } = bracketed ?? plain ?? {};
  if (name === "" || /\s/.test(name))
    throw new Error(`"${text}" is not a host: give name or name:port`);
  return { label: name, name, port: port === undefined ? undefined : portOf(port, name) };
}

function portOf(text: string, host: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new Error(`Invalid port ${text} specified for host ${host}: give a number from 1 to 65535`);
}
