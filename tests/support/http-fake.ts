/** Servers that answer as told, for counterparts that cannot be run here. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { Ajv, type ValidateFunction } from "ajv";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Said {
  readonly status: number;
  readonly body?: unknown;
}

export interface HttpFake {
  readonly url: string;
  /** Answers with these first, one each. */
  readonly weather: number[];
  stop(): Promise<void>;
}

export async function startFake(answer: (asked: Asked) => Said): Promise<HttpFake> {
  const weather: number[] = [];
  const server = createServer((request, response) => {
    const take = async (): Promise<void> => {
      const sent = await text(request);
      const url = new URL(request.url ?? "/", "http://fake");
      const { method = "GET", headers } = request;
      const asked = { method, path: url.pathname, query: url.searchParams, headers };
      const status = weather.shift();
      const said =
        status === undefined
          ? answer({ ...asked, body: sent === "" ? undefined : JSON.parse(sent) })
          : { status, body: { errors: ["weather"] } };
      response.writeHead(said.status, { "content-type": "application/json" });
      response.end(said.body === undefined ? "" : JSON.stringify(said.body));
    };
    take().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    weather,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

export const ajv = new Ajv({ allowUnionTypes: true });

/** An object of these members and no others. */
export const strict = (properties: object, required: readonly string[]): ValidateFunction =>
  ajv.compile({ type: "object", properties, required, additionalProperties: false });

export const words = { type: "array", items: { type: "string" } };
