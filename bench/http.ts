/** Requests of a measurement: JSON in, JSON out, over connections that stay open. */
import { Agent, request } from "node:http";
import { performance } from "node:perf_hooks";

export interface Answer {
  readonly ms: number;
  readonly status: number;
  readonly body: unknown;
}

export interface Client {
  /** Rejects when the answer is not 2xx. */
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  close(): void;
}

export function client(address: string, sockets: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: sockets });
  const ask = (method: string, path: string, body?: unknown): Promise<Answer> => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const before = performance.now();
    return new Promise((resolve, reject) => {
      const headers =
        text === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
      const sent = request(`${address}${path}`, { method, agent, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => void chunks.push(chunk));
        answer.once("error", reject);
        answer.once("end", () => {
          const ms = performance.now() - before;
          const status = answer.statusCode ?? 0;
          const said = Buffer.concat(chunks).toString();
          if (status >= 200 && status < 300) resolve({ ms, status, body: JSON.parse(said) });
          else reject(new Error(`${method} ${path}: ${status} ${said.slice(0, 500)}`));
        });
      });
      sent.once("error", reject);
      sent.end(text);
    });
  };
  return { ask, close: () => agent.destroy() };
}
