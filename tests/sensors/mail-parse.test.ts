import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { detectLegacy } from "../../src/sensors/mail/charset.ts";
import { mailKey } from "../../src/sensors/mail/head.ts";
import { htmlToText } from "../../src/sensors/mail/html-text.ts";
import { mailPayload, rawBound } from "../../src/sensors/mail/message.ts";
import { mailBounds, parseMail } from "../../src/sensors/mail/parse.ts";
import { busyMs } from "../support/eventually.ts";

const corpus = "../shared/corpus/mail/ja";
const body =
  "■ 機器名　：web012（資産番号：Ｒ１２３４５）\r\n■ 事象　　：①番スロットが点灯しました。\r\n";
const subject = "【障害連絡】web012の障害";

/** The same Japanese text in legacy bytes, as recorded from real encoders (base64). */
const legacy = {
  sjis: Buffer.from([
    0x81, 0x79, 0x8f, 0xe1, 0x8a, 0x51, 0x81, 0x7a, 0x83, 0x65, 0x83, 0x58, 0x83, 0x67, 0x82, 0xc5,
    0x82, 0xb7,
  ]),
  euc: Buffer.from([
    0xa1, 0xda, 0xbe, 0xe3, 0xb3, 0xb2, 0xa1, 0xdb, 0xa5, 0xc6, 0xa5, 0xb9, 0xa5, 0xc8, 0xa4, 0xc7,
    0xa4, 0xb9,
  ]),
  jis: Buffer.from("\u001b$B!Z>c32![%F%9%H$G$9\u001b(B", "latin1"),
};
const legacyText = "【障害】テストです";

function mail(head: readonly (string | Buffer)[], text: string | Buffer): Buffer {
  return Buffer.concat([
    ...head.flatMap((line) => [Buffer.from(line as string), Buffer.from("\r\n")]),
    Buffer.from("\r\n"),
    Buffer.from(text as string),
  ]);
}

describe("labels and bytes that do not fit", () => {
  const utf8 = Buffer.from(`${legacyText}。\r\n確認をお願いします。`);
  const bytes = { ...legacy, utf8 };
  const text = { sjis: legacyText, euc: legacyText, utf8: utf8.toString().replace("\r", "") };

  test.each([
    ["UTF-8", "sjis"],
    ["UTF-8", "euc"],
    ["ISO-2022-JP", "sjis"],
    ["ISO-2022-JP", "utf8"],
    ["EUC-JP", "utf8"],
    ["Shift_JIS", "utf8"],
  ] as const)("the label %s over bytes of %s is put right", async (label, written) => {
    const raw = mail([`Content-Type: text/plain; charset=${label}`], bytes[written]);
    const parsed = await parseMail(raw);
    expect(parsed.text.trimEnd()).toBe(text[written]);
    expect(parsed.charset_repaired).toBe(true);
  });

  test.each([
    ["UTF-8", utf8],
    ["Shift_JIS", legacy.sjis],
    ["EUC-JP", legacy.euc],
  ] as const)(
    "a true label stays, also over a text that is cut inside a character: %s",
    async (label, whole) => {
      const raw = mail([`Content-Type: text/plain; charset=${label}`], whole.subarray(0, -1));
      const parsed = await parseMail(raw);
      expect(parsed.text).toContain(legacyText.slice(0, -1));
      expect(parsed.charset_repaired).toBe(false);
    },
  );

  test.each(["sjis", "euc", "utf8"] as const)(
    "%s without a label, cut inside a character",
    async (written) => {
      const parsed = await parseMail(mail(["Subject: s"], bytes[written].subarray(0, -1)));
      expect(parsed.text).toContain(legacyText.slice(0, -1));
    },
  );

  test("Latin-1 under the label of UTF-8 is not taken for Japanese", async () => {
    const raw = mail(
      ["Content-Type: text/plain; charset=UTF-8"],
      Buffer.from("caf\u00e9ab", "latin1"),
    );
    expect((await parseMail(raw)).charset_repaired).toBe(false);
  });
});

