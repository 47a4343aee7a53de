/** Program of the recorder: takes down what actions did outside, in a process of its own that no fault is aimed at, so that the ledger is not asked about itself.
 * `POST /effect`: the body names the effect, the header `Idempotency-Key` (or `x-key`) the attempt's key; `?ms=` is how long the answer takes.
 * The argument is the address to listen on. `GET /effects`: `{name: {key: how often}}`. `POST /forget`: begins anew. */
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

let effects: Record<string, Record<string, number>> = {};

async function take(request: IncomingMessage): Promise<void> {
  const name = await text(request);
  const { "idempotency-key": header, "x-key": other } = request.headers;
  const key = String(header ?? other ?? "none");
  const keys = (effects[name] ??= {});
  keys[key] = (keys[key] ?? 0) + 1;
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://recorder");
  const answer = (body: unknown): void => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(body));
  };
  if (url.pathname === "/effects") return answer(effects);
  if (url.pathname === "/forget") {
    effects = {};
    return answer({});
  }
  void take(request).then(() =>
    setTimeout(() => answer({ taken: true }), Number(url.searchParams.get("ms") ?? 0)),
  );
});
server.keepAliveTimeout = 60_000;
server.listen(0, process.argv[2] ?? "127.0.0.1", () => {
  const address = server.address();
  process.send?.(typeof address === "object" && address !== null ? address.port : 0);
});
process.on("disconnect", () => process.exit(0));
