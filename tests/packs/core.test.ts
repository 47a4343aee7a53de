import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simpleParser } from "mailparser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shippedPackActions, type ShippedPacks } from "../support/shipped-packs.ts";

let packs: ShippedPacks;
const folder = mkdtempSync(join(tmpdir(), "raicho-core-"));
beforeAll(async () => {
  packs = await shippedPackActions();
});
afterAll(async () => {
  await packs.close();
  rmSync(folder, { recursive: true, force: true });
});

test("all files of the packs core and email are sound", () => {
  const ours = packs.problems.filter(({ file }) => /packs\/(core|email)\//.test(file ?? ""));
  expect(ours).toEqual([]);
});

test("core holds StackStorm's actions by name", () => {
  const names = [...packs.content.actions.values()]
    .filter(({ pack }) => pack === "core")
    .map(({ name }) => name);
  expect(names.toSorted()).toEqual([
    "announcement",
    "ask",
    "echo",
    "error",
    "http",
    "inject_trigger",
    "local",
    "local_sudo",
    "noop",
    "pause",
    "remote",
    "remote_sudo",
    "sendmail",
    "uuid",
    "winrm_cmd",
    "winrm_ps_cmd",
  ]);
});

test("echo and error render as in StackStorm", () => {
  expect(packs.content.actions.get("core.echo")?.parameters["cmd"]).toMatchObject({
    default: 'echo "{{message}}"',
    immutable: true,
  });
  expect(packs.content.actions.get("core.error")?.parameters["cmd"]).toMatchObject({
    default: '>&2 echo "{{message}}"',
    immutable: true,
  });
});

test("noop and local run", async () => {
  expect(await packs.run("core.noop")).toMatchObject({ status: "succeeded" });
  expect(await packs.run("core.local", { cmd: "echo hi" })).toMatchObject({
    result: { stdout: "hi" },
  });
});

test("uuid makes both kinds", async () => {
  const four = await packs.run("core.uuid");
  expect(four.result).toEqual({
    result: expect.stringMatching(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    ) as string,
    exit_code: 0,
    stdout: "",
    stderr: "",
  });
  const { result } = (await packs.run("core.uuid", { uuid_type: "uuid1" })).result as {
    result: string;
  };
  expect(result).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const [low = "", middle = "", high = ""] = result.split("-");
  const unix = Number(BigInt(`0x${high.slice(1)}${middle}${low}`) / 10_000n) - 12_219_292_800_000;
  expect(Math.abs(unix - Date.now())).toBeLessThan(60_000);
});

describe("pause", () => {
  test("answers the seconds it waited", async () => {
    expect(await packs.run("core.pause", { max_pause: 0 })).toMatchObject({
      status: "succeeded",
      result: { result: 0 },
    });
    expect(await packs.run("core.pause", { max_pause: 1, random: true })).toMatchObject({
      result: { result: 1 },
    });
  });
  test("ends when it is canceled", async () => {
    const controller = new AbortController();
    const outcome = packs.run("core.pause", { max_pause: 600 }, { signal: controller.signal });
    controller.abort(new Error("enough"));
    expect(await outcome).toEqual({ status: "canceled", result: { error: "enough" } });
  });
});

describe("sendmail", () => {
  const catcher = join(folder, "catch");
  const caught = join(folder, "mail.eml");
  writeFileSync(catcher, `#!/bin/sh\ncat > ${caught}\n`);
  chmodSync(catcher, 0o755);
  const mail = {
    sendmail_binary: catcher,
    to: "ops@example.com",
    subject: "障害 $(id) {{ x }}",
    body: "<b>本文</b>",
  };

  test("hands a whole mail to the program", async () => {
    const attached = join(folder, "a.txt");
    writeFileSync(attached, "content");
    const outcome = await packs.run("core.sendmail", { ...mail, attachments: ` ${attached}` });
    expect(outcome).toEqual({
      status: "succeeded",
      result: {
        failed: false,
        succeeded: true,
        return_code: 0,
        stdout: "Successfully sent mail to ops@example.com",
        stderr: "",
      },
    });
    const parsed = await simpleParser(readFileSync(caught));
    expect(parsed).toMatchObject({
      subject: mail.subject,
      html: mail.body,
      from: { text: expect.stringMatching(/^stanley@/) as string },
    });
    expect(parsed.attachments).toMatchObject([
      { filename: "a.txt", content: Buffer.from("content") },
    ]);
  });
  test.each(["text/plain", "text/markdown"])("a body of type %s says so", async (type) => {
    await packs.run("core.sendmail", { ...mail, content_type: type });
    expect(readFileSync(caught, "utf8")).toMatch(
      new RegExp(`content-type: ${type}; charset=utf-8`, "i"),
    );
  });
  test.each([
    [{ subject: "a\r\nBcc: x@y" }, "subject must be one line"],
    [{ to: "a@b\nBcc: c@d" }, "to must be one line"],
    [{ attachments: "/not/there" }, "the attachment /not/there cannot be read"],
  ])("%j is refused", async (parameters, error) => {
    expect(await packs.run("core.sendmail", { ...mail, ...parameters })).toEqual({
      status: "failed",
      result: { error },
    });
  });
  test("an empty body is sent unless that is refused", async () => {
    expect(
      await packs.run("core.sendmail", { ...mail, body: " ", send_empty_body: false }),
    ).toMatchObject({ result: { stdout: "Nothing to send" } });
  });
});
