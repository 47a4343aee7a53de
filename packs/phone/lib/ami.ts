/** Asterisk's manager interface (AMI): messages of `Key: value` lines, a blank line behind each. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export type Message = ReadonlyMap<string, string>;

export class Manager {
  readonly #socket: Socket;
  readonly #hear: (event: Message) => void;
  #text = "";
  #number = 0;
  #greeted = false;
  readonly #waiting = new Map<string, PromiseWithResolvers<Message>>();

  private constructor(socket: Socket, hear: (event: Message) => void) {
    this.#socket = socket;
    this.#hear = hear;
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => this.#take(String(chunk)));
    socket.on("error", (error) => this.#end(error.message));
    socket.on("close", () => this.#end("it closed the connection"));
  }

  /** `hear` is told of every event, and of `CLOSED` (with `Reason`) when the connection is gone. */
  static async open(
    { host, port }: { readonly host: string; readonly port: number },
    hear: (event: Message) => void,
    signal: AbortSignal,
  ): Promise<Manager> {
    const socket = connect({ host, port });
    await once(socket, "connect", {
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    });
    return new Manager(socket, hear);
  }

  #end(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
    this.#hear(
      new Map([
        ["Event", "CLOSED"],
        ["Reason", reason],
      ]),
    );
  }

  #take(chunk: string): void {
    this.#text += chunk;
    // The first line is a greeting: Asterisk Call Manager/5.0.3
    if (!this.#greeted) {
      const end = this.#text.indexOf("\r\n");
      if (end === -1) return;
      this.#greeted = true;
      this.#text = this.#text.slice(end + 2);
    }
    for (;;) {
      const end = this.#text.indexOf("\r\n\r\n");
      if (end === -1) return;
      const message = read(this.#text.slice(0, end));
      this.#text = this.#text.slice(end + 4);
      this.#tell(message);
    }
  }

  #tell(message: Message): void {
    if (message.has("Event")) return this.#hear(message);
    const id = message.get("ActionID") ?? "";
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.resolve(message);
  }

  /** Sends an action and gives its response. A line break in a value would be another line: it becomes a blank. */
  async ask(action: string, facts: Readonly<Record<string, string>>): Promise<Message> {
    this.#number += 1;
    const id = `raicho-${this.#number}`;
    const waiting = Promise.withResolvers<Message>();
    this.#waiting.set(id, waiting);
    const lines = Object.entries({ Action: action, ActionID: id, ...facts }).map(
      ([name, value]) => `${name}: ${value.replaceAll(/[\r\n]+/g, " ")}`,
    );
    this.#socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    return waiting.promise;
  }

  close(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.on("error", () => undefined);
    this.#socket.destroy();
  }
}

function read(text: string): Message {
  return new Map(
    text.split("\r\n").flatMap((line) => {
      const at = line.indexOf(":");
      return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()] as const];
    }),
  );
}
