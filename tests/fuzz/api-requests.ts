/** Random requests, made from the door's own OpenAPI document: mostly what its operations know, with odd values; sometimes what no client would send
 * (broken JSON, other charsets, deep nesting, long headers, odd queries, bytes that are no HTTP). */
import { Agent, type ClientRequest, type IncomingMessage, request as ask } from "node:http";
import { connect } from "node:net";

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly schema: unknown;
}

export interface Sent {
  readonly what: string;
  /** 0: the server closed the connection without an answer, which only what is no HTTP may meet. */
  readonly status: number;
  readonly text: string;
}

export interface Target {
  readonly url: string;
  /** Ids and names that are there. */
  readonly names: readonly string[];
  /** Headers of callers; one of them is drawn for each request. */
  readonly callers: readonly Readonly<Record<string, string>>[];
}

/** Small and repeatable. */
export function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const texts = [
  "",
  "a",
  "core.noop",
  "core",
  "admin",
  "last",
  "null",
  "0",
  "-1",
  "1e309",
  "99999999999999999999",
  "2026-01-01T00:00:00Z",
  "2026-99-99T99:99:99Z",
  "../../etc/passwd",
  "%00",
  "\u0000",
  "\ud800",
  "日本語 🗾",
  "' or 1=1 --",
  "{{ ''.__class__ }}",
  "<% ctx() %>",
  "<$ $ $>",
  "__proto__",
  "constructor",
  "<img onerror=x>",
  "x".repeat(3_000),
  "*",
  "(",
  "a,b,c",
  "[1,2",
] as const;

const fields = [
  ..."action parameters context user status result tasks reset delay name pack ref trigger payload".split(
    " ",
  ),
  ..."value scope ttl secret encrypted password roles role description permission_grants command".split(
    " ",
  ),
  ..."format response metadata enabled type attributes where text limit items scheme secret_key".split(
    " ",
  ),
  ..."resource_ref policy_type criteria formats action_ref runner_type entry_point id uid".split(
    " ",
  ),
];

const queries = [
  ..."limit offset sort include_attributes exclude_attributes id name pack scope user decrypt".split(
    " ",
  ),
  ..."prefix status action parent timestamp_gt timestamp_lt show_secrets max_result_size depth".split(
    " ",
  ),
  ..."output_type types trigger rule cursor since until q type after where order day remote system".split(
    " ",
  ),
  ..."filter x-auth-token st2-api-key events end_event end_execution_id last_event_id".split(" "),
];

const oddQueries = [
  "?limit[]=1",
  "?limit[a]=1&limit=2",
  "?__proto__[x]=1",
  "?limit=%ff",
  "?%",
  "?&&&===&",
  "?limit=1;offset=2",
  `?name=${"a,".repeat(2_000)}`,
  "?sort=-%00,+,,-",
  "?id=\u00e9",
];

const oddTypes = [
  "text/plain",
  "application/xml",
  "application/x-www-form-urlencoded",
  "application/merge-patch+json",
  "application/json; charset=utf-16",
  "application/json; charset=iso-8859-1",
  "application/json; charset=x-unknown",
  "application/json;;;=",
  "multipart/form-data",
  "multipart/form-data; boundary=x",
  "json",
  "",
];

const oddBodies: readonly Buffer[] = [
  ...["{", "", "[]", "\u0000", "nul", "null", "1e999", '"x"', "{'a':1}", "\uFEFF{}", "a=b&c"].map(
    (text) => Buffer.from(text),
  ),
  Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
  Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
  Buffer.from("[".repeat(100_000)),
  Buffer.from("[".repeat(20_000) + "]".repeat(20_000)),
  Buffer.from(`${'{"action":'.repeat(5_000)}1${"}".repeat(5_000)}`),
  Buffer.from(JSON.stringify({ action: "core.noop", parameters: { a: "x".repeat(300_000) } })),
  Buffer.from("--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--"),
];

