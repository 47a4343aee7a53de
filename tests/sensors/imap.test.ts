import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Sensor } from "../../src/sensors/sensor.ts";
import { imapAccounts, imapSensor, type ImapOptions } from "../../src/sensors/imap.ts";
import { parseMail } from "../../src/sensors/mail/parse.ts";
import { needs } from "../support/needs.ts";
import { Dovecot } from "./dovecot.ts";
import { MemoryLedger, payloadOf } from "./ledger.ts";
import { busyMs } from "../support/eventually.ts";

function mail(n: number): string {
  return `From: nagios@mx\nTo: alerts@x\nSubject: mail ${n}\nMessage-ID: <m${n}@mx>\nDate: Sat, 21 Nov 2026 00:06:52 +0000\n\nbody ${n}\n`;
}

const subjects = (ledger: MemoryLedger) =>
  ledger.events.map((event) => payloadOf(event)["subject"]);

describe.skipIf(!needs("dovecot"))(
  "the IMAP sensor with a real Dovecot",
  { timeout: 60_000 },
  () => {
    let server: Dovecot;
    let ledger: MemoryLedger;
    let sensor: Sensor | undefined;

    beforeEach(async () => {
      server = new Dovecot();
      ledger = new MemoryLedger();
      await server.start();
    });
    afterEach(async () => {
      await sensor?.stop();
      await server.remove();
    });

    async function watch(options: Partial<ImapOptions> = {}): Promise<void> {
      await sensor?.stop();
      sensor = imapSensor({
        account: server.account(),
        parse: parseMail,
        backoffMs: 50,
        ...options,
      });
      await sensor.start(ledger.context());
    }

    test("what is there is taken, what comes is pushed", async () => {
      server.deliver(mail(1));
      server.deliver(mail(2));
      await watch();
      await ledger.stored(2);
      const start = performance.now();
      server.deliver(mail(3));
      await ledger.stored(3);
      expect(performance.now() - start).toBeLessThan(busyMs(10_000));
      expect(subjects(ledger)).toEqual(["mail 1", "mail 2", "mail 3"]);
      expect(ledger.events[0]).toMatchObject({
        trigger: "email.imap.message",
        source: "imap:test",
        dedupeKey: "m1@mx",
      });
      expect(payloadOf(ledger.events[0])).toMatchObject({
        uid: 1,
        from: "nagios@mx",
        body: "body 1\n",
        message_id: "m1@mx",
        parse_error: null,
        has_attachments: false,
        mailbox_metadata: { folder: "INBOX", user: "alerts", ssl: false },
      });
    });

    test("a restart takes only what is new, read by others or not", async () => {
      server.deliver(mail(1));
      await watch();
      await ledger.stored(1);
      await sensor?.stop();
      const calls = ledger.calls;
      server.deliver(mail(2));
      server.markAllSeen();
      await watch();
      await ledger.stored(2);
      expect(subjects(ledger)).toEqual(["mail 1", "mail 2"]);
      expect(ledger.calls).toBe(calls + 1);
      expect(ledger.cursors.get("imap:test:INBOX")).toMatchObject({ uid: 2 });
    });

    test("a server that goes away is connected again, nothing lost or doubled", async () => {
      await watch();
      server.deliver(mail(1));
      await ledger.stored(1);
      await server.stop();
      server.deliver(mail(2));
      await server.start();
      await ledger.stored(2);
      expect(subjects(ledger)).toEqual(["mail 1", "mail 2"]);
    });

    test("a rebuilt mailbox (UIDVALIDITY) doubles nothing and loses nothing", async () => {
      server.deliver(mail(1));
      server.deliver(mail(2));
      await watch();
      await ledger.stored(2);
      const before = ledger.cursors.get("imap:test:INBOX");
      await server.stop();
      server.rebuild();
      server.deliver(mail(3));
      await server.start();
      await ledger.stored(3);
      expect(subjects(ledger)).toEqual(["mail 1", "mail 2", "mail 3"]);
      expect(ledger.cursors.get("imap:test:INBOX")).not.toMatchObject({
        uidvalidity: (before as { uidvalidity: string }).uidvalidity,
      });
      expect(ledger.lines.join()).toContain("UIDVALIDITY changed");
    });

    test("while the ledger is down the mail stays unread by us, and is taken after", async () => {
      ledger.down = new Error("connection refused");
      const refused = once(ledger, "refused");
      server.deliver(mail(1));
      const started = watch();
      await refused;
      expect(ledger.cursors.size).toBe(0);
      ledger.down = undefined;
      await started;
      expect(subjects(ledger)).toEqual(["mail 1"]);
    });

    test("45 mails go in batches, the place is committed with each", async () => {
      for (let n = 1; n <= 45; n += 1) server.deliver(mail(n));
      await watch();
      await ledger.stored(45);
      expect(ledger.calls).toBe(3);
      expect(ledger.cursors.get("imap:test:INBOX")).toMatchObject({ uid: 45 });
    });

    test("a mail above the bound is kept in part and says so; the next one is read", async () => {
      server.deliver(mail(1) + "x".repeat(5_000));
      server.deliver(mail(2));
      await watch({ maxBytes: 1_000 });
      await ledger.stored(2);
      expect(payloadOf(ledger.events[0])).toMatchObject({
        subject: "mail 1",
        raw_truncated: true,
        parse_error: "the mail is larger than 1000 bytes",
      });
      expect(payloadOf(ledger.events[1])).toMatchObject({ subject: "mail 2", parse_error: null });
    });

    test("a server that is down at the start is waited for", async () => {
      await server.stop();
      const waiting = once(ledger, "line");
      const started = watch();
      await waiting;
      server.deliver(mail(1));
      await server.start();
      await started;
      await ledger.stored(1);
      expect(subjects(ledger)).toEqual(["mail 1"]);
    });

    test("a wrong folder is said, stop ends the waiting", async () => {
      const said = once(ledger, "line");
      const started = watch({ account: { ...server.account(), folder: "Nowhere" } });
      expect((await said)[0]).toContain("A mailbox cannot be read now");
      await sensor?.stop();
      await started;
    });
  },
);

describe("accounts", () => {
  test("take the email pack's configuration", () => {
    const [account] = imapAccounts([{ username: "u", password: "p", secure: true }]);
    expect(account).toMatchObject({
      name: "u@localhost",
      server: "localhost",
      port: 993,
      folder: "INBOX",
      secure: true,
    });
    expect(JSON.stringify(account)).not.toContain('"p"');
    expect(imapAccounts(undefined)).toEqual([]);
  });

  test.each([
    [[{ password: "p" }], 'email: imap_accounts/0: "username" is missing or no text'],
    [[{ username: "u", password: "p", port: "x" }], 'email: imap_accounts/0: "port" is no number'],
    ["x", "email: imap_accounts must be a list of accounts"],
  ])("%j is refused", (config, message) => expect(() => imapAccounts(config)).toThrow(message));
});
