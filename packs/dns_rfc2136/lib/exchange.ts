/** One message to a server and its answer: by UDP where it fits, by TCP where it does not or UDP stays silent. */
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import { lookup } from "node:dns/promises";
import { ActionFailed } from "raicho/pack";
import { readMessage, type ReadMessage } from "./message.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

const udpLimit = 512;
/** Milliseconds after which a datagram is sent again, twice; then TCP has its turn. */
const udpTries = [1_000, 2_000, 2_000];
const tcpMs = 10_000;

export async function exchange(
  message: Buffer,
  server: Address,
  signal: AbortSignal,
): Promise<ReadMessage> {
  try {
    const { address: host } = await lookup(server.host);
    const target = { ...server, host };
    const small = message.length <= udpLimit;
    const answer = small ? await byUdp(message, target, signal) : undefined;
    return answer && !answer.truncated ? answer : await byTcp(message, target, signal);
  } catch (error) {
    if (signal.aborted || error instanceof ActionFailed) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ActionFailed(
      `dns: the server ${server.host}:${server.port} cannot be used: ${reason}`,
      {
        cause: error,
      },
    );
  }
}

/** Undefined when nothing answers in time. Datagrams that are not the answer to this message are passed over. */
async function byUdp(
  message: Buffer,
  { host, port }: Address,
  signal: AbortSignal,
): Promise<ReadMessage | undefined> {
  const socket = createSocket({ type: isIPv6(host) ? "udp6" : "udp4", signal });
  try {
    const answered = new Promise<ReadMessage>((resolve) => {
      socket.on("message", (bytes) => {
        const answer = answerTo(message, bytes);
        if (answer) resolve(answer);
      });
    });
    // A closed port: TCP will say so in its own words.
    const refused = new Promise<undefined>((resolve) => {
      socket.once("error", () => resolve(undefined));
      socket.once("close", () => resolve(undefined));
    });
    socket.connect(port, host);
    await Promise.race([new Promise((resolve) => socket.once("connect", resolve)), refused]);
    for (const ms of udpTries) {
      signal.throwIfAborted();
      socket.send(message, () => undefined);
      const answer = await Promise.race([
        answered,
        refused.then(() => "refused" as const),
        later(ms),
      ]);
      if (answer === "refused") return undefined;
      if (answer !== "late") return answer;
    }
    return undefined;
  } finally {
    try {
      socket.close();
    } catch {
      // Closed by the signal already.
    }
  }
}

async function byTcp(
  message: Buffer,
  { host, port }: Address,
  signal: AbortSignal,
): Promise<ReadMessage> {
  const socket = connect({ host, port });
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(tcpMs)]);
  const stop = (): void => void socket.destroy(new Error("no answer in time"));
  deadline.addEventListener("abort", stop, { once: true });
  try {
    deadline.throwIfAborted();
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message]));
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, Buffer.from(chunk)]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) continue;
      const answer = answerTo(message, received.subarray(2, 2 + received.readUInt16BE(0)));
      if (answer) return answer;
      throw new Error("the answer belongs to another request");
    }
    throw new Error("the connection ended without an answer");
  } finally {
    deadline.removeEventListener("abort", stop);
    socket.destroy();
  }
}

/** The answer, when these bytes are one (QR set) with the request's id; malformed ones are none. */
function answerTo(request: Buffer, bytes: Buffer): ReadMessage | undefined {
  try {
    const isAnswer = (bytes.readUInt16BE(2) & 0x8000) !== 0;
    if (!isAnswer || bytes.readUInt16BE(0) !== request.readUInt16BE(0)) return undefined;
    return readMessage(bytes);
  } catch {
    return undefined;
  }
}

async function later(ms: number): Promise<"late"> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
  return "late";
}
