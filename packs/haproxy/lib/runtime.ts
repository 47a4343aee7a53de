/** HAProxy's runtime API: one command per connection, an empty line means success, everything else is an error in words. */
import { connect, type Socket } from "node:net";
import { ActionFailed } from "raicho/pack";

export interface Endpoint {
  readonly name?: string;
  readonly socket?: string;
  readonly host?: string;
  readonly port?: number;
}

export interface Config {
  readonly endpoints: readonly Endpoint[];
}

export interface RuntimeServer {
  readonly endpoint: string;
  readonly backend: string;
  readonly server: string;
  readonly address: string;
  /** What the administrator asked for. */
  readonly state: "ready" | "drain" | "maint";
  /** What `show stat` says: UP, DOWN, DRAIN, MAINT, no check … */
  readonly status: string;
  readonly weight: number;
  readonly sessions: number;
}

export const nameOf = (endpoint: Endpoint): string =>
  endpoint.name ?? endpoint.socket ?? `${endpoint.host ?? ""}:${endpoint.port ?? ""}`;

/** The endpoints asked for; fails when none are configured or none has that name. */
export function endpointsOf(config: Partial<Config>, name: string | null): readonly Endpoint[] {
  const all = config.endpoints ?? [];
  if (all.length === 0)
    throw new ActionFailed(
      "haproxy is not configured: set endpoints in <configs>/haproxy.yaml to the runtime APIs, each by socket or by host and port",
    );
  for (const endpoint of all)
    if (
      endpoint.socket === undefined &&
      (endpoint.host === undefined || endpoint.port === undefined)
    )
      throw new ActionFailed(
        `haproxy: the endpoint "${nameOf(endpoint)}" in <configs>/haproxy.yaml needs socket, or host and port`,
      );
  if (name === null || name === "") return all;
  const found = all.filter((endpoint) => nameOf(endpoint) === name);
  if (found.length > 0) return found;
  throw new ActionFailed(
    `haproxy has no endpoint "${name}" in <configs>/haproxy.yaml; there are: ${all.map(nameOf).join(", ")}`,
  );
}

/** Sends one command; resolves with the answer without its final empty lines. */
export async function command(
  endpoint: Endpoint,
  text: string,
  signal: AbortSignal,
): Promise<string> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
  const socket = open(endpoint);
  const stop = (): Socket => socket.destroy(new Error("no answer in time"));
  deadline.addEventListener("abort", stop, { once: true });
  try {
    deadline.throwIfAborted();
    socket.end(`${text}\n`);
    let answer = "";
    for await (const chunk of socket.setEncoding("utf8")) answer += String(chunk);
    return answer.replace(/\n+$/, "");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ActionFailed(
      `haproxy: the runtime API ${nameOf(endpoint)} cannot be used: ${reason}`,
      { cause: error },
    );
  } finally {
    deadline.removeEventListener("abort", stop);
    socket.destroy();
  }
}

function open({ socket, host, port }: Endpoint): Socket {
  const target = socket === undefined ? { host: host ?? "", port: port ?? 0 } : { path: socket };
  // Half open: the answer comes after our end.
  return connect({ ...target, allowHalfOpen: true });
}

/** A command that changes something: any answer is an error. */
export async function change(endpoint: Endpoint, text: string, signal: AbortSignal): Promise<void> {
  const answer = await command(endpoint, text, signal);
  if (answer.trim() !== "")
    throw new ActionFailed(`haproxy ${nameOf(endpoint)} refused "${text}": ${answer.trim()}`);
}

/** A name that can stand in a command; others could start a second one. */
export function checkedName(kind: string, name: string): string {
  if (/^[\w.:-]+$/.test(name)) return name;
  throw new ActionFailed(`haproxy: "${name}" cannot be the name of a ${kind}`);
}

export async function serversOf(endpoint: Endpoint, signal: AbortSignal): Promise<RuntimeServer[]> {
  const [stats, states] = await Promise.all([
    command(endpoint, "show stat", signal),
    command(endpoint, "show servers state", signal),
  ]);
  const statRows = table(stats.split("\n"), ",");
  // The first line is the format's version, the second the names of the columns.
  return table(states.split("\n").slice(1), " ").map((row) => {
    const [backend = "", server = ""] = [row.get("be_name"), row.get("srv_name")];
    const stat = statRows.find(
      (line) => line.get("pxname") === backend && line.get("svname") === server,
    );
    return {
      endpoint: nameOf(endpoint),
      backend,
      server,
      address: `${row.get("srv_addr") ?? ""}:${row.get("srv_port") ?? ""}`,
      state: adminState(Number(row.get("srv_admin_state"))),
      status: stat?.get("status") ?? "",
      weight: Number(row.get("srv_uweight")),
      sessions: Number(stat?.get("scur") ?? 0),
    };
  });
}

/** Bits of srv_admin_state: 0x01, 0x02 and 0x04 and 0x20 are kinds of maintenance, 0x08 and 0x10 of draining. */
function adminState(bits: number): RuntimeServer["state"] {
  if ((bits & 0x27) !== 0) return "maint";
  return (bits & 0x18) === 0 ? "ready" : "drain";
}

function table(lines: readonly string[], separator: string): Map<string, string>[] {
  const [head = "", ...rows] = lines.filter((line) => line !== "");
  const names = head.replace(/^# ?/, "").split(separator);
  return rows.map((row) => {
    const cells = row.split(separator);
    return new Map(names.map((name, index) => [name, cells[index] ?? ""]));
  });
}

/** One server on one endpoint; fails with the names there are. */
export async function findServer(
  endpoint: Endpoint,
  backend: string,
  server: string,
  signal: AbortSignal,
): Promise<RuntimeServer> {
  const all = await serversOf(endpoint, signal);
  const found = all.find((one) => one.backend === backend && one.server === server);
  if (found) return found;
  const there = all.map((one) => `${one.backend}/${one.server}`).join(", ");
  throw new ActionFailed(
    `haproxy ${nameOf(endpoint)} has no server ${backend}/${server}; there are: ${there}`,
  );
}