/** What is no HTTP, or hardly. */
const oddBytes = [
  "GET\r\n\r\n",
  "\u0000\u0001\u0002\r\n\r\n",
  "GET /v1/actions HTTP/9.9\r\n\r\n",
  "BREW /v1/actions HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET http:// HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  "GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  "GET /v1/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  "GET /v1/actions HTTP/1.1\r\nConnection: close\r\n\r\n",
  "GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  "POST /v1/executions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5\r\nConnection: close\r\n\r\n{}",
  "POST /v1/executions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
  "POST /v1/webhooks/in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
  "POST /v1/webhooks/in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
  `GET /v1/actions HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(60_000)}\r\n\r\n`,
  `GET /v1/${"a/".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  `GET /v1/actions HTTP/1.1\r\nHost: x\r\n${"A: b\r\n".repeat(3_000)}\r\n`,
];

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

/** Draws requests of these operations and sends them. */
export function sender(
  target: Target,
  operations: readonly Operation[],
  random: () => number,
): () => Promise<Sent> {
  const pick = <Each>(list: readonly Each[]): Each =>
    list[Math.floor(random() * list.length)] as Each;
  const text = (): string => pick(random() < 0.2 ? target.names : texts);

  const value = (depth = 0): unknown => {
    const kind = Math.floor(random() * (depth > 3 ? 5 : 7));
    if (kind === 0) return pick([null, true, false, 0, -1, 1.5, 2 ** 53, 1e308]);
    if (kind < 5) return text();
    if (kind === 5) return Array.from({ length: Math.floor(random() * 4) }, () => value(depth + 1));
    return Object.fromEntries(
      Array.from({ length: Math.floor(random() * 4) }, () => [pick(texts), value(depth + 1)]),
    );
  };

  const body = (schema: unknown): unknown => {
    if (random() < 0.1) return value();
    const known =
      typeof schema === "object" && schema !== null && "properties" in schema
        ? Object.keys(schema.properties as object)
        : [];
    const names = [...known, ...known, ...known, ...fields];
    const made = Array.from({ length: Math.floor(random() * 7) }, () => [pick(names), value()]);
    if (random() < 0.3) made.push(["action", "core.noop"], ["pack", "core"]);
    return Object.fromEntries(made) as unknown;
  };

  const headers = (): Record<string, string> => {
    const made: Record<string, string> = {
      ...pick(target.callers),
      "content-type": random() < 0.85 ? "application/json" : pick(oddTypes),
    };
    if (random() < 0.1) made["idempotency-key"] = pick(["k1", "k2", "x".repeat(300)]);
    if (random() < 0.05) made["if-match"] = pick(['"1"', "*", "odd"]);
    if (random() < 0.05) made["last-event-id"] = pick(["1-1", "odd"]);
    if (random() < 0.05)
      made["authorization"] = pick(["Basic", "Basic %%%", "Basic Og==", "Bearer"]);
    if (random() < 0.05) made["cookie"] = pick(["auth-token", "auth-token=%ff", "=;=;;"]);
    if (random() < 0.02) made["x-long"] = "x".repeat(8_000);
    if (random() < 0.05) made["content-encoding"] = pick(["gzip", "br", "identity", "x"]);
    if (random() < 0.05) made["st2-trace-tag"] = "\u00e9".repeat(50);
    if (random() < 0.05)
      made["st2-context"] = pick(["{}", "odd", "[1]", '{"trace_context":{"id_":"x"}}']);
    return made;
  };

  const address = ({ path, parameters }: Operation): string => {
    const filled = path.replaceAll(
      /\{\w+\}/g,
      () => encodeURIComponent(text().toWellFormed()) || "x",
    );
    if (random() < 0.03)
      return encodeURI(filled) + encodeURI(pick(oddQueries)).replaceAll("%25", "%");
    const known = parameters.filter((each) => each.in === "query").map(({ name }) => name);
    const query = new URLSearchParams();
    while (random() < 0.5) query.append(pick([...known, ...known, ...queries]), pick(texts));
    return filled + (query.size === 0 ? "" : `?${query.toString()}`);
  };

  return async () => {
    if (random() < 0.02) return sendBytes(target.url, pick(oddBytes));
    const operation = pick(operations);
    const method =
      random() < 0.97
        ? operation.method.toUpperCase()
        : pick(["PATCH", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);
    const sends = method !== "GET" && method !== "TRACE" && random() < 0.95;
    const written =
      random() < 0.92 ? Buffer.from(JSON.stringify(body(operation.schema)) ?? "") : pick(oddBodies);
    return send(target.url, address(operation), {
      method,
      headers: headers(),
      body: sends ? written : undefined,
    });
  };
}

interface Request {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer | undefined;
}

function send(url: string, path: string, { method, headers, body }: Request): Promise<Sent> {
  const said = body === undefined ? "" : ` ${body.toString("latin1").slice(0, 500)}`;
  const what = `${method} ${path.slice(0, 500)} ${JSON.stringify(headers).slice(0, 300)}${said}`;
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked: ClientRequest = ask(
      {
        host: hostname,
        port,
        method,
        path,
        agent,
        headers: { ...headers, ...(body === undefined ? {} : { "content-length": body.length }) },
      },
      (answer: IncomingMessage) => {
        const status = answer.statusCode ?? 0;
        const chunks: Buffer[] = [];
        // Streams do not end.
        const streams = answer.headers["content-type"]?.startsWith("text/event-stream") === true;
        answer.on("data", (chunk: Buffer) => status >= 500 && void chunks.push(chunk));
        answer.on("error", () => undefined);
        answer.on("close", () =>
          resolve({ what, status, text: Buffer.concat(chunks).toString().slice(0, 500) }),
        );
        if (streams) asked.destroy();
      },
    );
    // A server may refuse a body and hang up while it is still being sent.
    asked.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "EPIPE" || error.code === "ECONNRESET"
        ? resolve({ what, status: 0, text: error.code })
        : reject(error),
    );
    asked.end(body);
  });
}

/** Resolves when the server has hung up, or said something, or nothing for a moment. */
function sendBytes(url: string, bytes: string): Promise<Sent> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let heard = "";
    const done = (): void => {
      socket.destroy();
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(heard)?.[1] ?? 0);
      resolve({ what: `bytes ${JSON.stringify(bytes.slice(0, 200))}`, status, text: heard });
    };
    socket.setTimeout(300, done);
    socket.on("data", (chunk) => void (heard += chunk.toString("latin1").slice(0, 500)));
    socket.on("error", done);
    socket.on("close", done);
    socket.write(Buffer.from(bytes, "latin1"));
  });
}
