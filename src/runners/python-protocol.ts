/** What the worker and a fork server tell each other; the other half is `python/raicho_host/frames.py`. */
import type { JsonObject } from "../model/json.ts";

export interface PythonCall {
  readonly pack: string;
  readonly user: string;
  /** The action's file. */
  readonly entry: string;
  readonly directory: string;
  /** The pack's own directories of modules, first on `sys.path`. */
  readonly paths: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly parameters: JsonObject;
  readonly config: JsonObject;
  readonly logLevel: string;
  /** Bytes kept of each of stdout and stderr, and of the result as JSON. */
  readonly outputLimit: number;
  readonly resultLimit: number;
  /** Where compiled files of the pack are kept; without it they are not. */
  readonly cache: string | undefined;
  /** What to say when a library cannot be imported. */
  readonly missingLibraries: string | undefined;
}

export type ToServer =
  | { readonly kind: "run"; readonly id: number; readonly call: PythonCall }
  | { readonly kind: "kill"; readonly id: number; readonly signal: "SIGTERM" | "SIGKILL" };

const kinds = ["stdout", "stderr", "result", "exit", "stale", "failed", "started"] as const;

export interface Frame {
  readonly run: number;
  readonly kind: (typeof kinds)[number];
  readonly payload: Buffer;
}

const headSize = 9;

/** A request as bytes: its length, then JSON. */
export function requestBytes(request: ToServer): Buffer {
  const json = Buffer.from(JSON.stringify(request));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json]);
}

/** Takes bytes in, gives whole frames out. Throws on what no fork server says. */
export function frameReader(): (bytes: Buffer) => Frame[] {
  let waiting: Buffer[] = [];
  let size = 0;
  let wanted = headSize;
  return (bytes) => {
    waiting.push(bytes);
    size += bytes.length;
    if (size < wanted) return [];
    let rest = waiting.length === 1 ? bytes : Buffer.concat(waiting);
    const frames: Frame[] = [];
    for (;;) {
      wanted = rest.length < headSize ? headSize : headSize + rest.readUInt32BE(0);
      if (rest.length < wanted) break;
      const kind = kinds[rest.readUInt8(8) - 1];
      if (kind === undefined) throw new Error(`unknown kind of frame ${rest.readUInt8(8)}`);
      frames.push({ run: rest.readUInt32BE(4), kind, payload: rest.subarray(headSize, wanted) });
      rest = rest.subarray(wanted);
    }
    waiting = rest.length === 0 ? [] : [rest];
    size = rest.length;
    return frames;
  };
}
