import { createHash } from "node:crypto";
import { access, constants } from "node:fs/promises";
import { basename, isAbsolute } from "node:path";
import { createTransport } from "nodemailer";
import { ActionFailed, defineAction } from "raicho/pack";

interface Parameters {
  readonly email_from: string;
  readonly email_to: readonly string[];
  readonly email_cc: readonly string[] | null;
  readonly subject: string;
  readonly message: string;
  readonly account: string | null;
  readonly mime: "plain" | "html";
  readonly attachments: readonly string[] | null;
}

interface Account {
  readonly name: string;
  readonly server: string;
  readonly port?: number;
  readonly secure?: boolean;
  readonly smtp_auth?: boolean;
  readonly username?: string;
  readonly password?: string;
}

interface Config {
  readonly smtp_accounts: readonly Account[];
}

/** Answers {message_id, accepted, rejected}. */
export const action = defineAction<Parameters, Config>(async (parameters, context) => {
  const { email_from: from, email_to: to, subject, message, mime } = parameters;
  const cc = parameters.email_cc ?? [];
  const attachments = parameters.attachments ?? [];
  refuseLineBreaks({
    email_from: [from],
    email_to: to,
    email_cc: cc,
    subject: [subject],
    attachments,
  });
  if (to.length === 0) throw new ActionFailed("email_to names nobody");
  await Promise.all(attachments.map(checkAttachment));
  const transport = createTransport(
    serverOf(pick(context.config.smtp_accounts, parameters.account)),
  );
  const stop = (): void => transport.close();
  context.signal.addEventListener("abort", stop, { once: true });
  try {
    const { messageId, accepted, rejected } = await transport.sendMail({
      from,
      to: [...to],
      cc: [...cc],
      subject,
      [mime === "html" ? "html" : "text"]: message,
      messageId: messageIdOf(context.idempotencyKey, from),
      attachments: attachments.map((path) => ({ path, filename: basename(path) })),
    });
    return {
      message_id: messageId,
      accepted: accepted.map(address),
      rejected: rejected.map(address),
    };
  } finally {
    context.signal.removeEventListener("abort", stop);
    transport.close();
  }
});

function pick(accounts: readonly Account[] | undefined, name: string | null): Account {
  const [first] = accounts ?? [];
  if (accounts === undefined || first === undefined)
    throw new ActionFailed("email is not configured: set smtp_accounts in <configs>/email.yaml");
  if (name === null || name === "") return first;
  const found = accounts.find((account) => account.name === name);
  if (found) return found;
  const names = accounts.map((account) => account.name).join(", ");
  throw new ActionFailed(
    `email has no account "${name}" among smtp_accounts in <configs>/email.yaml; there are: ${names}`,
  );
}

function serverOf({ server, port = 465, secure = true, ...account }: Account) {
  const { smtp_auth: login = true, username: user = "", password: pass = "" } = account;
  return {
    host: server,
    port,
    secure: secure && port === 465,
    requireTLS: secure && port !== 465,
    ignoreTLS: !secure,
    ...(login ? { auth: { user, pass } } : {}),
    connectionTimeout: 20_000,
    greetingTimeout: 20_000,
    socketTimeout: 30_000,
    // Addresses and files come from parameters: nothing in them may fetch a URL or read another file.
    disableUrlAccess: true,
  };
}

/** A line break in a header field would start another one. */
function refuseLineBreaks(fields: Readonly<Record<string, readonly string[]>>): void {
  for (const [name, values] of Object.entries(fields))
    for (const value of values)
      if (/[\r\n\0]/.test(value))
        throw new ActionFailed(
          `${name} holds a line break, which would forge a header of the mail`,
        );
}

async function checkAttachment(path: string): Promise<void> {
  if (!isAbsolute(path)) throw new ActionFailed(`the attachment ${path} must be an absolute path`);
  await access(path, constants.R_OK).catch(() => {
    throw new ActionFailed(`the attachment ${path} cannot be read`);
  });
}

/** The same for every attempt, so that a receiver can know a mail that was sent twice. */
function messageIdOf(key: string, from: string): string {
  const domain = /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? "raicho.invalid";
  return `<${createHash("sha256").update(key).digest("hex").slice(0, 32)}@${domain}>`;
}

function address(recipient: string | { readonly address: string }): string {
  return typeof recipient === "string" ? recipient : recipient.address;
}