describe.skipIf(!existsSync(corpus))(
  "the Japanese corpus (skipped where ../shared is absent)",
  () => {
    const wantedSubject = existsSync(corpus)
      ? readFileSync(`${corpus}/expected-subject.txt`, "utf8")
      : "";
    const wantedBody = existsSync(corpus)
      ? readFileSync(`${corpus}/expected-body.txt`, "utf8")
      : "";
    const files = existsSync(corpus)
      ? readdirSync(corpus).filter((name) => name.endsWith(".eml"))
      : [];

    test("is there", () => expect(files.length).toBeGreaterThanOrEqual(7));

    test.each(files)("%s is read exactly", async (file) => {
      const parsed = await parseMail(readFileSync(`${corpus}/${file}`));
      expect(parsed.subject).toBe(wantedSubject);
      expect(parsed.text.trimEnd()).toBe(wantedBody.trimEnd());
    });

    test.each(["CP50220", "CP50221", "cp50222", "ISO-2022-JP-MS"])(
      "the label %s is read as ISO-2022-JP, in header words and bodies",
      async (label) => {
        const raw = readFileSync(`${corpus}/iso2022jp-7bit.eml`, "latin1");
        const parsed = await parseMail(Buffer.from(raw.replaceAll("ISO-2022-JP", label), "latin1"));
        expect(parsed.subject).toBe(wantedSubject);
        expect(parsed.text.trimEnd()).toBe(wantedBody.trimEnd());
        expect(parsed.charset_repaired).toBe(true);
      },
    );

    test.each([
      ["shiftjis-base64.eml", "shift_jis"],
      ["eucjp-8bit.eml", "euc-jp"],
    ] as const)("the body of %s without a label is detected as %s", async (file, charset) => {
      const raw = readFileSync(`${corpus}/${file}`, "latin1");
      const unlabelled = raw.replace(/^Content-Type:.*\r\n/m, "");
      expect(unlabelled).not.toBe(raw);
      const parsed = await parseMail(Buffer.from(unlabelled, "latin1"));
      expect(parsed.text.trimEnd()).toBe(wantedBody.trimEnd());
      expect(charset).toBeTruthy();
    });
  },
);

