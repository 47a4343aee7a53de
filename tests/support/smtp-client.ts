import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";

export interface Mailbox {
  readonly host: string;
  readonly port: number;
}

/** What the server said last: `250`, `451` … and its text. */
export interface SmtpAnswer {
  readonly code: number;
  readonly text: string;
}

type Dialogue = (line: string | undefined) => Promise<SmtpAnswer>;

function dialogue(socket: Socket): Dialogue {
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  return async (line) => {
    if (line !== undefined) socket.write(`${line}\r\n`);
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error("the SMTP server hung up");
      const text = value;
      // `250-…` is continued, `250 …` is the last line.
      if (text[3] !== "-") return { code: Number(text.slice(0, 3)), text: text.slice(4) };
    }
  };
}

/** Delivers a mail exactly as it is, byte for byte; answers what the server said to the data, or the refusal before it. */
export async function deliver(
  { host, port }: Mailbox,
  mail: string | Buffer,
  { from = "nagios@mx.example.jp", to = "sys-alert@example.jp" } = {},
): Promise<SmtpAnswer> {
  const socket = connect(port, host);
  socket.on("error", () => undefined);
  try {
    await once(socket, "connect");
    const say = dialogue(socket);
    for (const line of [
      undefined,
      "EHLO mx.example.jp",
      `MAIL FROM:<${from}>`,
      `RCPT TO:<${to}>`,
      "DATA",
    ]) {
      const answer = await say(line);
      if (answer.code >= 400) return answer;
    }
    const bytes = Buffer.isBuffer(mail)
      ? mail.toString("latin1")
      : Buffer.from(mail).toString("latin1");
    const stuffed = bytes.replaceAll(/\r?\n/g, "\r\n").replaceAll(/^\./gm, "..");
    socket.write(Buffer.from(`${stuffed}${stuffed.endsWith("\r\n") ? "" : "\r\n"}`, "latin1"));
    return await say(".");
  } finally {
    socket.destroy();
  }
}
