/** Serves a built console as StackStorm's nginx does: its files, and the door behind the same origin. */
import { readFileSync, statSync } from "node:fs";
import {
  createServer,
  request as ask,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
};

/** What `config.js` says when the console is to find the door at another origin. */
function settings(door: string): string {
  const host = {
    name: "Raicho",
    url: `${door}/api`,
    auth: `${door}/auth`,
    stream: `${door}/stream`,
  };
  return `angular.module("main").constant("st2Config", { hosts: [${JSON.stringify(host)}] });\n`;
}

function sendFile(directory: string, path: string, response: ServerResponse): void {
  const file = join(directory, normalize(path === "/" ? "/index.html" : path));
  const found = statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  const type = types[extname(file)] ?? "application/octet-stream";
  response.writeHead(found ? 200 : 404, { "content-type": found ? type : "text/plain" });
  response.end(found ? readFileSync(file) : "");
}

function passOn(door: string, request: IncomingMessage, response: ServerResponse): void {
  const onward = ask(
    `${door}${request.url}`,
    { method: request.method ?? "GET", headers: request.headers },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  onward.on("error", () => response.destroy());
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}

export interface Served {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** `apart`: the console asks the door at the door's own origin, as `allow_origin` is for; else through this one. */
export async function serveConsole(
  directory: string,
  { door, apart }: { readonly door: () => string; readonly apart: boolean },
): Promise<Served> {
  const server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://console").pathname;
    if (!apart && /^\/(?:api|auth|stream)\//.test(path)) return passOn(door(), request, response);
    if (apart && path === "/config.js") {
      response.writeHead(200, { "content-type": types[".js"] });
      return void response.end(settings(door()));
    }
    return sendFile(directory, path, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
