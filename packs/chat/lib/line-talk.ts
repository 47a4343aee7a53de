/** A conversation over a socket: what came so far, and waiting for what is to come. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

const mostKept = 1_000_000;

export interface Place {
  readonly host: string;
  readonly port: number;
  /** File with the certificate of the authority; undefined = those of the machine. */
  readonly ca: string | undefined;
}

export class Talk {
  #socket: Socket;
  #text = "";
  #failure: Error | undefined;
  #news = Promise.withResolvers<void>();
  readonly #signal: AbortSignal;
  readonly #stop = (): void => this.#fail(new Error("no answer in time"));

  private constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
    this.#signal.addEventListener("abort", this.#stop, { once: true });
    this.#listen();
  }

  static async open({ host, port, ca }: Place, tls: boolean, signal: AbortSignal): Promise<Talk> {
    const plain = tls ? undefined : connectPlain({ host, port });
    const socket = plain ?? connectTls({ host, port, servername: host, ...authority(ca) });
    const talk = new Talk(socket, signal);
    await talk.#ready(tls ? "secureConnect" : "connect");
    return talk;
  }

  async #ready(event: string): Promise<void> {
    const failed = Promise.withResolvers<never>();
    this.#socket.once("error", failed.reject);
    this.#socket.once("close", () => failed.reject(new Error("the connection was closed")));
    await Promise.race([once(this.#socket, event, { signal: this.#signal }), failed.promise]);
  }

  #listen(): void {
    this.#socket.setEncoding("utf8");
    this.#socket.on("data", (chunk) => {
      this.#text += String(chunk);
      if (this.#text.length > mostKept) this.#fail(new Error("it says too much"));
      this.#tell();
    });
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("it closed the connection")));
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#tell();
  }

  /** Goes on over TLS on the same connection. */
  async secure(servername: string, ca: string | undefined): Promise<void> {
    const plain = this.#socket;
    plain.removeAllListeners();
    this.#text = "";
    this.#socket = connectTls({ socket: plain, servername, ...authority(ca) });
    this.#listen();
    await this.#ready("secureConnect");
  }

  say(text: string): void {
    this.#socket.write(text);
  }

  /** The first match of what came; everything up to its end is done with. */
  async hear(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const news = this.#news.promise;
      const found = pattern.exec(this.#text);
      if (found !== null) {
        this.#text = this.#text.slice(found.index + found[0].length);
        return found;
      }
      if (this.#failure !== undefined) throw this.#failure;
      await news;
    }
  }

  /** Says a last word and hangs up. */
  close(text: string): void {
    this.#signal.removeEventListener("abort", this.#stop);
    this.#socket.on("error", () => undefined);
    this.#socket.end(text, () => this.#socket.destroy());
  }
}

function authority(ca: string | undefined): { ca?: Buffer } {
  return ca === undefined ? {} : { ca: readFileSync(ca) };
}
