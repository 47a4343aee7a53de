import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callbackify } from "node:util";
import { simpleParser, type ParsedMail } from "mailparser";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { shippedPackActions, type ShippedPacks } from "../support/shipped-packs.ts";

const received: { mail: ParsedMail; to: string[]; user: unknown }[] = [];
const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ["STARTTLS"],
  allowInsecureAuth: true,
  onAuth: ({ username, password }, _session, done) =>
    password === "secret" ? done(null, { user: username }) : done(new Error("wrong password")),
  onRcptTo: ({ address }, _session, done) =>
    done(address.startsWith("nobody") ? new Error("unknown user") : undefined),
  onData(stream, session, done) {
    const keep = async (): Promise<void> => {
      const mail = await simpleParser(stream);
      const to = session.envelope.rcptTo.map(({ address }) => address);
      received.push({ mail, to, user: session.user });
    };
    callbackify(keep)((error) => done(error));
  },
});
const folder = mkdtempSync(join(tmpdir(), "raicho-email-"));
let packs: ShippedPacks;
let unconfigured: ShippedPacks;
beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as { port: number };
  const account = { server: "127.0.0.1", port, secure: false };
  packs = await shippedPackActions({
    email: {
      smtp_accounts: [
        { ...account, name: "open", smtp_auth: false },
        { ...account, name: "login", username: "ops", password: "secret" },
        { ...account, name: "wrong", username: "ops", password: "guess" },
        { ...account, name: "tls", secure: true, smtp_auth: false },
      ],
    },
  });
  unconfigured = await shippedPackActions();
});
afterAll(async () => {
  await packs.close();
  await unconfigured.close();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => void received.splice(0));

const mail = {
  email_from: "Raicho <raicho@example.com>",
  email_to: ["ops@example.com"],
  subject: "障害 {{ x }} <% y %> 'q' \"d\"",
  message: "本文\n.\n{{ z }}\n",
};

test("sends what is written, evaluates nothing", async () => {
  const attached = join(folder, "ログ.txt");
  writeFileSync(attached, "line");
  const outcome = await packs.run("email.send_email", {
    ...mail,
    email_cc: ["lead@example.com"],
    account: "open",
    attachments: [attached],
  });
  expect(outcome).toEqual({
    status: "succeeded",
    result: {
      message_id: expect.stringMatching(/^<[0-9a-f]{32}@example.com>$/) as string,
      accepted: ["ops@example.com", "lead@example.com"],
      rejected: [],
    },
  });
  expect(received).toMatchObject([
    {
      to: ["ops@example.com", "lead@example.com"],
      mail: {
        subject: mail.subject,
        text: mail.message,
        from: { text: '"Raicho" <raicho@example.com>' },
        cc: { text: "lead@example.com" },
      },
    },
  ]);
  expect(received[0]?.mail.attachments).toMatchObject([{ filename: "ログ.txt" }]);
});

test("the first account serves when none is named; HTML is HTML", async () => {
  await packs.run("email.send_email", { ...mail, mime: "html", message: "<b>x</b>" });
  expect(received[0]?.mail.html).toBe("<b>x</b>\n");
});

test("logs in where the account says so", async () => {
  await packs.run("email.send_email", { ...mail, account: "login" });
  expect(received[0]?.user).toBe("ops");
  const wrong = await packs.run("email.send_email", { ...mail, account: "wrong" });
  expect(wrong).toMatchObject({
    status: "failed",
    result: { error: expect.stringContaining("wrong password") as string },
  });
});

test("the same execution sends under the same Message-Id", async () => {
  const ids = await Promise.all(
    [1, 2].map(async (attempt) => (await packs.run("email.send_email", mail, { attempt })).result),
  );
  expect((ids[0] as { message_id: string }).message_id).toBe(
    (ids[1] as { message_id: string }).message_id,
  );
});

test("a recipient that is refused is named", async () => {
  expect(
    await packs.run("email.send_email", {
      ...mail,
      email_to: ["ops@example.com", "nobody@example.com"],
    }),
  ).toMatchObject({ status: "succeeded", result: { rejected: ["nobody@example.com"] } });
  expect(
    await packs.run("email.send_email", { ...mail, email_to: ["nobody@example.com"] }),
  ).toMatchObject({ status: "failed" });
});

test.each([
  [{ subject: "a\r\nBcc: b@c" }, "subject holds a line break"],
  [{ email_to: ["a@b", "c@d\nBcc: e@f"] }, "email_to holds a line break"],
  [{ email_from: "a@b\r\nX: y" }, "email_from holds a line break"],
  [{ email_to: [] }, "email_to names nobody"],
  [
    { account: "other" },
    'email has no account "other" among smtp_accounts in <configs>/email.yaml; there are: open, login, wrong, tls',
  ],
  [{ account: "tls" }, "STARTTLS"],
  [{ attachments: ["relative.txt"] }, "must be an absolute path"],
  [{ attachments: ["/not/there"] }, "cannot be read"],
])("%j is refused", async (parameters, error) => {
  expect(await packs.run("email.send_email", { ...mail, ...parameters })).toMatchObject({
    status: "failed",
    result: { error: expect.stringContaining(error) as string },
  });
  expect(received).toEqual([]);
});

test("without a configuration says what to set", async () => {
  expect(await unconfigured.run("email.send_email", mail)).toEqual({
    status: "failed",
    result: { error: "email is not configured: set smtp_accounts in <configs>/email.yaml" },
  });
});
