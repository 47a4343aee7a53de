/** Connections to the database whose other end vanished without a word. TCP by itself notices after a quarter of an hour where something was sent, after two hours where
 * nothing was; here it takes seconds.
 *
 * 1. Nothing is asked: TCP keepalives, ours (2 s + 10 × 1 s) and the server's (2 s + 3 × 1 s). By the latter the locks and transactions of a machine that vanished end.
 * 2. Something was asked and nothing comes: the server is asked over another connection whether it works on that. If it cannot be reached either, the connection is ended as
 *    if the server had ended it; so it is when the server says for long that it does not. A server that is slow to answer is waited for: it may only have too much to do.
 * 3. Time counts in looks of this process: one that stood still blames nobody for it. */
import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

/** Options of every connection, and of pools, which watch what they open. */
export function linkOptions(url: string) {
  return {
    connectionString: url,
    keepAlive: true,
    keepAliveInitialDelayMillis: 2_000,
    connectionTimeoutMillis: 5_000,
    onConnect: (client: pg.ClientBase): Promise<void> => watchLink(url, client),
  } as const;
}

const lookMs = 1_000;
/** Looks without an answer after which the server is asked. */
const patience = 4;
/** Looks without an answer after which a connection is ended on which a server that is reached does not work. It may have been asked and not have come to it yet. */
const forgotten = 20;
/** Looks within which the server is to be reached for that, and within which it is to answer. */
const reachLooks = 6;
const answerLooks = 60;

const introduction = `select a.pid, extract(epoch from a.backend_start)::text as since, set_config('tcp_keepalives_idle', '2', false),
  set_config('tcp_keepalives_interval', '1', false), set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '4000', false)
  from pg_stat_activity a where a.pid = pg_backend_pid()`;
/** Those that wait for nobody but themselves; where the server does not keep book of that, all. */
const working =
  "select pid from pg_stat_activity where pid = any($1::int[]) and state is distinct from 'idle' and state not like 'idle in transaction%'";

/** A process of the server; its number alone may be given again. */
export interface Backend {
  readonly pid: number;
  readonly since: string;
}

interface Link {
  readonly stream: Socket;
  /** 0 until the server said so. */
  pid: number;
  since: string;
  /** Bytes that had been written when all that was asked had its answer. */
  heard: number;
  /** Bytes that had come at the last look. */
  read: number;
  /** Bytes that could not be sent yet at the last look. */
  unsent: number;
  /** Looks since something was asked and nothing came. */
  silent: number;
}

const watches = new Map<string, Watch>();
const backends = new WeakMap<object, Backend>();

/** Watches a connection that was opened just now. Rejects when it does not answer. */
export async function watchLink(url: string, client: pg.ClientBase): Promise<void> {
  const protocol = protocolOf(client);
  if (protocol === undefined) return;
  const { stream } = protocol;
  const link: Link = {
    pid: 0,
    since: "",
    stream,
    heard: stream.bytesWritten,
    read: stream.bytesRead,
    unsent: 0,
    silent: 0,
  };
  // Not by what comes over the stream: who copies has that for himself. Before the driver, which asks the next question at once.
  protocol.events.prependListener("readyForQuery", () => {
    link.heard = stream.bytesWritten;
    link.silent = 0;
  });
  const watch = watches.get(url) ?? new Watch(url);
  watches.set(url, watch);
  watch.add(link);
  const { rows } = await client.query<Backend>(introduction);
  const [backend] = rows;
  if (backend === undefined) return;
  backends.set(client, backend);
  link.pid = backend.pid;
  link.since = backend.since;
}

/** Who serves that connection at the server. */
export function backendOf(client: object | undefined): Backend | undefined {
  return client === undefined ? undefined : backends.get(client);
}

/** Ends it and waits until nothing of it is left: afterwards what it did stands, and no more comes. Rejects when it does not end. */
export async function endBackend(client: pg.ClientBase, { pid, since }: Backend): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { rows } = await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and extract(epoch from backend_start)::text = $2",
      [pid, since],
    );
    if (rows.length === 0) return;
    await delay(50);
  }
  throw new Error("a connection that broke still works at the server");
}

/** What the driver speaks over, and tells of. With TLS the stream that TLS gives, so that bytes mean what is asked and answered. */
function protocolOf(
  client: object,
): { readonly stream: Socket; readonly events: EventEmitter } | undefined {
  if (!("connection" in client)) return undefined;
  const { connection } = client;
  if (!(connection instanceof EventEmitter) || !("stream" in connection)) return undefined;
  const { stream } = connection;
  return stream instanceof Socket ? { stream, events: connection } : undefined;
}

/** Under way over a connection of its own. */
interface Question {
  readonly socket: Socket;
  looks: number;
  /** There is a server at the other end. */
  reached: boolean;
}

/** A connection, and what had been heard on it when it was asked after. */
interface Silent {
  readonly link: Link;
  readonly heard: number;
}

function isSilentStill({ link, heard }: Silent): boolean {
  return link.heard === heard && link.silent > 0 && link.stream.bytesRead === link.read;
}

/** Watches the connections to one server while there are any. */
class Watch {
  readonly #url: string;
  readonly #links = new Set<Link>();
  #timer: NodeJS.Timeout | undefined;
  #question: Question | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  add(link: Link): void {
    const { stream } = link;
    stream.once("close", () => {
      this.#links.delete(link);
      if (this.#links.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
    this.#links.add(link);
    this.#timer ??= setInterval(() => this.#look(), lookMs).unref();
  }

  #look(): void {
    for (const link of this.#links) {
      const { bytesRead, bytesWritten, writableLength } = link.stream;
      // A long question is on its way, or a long answer.
      if (writableLength !== link.unsent || bytesRead !== link.read) link.silent = 0;
      else if (bytesWritten > link.heard) link.silent += 1;
      link.unsent = writableLength;
      link.read = bytesRead;
    }
    const question = this.#question;
    if (question !== undefined) {
      question.looks += 1;
      if (question.looks > (question.reached ? answerLooks : reachLooks)) question.socket.destroy();
      return;
    }
    const silent = [...this.#links].filter((link) => link.silent >= patience);
    if (silent.length > 0) void this.#inquire(silent.map((link) => ({ link, heard: link.heard })));
  }

  /** Ends those of them on which the server does not work. */
  async #inquire(silent: readonly Silent[]): Promise<void> {
    const socket = new Socket();
    const question: Question = { socket, looks: 0, reached: false };
    socket.once("connect", () => void (question.reached = true));
    this.#question = question;
    const busy = await this.#working(silent, socket).catch(() => undefined);
    socket.destroy();
    this.#question = undefined;
    // A server that refuses to tell is asked again.
    const untold = busy === undefined && question.reached && question.looks <= answerLooks;
    for (const { link } of silent.filter(isSilentStill))
      if (untold || busy?.has(link.pid) === true) link.silent = 1;
      else if (busy === undefined || link.silent >= forgotten)
        link.stream.destroy(new Error("Connection terminated: the database does not answer on it"));
  }

  async #working(silent: readonly Silent[], socket: Socket): Promise<ReadonlySet<number>> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: "raicho link",
      stream: () => socket,
    });
    client.on("error", () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>(working, [
      silent.map(({ link }) => link.pid),
    ]);
    const busy = new Set(rows.map(({ pid }) => pid));
    // Nobody reads what these have to say: their locks and transactions end now.
    const dead = silent.filter(({ link }) => link.silent >= forgotten && !busy.has(link.pid));
    for (const each of dead) if (isSilentStill(each)) await endBackend(client, each.link);
    await client.end();
    return busy;
  }
}
