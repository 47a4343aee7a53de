import { access, constants } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, delimiter, join } from "node:path";
import { createTransport, type SendMailOptions } from "nodemailer";
import { ActionFailed, defineAction } from "raicho/pack";

interface Parameters {
  readonly sendmail_binary: string | null;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly send_empty_body: boolean;
  readonly content_type: string;
  readonly body: string;
  readonly attachments: string | null;
}

/** Answers in the shape of StackStorm's shell script. */
export const action = defineAction<Parameters>(async (parameters, { signal }) => {
  const { to, subject, body, content_type: type } = parameters;
  for (const name of ["from", "to", "subject", "content_type"] as const)
    if (/[\r\n]/.test(parameters[name])) throw new ActionFailed(`${name} must be one line`);
  if (body.trim() === "" && !parameters.send_empty_body) return answer("Nothing to send");
  const attachments = (parameters.attachments ?? "")
    .split(",")
    .map((path) => path.trim())
    .filter((path) => path !== "");
  for (const path of attachments)
    if (!(await reachable(path, constants.R_OK)))
      throw new ActionFailed(`the attachment ${path} cannot be read`);
  const transport = createTransport({
    sendmail: true,
    path: await sendmailProgram(parameters.sendmail_binary),
  });
  signal.throwIfAborted();
  await transport.sendMail({
    from: parameters.from.includes("@") ? parameters.from : `${parameters.from}@${hostname()}`,
    to,
    subject,
    ...bodyAs(type, body),
    attachments: attachments.map((path) => ({ path, filename: basename(path) })),
  });
  return answer(`Successfully sent mail to ${to}`);
});

function answer(stdout: string): Record<string, unknown> {
  return { failed: false, succeeded: true, return_code: 0, stdout, stderr: "" };
}

async function sendmailProgram(asked: string | null): Promise<string> {
  if (asked !== null && asked !== "" && asked !== "None") return asked;
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/lib"];
  for (const path of folders.map((folder) => join(folder, "sendmail")))
    if (await reachable(path, constants.X_OK)) return path;
  throw new ActionFailed(
    "there is no sendmail program on this machine: install one, set sendmail_binary, or use email.send_email",
  );
}

async function reachable(path: string, mode: number): Promise<boolean> {
  return await access(path, mode).then(
    () => true,
    () => false,
  );
}

function bodyAs(type: string, body: string): SendMailOptions {
  if (type === "text/html") return { html: body };
  if (type === "text/plain") return { text: body };
  return { alternatives: [{ contentType: `${type}; charset=utf-8`, content: body }] };
}
