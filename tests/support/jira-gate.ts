/** Stands before the fake JIRA so that a test can act when a request arrives, or when it has been done but not answered yet. */
import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage } from "node:http";

export interface Passing {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

type Moment = "arrived" | "done";

export interface JiraGate {
  readonly url: string;
  /** Calls `act` once, at the next request that fits; the request waits until it has resolved. */
  at(moment: Moment, fits: (request: Passing) => boolean, act: () => void | Promise<void>): void;
  stop(): Promise<void>;
}

interface Trap {
  readonly moment: Moment;
  readonly fits: (request: Passing) => boolean;
  readonly act: () => void | Promise<void>;
}

async function read(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

export async function startJiraGate(target: string): Promise<JiraGate> {
  const traps: Trap[] = [];
  const spring = async (moment: Moment, request: Passing): Promise<void> => {
    const index = traps.findIndex((trap) => trap.moment === moment && trap.fits(request));
    if (index >= 0) await traps.splice(index, 1)[0]?.act();
  };
  const server = createServer((incoming, outgoing) => {
    const pass = async (): Promise<void> => {
      const body = await read(incoming);
      const { method = "GET", url: path = "/", headers } = incoming;
      const passing = { method, path, body: body.toString() };
      await spring("arrived", passing);
      const upstream = forward(new URL(path, target), { method, headers });
      upstream.end(body);
      const [answer] = (await once(upstream, "response")) as [IncomingMessage];
      const answered = await read(answer);
      await spring("done", passing);
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(answered);
    };
    pass().catch(() => outgoing.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    at: (moment, fits, act) => void traps.push({ moment, fits, act }),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
