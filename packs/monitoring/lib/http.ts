/** JSON over HTTP or HTTPS, also where the authority is one's own. */
import { readFileSync } from "node:fs";
import { request as plain } from "node:http";
import { request as secure } from "node:https";
import { away, needed, type Settings } from "./monitor.ts";

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Asked {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

const timeoutMs = 20_000;
const mostBytes = 50_000_000;

/** Any answer but 401, 403, 429 and 5xx without results, which say that the monitor cannot be used now. */
export async function ask(
  settings: Settings,
  { method, path, body, headers = {} }: Asked,
  signal: AbortSignal,
): Promise<Answer> {
  const url = new URL(needed(settings, "url") + path);
  const text = body === undefined ? undefined : JSON.stringify(body);
  let answer;
  try {
    answer = await send(url, text, {
      method,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      headers: { ...usualHeaders(settings, text), ...headers },
      ...(settings.ca === undefined ? {} : { ca: readFileSync(settings.ca) }),
      ...(settings.server_name === undefined ? {} : { servername: settings.server_name }),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw away(
      settings,
      `cannot be reached: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  // Icinga 2 says 500 also where an action found nothing to do: its results tell.
  const told = Array.isArray(member(answer.body, "results"));
  const never = [401, 403, 429].includes(answer.status);
  if (never || (answer.status >= 500 && !told))
    throw away(settings, `answers ${method} ${path} with ${answer.status}`);
  return answer;
}

function usualHeaders(
  { user, password = "" }: Settings,
  text: string | undefined,
): Readonly<Record<string, string>> {
  const credentials = Buffer.from(`${user ?? ""}:${password}`).toString("base64");
  return {
    accept: "application/json",
    ...(text === undefined
      ? {}
      : { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) }),
    ...(user === undefined ? {} : { authorization: `Basic ${credentials}` }),
  };
}

interface Options {
  readonly method: string;
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
  readonly ca?: Buffer;
  readonly servername?: string;
}

function send(url: URL, text: string | undefined, options: Options): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = (url.protocol === "https:" ? secure : plain)(url, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > mostBytes) asked.destroy(new Error("its answer is too long"));
        else chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          body: parsed(Buffer.concat(chunks).toString()),
        }),
      );
    });
    asked.on("error", reject);
    asked.end(text);
  });
}

function parsed(text: string): unknown {
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    return text;
  }
}

export function list(value: unknown): readonly object[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "object" && one !== null) : [];
}

/** A member of an object whose shape is the server's. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path)
    found =
      typeof found === "object" && found !== null
        ? Object.entries(found).find(([key]) => key === name)?.[1]
        : undefined;
  return found;
}

export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = member(value, ...path);
  return typeof found === "string" ? found : "";
}
