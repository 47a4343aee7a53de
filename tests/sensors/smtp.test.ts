import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { createTransport } from "nodemailer";
import { afterEach, describe, expect, test } from "vitest";
import { MailParserAway, parseMail } from "../../src/sensors/mail/parse.ts";
import { smtpSensor, type SmtpOptions, type SmtpSensor } from "../../src/sensors/smtp.ts";
import { MemoryLedger, payloadOf } from "./ledger.ts";

let sensor: SmtpSensor | undefined;
afterEach(() => sensor?.stop());

async function listening(options: Partial<SmtpOptions> = {}) {
  const ledger = new MemoryLedger();
  sensor = smtpSensor({ host: "127.0.0.1", port: 0, parse: parseMail, ...options });
  await sensor.start(ledger.context());
  const { port } = sensor.address();
  const transport = createTransport({ host: "127.0.0.1", port, ignoreTLS: true });
  const send = (raw: string | Buffer) =>
    transport.sendMail({ envelope: { from: "n@mx", to: ["sys@x", "b@x"] }, raw });
  return { ledger, port, send };
}

const nagios = "../shared/corpus/mail/nagios-4.4.6-postfix/service-1.eml";

describe("the SMTP sensor", () => {
  test.skipIf(!existsSync(nagios))("a genuine mail becomes one event", async () => {
    const { ledger, send } = await listening();
    const raw = readFileSync(nagios);
    expect((await send(raw)).response).toMatch(/^250 /);
    await send(raw);
    expect(ledger.events).toHaveLength(1);
    expect(ledger.events[0]).toMatchObject({
      trigger: "email.smtp.message",
      source: "smtp",
      dedupeKey: "20261121000652.D1C751CA075@mx.example.jp",
    });
    expect(payloadOf(ledger.events[0])).toMatchObject({
      subject: "** PROBLEM Service Alert: web01.auction/HTTP is CRITICAL **",
      from: "nagios@mx.example.jp",
      to: "sys-alert@example.jp",
      envelope: { from: "n@mx", to: ["sys@x", "b@x"] },
      parse_error: null,
    });
  });

  test("250 comes only after the commit", async () => {
    const { ledger, send } = await listening();
    const { promise, resolve } = Promise.withResolvers<void>();
    ledger.gate = promise;
    let answered = false;
    const sent = send("Subject: x\r\nMessage-ID: <1@x>\r\n\r\nhello").then((result) => {
      answered = true;
      return result;
    });
    while (ledger.calls === 0) await new Promise((next) => setImmediate(next));
    expect(answered).toBe(false);
    resolve();
    expect((await sent).response).toMatch(/^250/);
    expect(ledger.events).toHaveLength(1);
  });

  test("451 when the ledger is down, and nothing is stored; the next attempt succeeds", async () => {
    const { ledger, send } = await listening();
    ledger.down = new Error("connection refused");
    const raw = "Subject: x\r\nMessage-ID: <1@x>\r\n\r\nhello";
    await expect(send(raw)).rejects.toMatchObject({ responseCode: 451 });
    expect(ledger.events).toHaveLength(0);
    ledger.down = undefined;
    await send(raw);
    expect(ledger.events).toHaveLength(1);
  });

  test("552 above the size bound, by the announced size and by the sent bytes", async () => {
    const { ledger, port, send } = await listening({ maxBytes: 10_000 });
    await expect(send(`Subject: x\r\n\r\n${"x".repeat(20_000)}`)).rejects.toMatchObject({
      responseCode: 552,
    });
    const answers = await talk(port, [
      "EHLO c\r\n",
      "MAIL FROM:<a@b>\r\n",
      "RCPT TO:<c@d>\r\n",
      "DATA\r\n",
      `Subject: x\r\n\r\n${"line\r\n".repeat(5_000)}.\r\n`,
    ]);
    expect(answers.at(-1)).toMatch(/^552 /);
    expect(ledger.events).toHaveLength(0);
  });

  test("452 when too many bytes are in flight, and the room is given back", async () => {
    const { ledger, send } = await listening({ maxBufferedBytes: 5_000 });
    await expect(send(`Subject: x\r\n\r\n${"x\r\n".repeat(4_000)}`)).rejects.toMatchObject({
      responseCode: 452,
    });
    for (let n = 0; n < 5; n += 1)
      await send(`Message-ID: <${n}@x>\r\n\r\n${"y\r\n".repeat(1_000)}`);
    expect(ledger.events).toHaveLength(5);
  });

  test("452 for a recipient beyond its rate, and others are not concerned", async () => {
    const { ledger, port } = await listening({ rate: 1 });
    const answers = await talk(port, [
      "EHLO c\r\n",
      "MAIL FROM:<a@b>\r\n",
      ...Array.from({ length: 50 }, (_, n) => `RCPT TO:<${n % 2 === 0 ? "B" : "b"}omb@d>\r\n`),
      "RCPT TO:<other@d>\r\n",
      "DATA\r\n",
      "Subject: x\r\n\r\nx\r\n.\r\n",
    ]);
    expect(answers[3]).toMatch(/^250 /);
    expect(answers).toContain("452 Too many mails to bomb@d; try again later");
    expect(answers.at(-1)).toMatch(/^250 /);
    expect(ledger.events).toMatchObject([
      { payload: { envelope: { to: expect.arrayContaining(["other@d"]) } } },
    ]);
  });

  test("200 mails at once are all stored, a bounded number at a time", async () => {
    let running = 0;
    let peak = 0;
    const { ledger, port } = await listening({
      concurrency: 4,
      parse: async (raw) => {
        peak = Math.max(peak, (running += 1));
        const parsed = await parseMail(raw);
        running -= 1;
        return parsed;
      },
    });
    const pool = createTransport({
      host: "127.0.0.1",
      port,
      ignoreTLS: true,
      pool: true,
      maxConnections: 20,
    });
    await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        pool.sendMail({ from: "a@b", to: "c@d", subject: `n ${n}`, text: "x" }),
      ),
    );
    pool.close();
    expect(ledger.events).toHaveLength(200);
    expect(peak).toBeLessThanOrEqual(4);
  });

  test("a mail whose parser was killed is kept and says why", async () => {
    const { ledger, send } = await listening({
      parse: () => Promise.reject(new Error("stopped after 10 s")),
    });
    await send("Subject: bomb\r\nMessage-ID: <b@x>\r\n\r\nboom");
    expect(payloadOf(ledger.events[0])).toMatchObject({
      subject: "bomb",
      parse_error: "stopped after 10 s",
    });
    const raw = Buffer.from(String(payloadOf(ledger.events[0])["raw"]), "base64").toString();
    expect(raw).toContain("boom");
  });

  test("a mail that nobody could look at stays with its sender, and is read when it comes again", async () => {
    let away = true;
    const { ledger, send } = await listening({
      parse: async (raw) => {
        if (away) throw new MailParserAway("the parser did not start within 30000 ms");
        return parseMail(raw);
      },
    });
    const mail = "Subject: urgent\r\nMessage-ID: <u@x>\r\n\r\nhello";
    await expect(send(mail)).rejects.toMatchObject({ responseCode: 451 });
    expect(ledger.events).toEqual([]);
    away = false;
    await send(mail);
    expect(payloadOf(ledger.events[0])).toMatchObject({ subject: "urgent", parse_error: null });
  });

  test("stop waits for what is being stored", async () => {
    const { ledger, send } = await listening();
    const { promise, resolve } = Promise.withResolvers<void>();
    ledger.gate = promise;
    const sent = send("Subject: x\r\nMessage-ID: <1@x>\r\n\r\nhello").catch(() => undefined);
    while (ledger.calls === 0) await new Promise((next) => setImmediate(next));
    const stopped = sensor?.stop();
    resolve();
    await stopped;
    expect(ledger.events).toHaveLength(1);
    await sent;
  });

  test("a port that is taken is said by start", async () => {
    const { port } = await listening();
    const second = smtpSensor({ host: "127.0.0.1", port, parse: parseMail });
    await expect(second.start(new MemoryLedger().context())).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });
});

/** Speaks SMTP by hand: sends each text after the answer to the one before, gives the answers. */
async function talk(port: number, texts: readonly string[]): Promise<string[]> {
  const socket = createConnection(port, "127.0.0.1");
  const answers: string[] = [];
  for (const text of ["", ...texts]) {
    if (text !== "") socket.write(text);
    let answer = "";
    while (!/^\d{3} .*\r\n$/m.test(answer)) answer += String((await once(socket, "data"))[0]);
    answers.push(answer.trimEnd().split("\r\n").at(-1) ?? "");
  }
  socket.destroy();
  return answers;
}