describe("unlabelled legacy bytes", () => {
  test.each(Object.entries(legacy))("%s in subject and body", async (_, bytes) => {
    const parsed = await parseMail(
      mail(["From: a@example.jp", Buffer.concat([Buffer.from("Subject: "), bytes])], bytes),
    );
    expect(parsed.subject).toBe(legacyText);
    expect(parsed.text).toBe(legacyText);
    expect(parsed.charset_repaired).toBe(true);
  });

  test.each(Object.entries(legacy))("%s in a part of a multipart mail", async (_, bytes) => {
    const parts = Buffer.concat([
      Buffer.from("--x\r\nContent-Type: text/plain\r\n\r\n"),
      bytes,
      Buffer.from("\r\n--x\r\nContent-Type: application/octet-stream\r\n\r\n\x00\x01\r\n--x--\r\n"),
    ]);
    const parsed = await parseMail(
      mail(
        ["Subject: x", "MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="x"'],
        parts,
      ),
    );
    expect(parsed.text.trim()).toBe(legacyText);
    expect(parsed.attachments).toHaveLength(1);
  });

  test("UTF-8 and ASCII are left alone", async () => {
    expect(detectLegacy(Buffer.from(body))).toBeUndefined();
    expect(detectLegacy(Buffer.from("plain"))).toBeUndefined();
    const parsed = await parseMail(mail([`Subject: ${subject}`], body));
    expect(parsed).toMatchObject({ subject, charset_repaired: false });
    expect(parsed.text).toBe(body.replaceAll("\r\n", "\n"));
  });
});

describe("parsing", () => {
  test("base64 of the bytes is accepted as well", async () => {
    const raw = mail(
      ["Subject: a", "Message-ID: <m@x>", "Date: Sat, 21 Nov 2026 00:06:52 +0000"],
      "t",
    );
    expect(await parseMail(raw.toString("base64"))).toEqual(await parseMail(raw));
    expect(await parseMail(raw)).toMatchObject({
      message_id: "m@x",
      date: "2026-11-21T00:06:52.000Z",
      size: raw.length,
    });
  });

  test("NUL and lone surrogates never get through", async () => {
    const parsed = await parseMail(mail(["Subject: =?utf-8?B?YQBi?="], "x\0y"));
    expect(parsed.subject).toBe("a\ufffdb");
    expect(JSON.stringify(parsed)).not.toContain("\\u0000");
    expect(parsed.text.isWellFormed()).toBe(true);
  });

  test("an HTML mail gives text, in time, whatever its size", async () => {
    const start = performance.now();
    const parsed = await parseMail(
      mail(["Content-Type: text/html"], `${"<div>".repeat(200_000)}last words`),
    );
    expect(parsed.text).toBe("last words");
    expect(parsed.truncated).toBe(true);
    expect(parsed.html).toHaveLength(mailBounds.text);
    expect(performance.now() - start).toBeLessThan(busyMs(5_000));
  });

  test("text is bounded and says so", async () => {
    const parsed = await parseMail(mail(["Subject: x"], "line\r\n".repeat(100_000)));
    expect(parsed.text).toHaveLength(mailBounds.text);
    expect(parsed.truncated).toBe(true);
  });

  test("template brackets and shell characters stay as written", async () => {
    const evil = "{{ 7*7 }} <% 1 %> $(id) `id` '\"; rm -rf /";
    const parsed = await parseMail(mail([`Subject: ${evil}`], evil));
    expect(parsed).toMatchObject({ subject: evil, text: evil });
  });
});

describe("the text of HTML", () => {
  test.each([
    ["a<br>b", "a\nb"],
    ["<p>a</p><p>b &amp; c</p>", "a\n\nb & c"],
    ["<style>x{}</style><script>1<2</script>t", "t"],
    ["<table><tr><td>Host:</td><td>web01</td></tr></table>", "Host:\tweb01"],
    ["5 < 6 &lt;b&gt; &#x3042;&#12356;", "5 < 6 <b> あい"],
    ["<!-- <b>no</b> -->yes<b", "yes"],
    ["a   b\n c", "a b c"],
    ["a\n <pre>b\nc: <b>1</b>\r\nd &lt;2&gt;</pre> e\nf", "a\nb\nc: 1\nd <2>\ne f"],
    ["<pre>a\n<pre>b\nc</pre>d\ne</pre></pre>f\ng", "a\n\nb\nc\nd\ne\n\nf g"],
  ])("%j is %j", (html, text) => expect(htmlToText(html)).toBe(text));
});

describe("what is emitted", () => {
  test("same Message-ID, same key; none, the hash of the bytes", () => {
    expect(mailKey(mail(["Message-Id:  <a@b>  "], "1"))).toBe("a@b");
    expect(mailKey(mail(["MESSAGE-ID: <a@b>"], "2"))).toBe("a@b");
    expect(mailKey(mail(["Message-Id:", " <folded@b>"], "2"))).toBe("folded@b");
    expect(mailKey(mail(["Subject: x"], "1"))).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(mailKey(mail(["Subject: x"], "1"))).not.toBe(mailKey(mail(["Subject: x"], "2")));
  });

  test("a mail that cannot be parsed keeps its raw text and says why", async () => {
    const raw = mail(["Subject: broken", "Message-ID: <k@x>", "From: a@b"], "body");
    const payload = await mailPayload(raw, () => Promise.reject(new Error("deadline of 10 s")));
    expect(payload).toMatchObject({
      subject: "broken",
      from: "a@b",
      message_key: "k@x",
      parse_error: "deadline of 10 s",
      raw_truncated: false,
    });
    expect(Buffer.from(payload.raw, "base64").equals(raw)).toBe(true);
  });

  test("the raw mail is kept up to its bound", async () => {
    const raw = mail(["Subject: big"], "x".repeat(rawBound));
    const payload = await mailPayload(raw, parseMail);
    expect(payload.raw_truncated).toBe(true);
    expect(Buffer.from(payload.raw, "base64")).toHaveLength(rawBound);
    expect(payload.raw_sha256).toHaveLength(64);
  });
});
