/** Requests of the harness: quick, over kept connections, and able to outlast an outage. */
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

export interface Reply {
  /** 0: there was no answer. */
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | undefined;
  readonly ms: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

export interface Asked {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
  /** As it is, in place of `body`. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly timeoutMs?: number;
}

/** Never rejects. */
export function ask(url: string, asked: Asked = {}): Promise<Reply> {
  const { method = "GET", body, raw, headers = {}, token, timeoutMs = 20_000 } = asked;
  const bytes = raw ?? (body === undefined ? "" : JSON.stringify(body));
  const since = performance.now();
  return new Promise((resolve) => {
    const nothing = (reason: string): void =>
      resolve({ status: 0, text: reason, retryAfter: undefined, ms: performance.now() - since });
    const sent = request(
      url,
      {
        method,
        agent,
        timeout: timeoutMs,
        headers: {
          ...(bytes.length === 0
            ? {}
            : { "content-type": "application/json", "content-length": Buffer.byteLength(bytes) }),
          ...(token === undefined ? {} : { "x-auth-token": token }),
          ...headers,
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", (error) => nothing(error.message));
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            text: Buffer.concat(chunks).toString(),
            retryAfter: answer.headers["retry-after"],
            ms: performance.now() - since,
          }),
        );
      },
    );
    sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
    sent.on("error", (error) => nothing(error.message));
    sent.end(bytes);
  });
}

export function isGood({ status }: Reply): boolean {
  return status >= 200 && status < 300;
}

/** Reads JSON from any of the doors, through every outage. Rejects after `seconds`, or when the answer will not change (4xx). */
export async function read<Body>(
  doors: readonly string[],
  path: string,
  { token, seconds = 120 }: { token: string; seconds?: number },
): Promise<Body> {
  const until = performance.now() + seconds * 1_000;
  for (let turn = 0; ; turn += 1) {
    const reply = await ask(`${doors[turn % doors.length]}${path}`, { token });
    if (isGood(reply)) return JSON.parse(reply.text) as Body;
    if (reply.status >= 400 && reply.status < 500 && reply.status !== 429)
      throw new Error(`${path}: ${reply.status} ${reply.text}`);
    if (performance.now() > until) throw new Error(`${path}: ${reply.status} ${reply.text}`);
    await delay(100);
  }
}
