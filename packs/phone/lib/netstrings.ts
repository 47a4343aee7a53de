/** baresip's ctrl_tcp: netstrings of JSON, commands one way, answers and events the other. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface Said {
  readonly event?: boolean;
  readonly type?: string;
  readonly id?: string;
  readonly peeruri?: string;
  readonly param?: string;
  readonly response?: boolean;
  readonly ok?: boolean;
  readonly data?: string;
  readonly token?: string;
}

export class Control {
  readonly #socket: Socket;
  readonly #hear: (said: Said) => void;
  #bytes = Buffer.alloc(0);
  #number = 0;
  readonly #waiting = new Map<string, PromiseWithResolvers<Said>>();

  private constructor(socket: Socket, hear: (said: Said) => void) {
    this.#socket = socket;
    this.#hear = hear;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(new Error("it closed the connection")));
  }

  static async open(
    { host, port }: { readonly host: string; readonly port: number },
    hear: (said: Said) => void,
    signal: AbortSignal,
  ): Promise<Control> {
    const socket = connect({ host, port });
    await once(socket, "connect", {
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    });
    return new Control(socket, hear);
  }

  #end(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#hear({ event: true, type: "CONTROL_CLOSED", param: error.message });
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const head = /^(\d{1,7}):/.exec(this.#bytes.subarray(0, 10).toString("latin1"));
      if (head === null) return;
      const [start, length] = [head[0].length, Number(head[1])];
      if (this.#bytes.length < start + length + 1) return;
      const text = this.#bytes.subarray(start, start + length).toString("utf8");
      this.#bytes = this.#bytes.subarray(start + length + 1);
      this.#read(text);
    }
  }

  #read(text: string): void {
    const said: Said = JSON.parse(text);
    if (said.event === true) return this.#hear(said);
    const waiting = this.#waiting.get(said.token ?? "");
    this.#waiting.delete(said.token ?? "");
    waiting?.resolve(said);
  }

  /** Sends a command and gives its answer. */
  async ask(command: string, params = ""): Promise<Said> {
    this.#number += 1;
    const token = `raicho-${this.#number}`;
    const waiting = Promise.withResolvers<Said>();
    this.#waiting.set(token, waiting);
    const text = JSON.stringify({ command, params, token });
    this.#socket.write(`${Buffer.byteLength(text)}:${text},`);
    return waiting.promise;
  }

  close(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.on("error", () => undefined);
    this.#socket.destroy();
  }
}
