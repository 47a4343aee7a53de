/** Signatures of webhooks: each scheme with what it signs, and every way to be wrong. */
import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { hookFrom } from "../../src/engine/hook-book.ts";
import { verify } from "../../src/engine/signatures.ts";
import type { HookSettings } from "../../src/model/signatures.ts";

const now = 1_800_000_000;
const body = '{"a": 1,  "b":"日本"}';
const secret = "a secret of some length";
const standardSecret = `whsec_${Buffer.from(secret).toString("base64")}`;

function hmac(text: string, encoding: "hex" | "base64" = "hex", algorithm = "sha256"): string {
  return createHmac(algorithm, secret).update(text).digest(encoding);
}

function settings(document: Record<string, unknown>): HookSettings {
  const read = hookFrom({ secret_key: "k", ...document });
  if (typeof read === "string") throw new Error(read);
  return read;
}

type Headers = Record<string, string>;

function check(
  document: Record<string, unknown>,
  headers: Headers,
  { text = body, at = now, secrets = [secret], query = "" } = {},
): ReturnType<typeof verify> {
  const delivery = { header: (name: string) => headers[name], body: Buffer.from(text), query };
  return verify(settings(document), delivery, { secrets, now: at });
}

const standard = {
  "webhook-id": "msg_1",
  "webhook-timestamp": String(now),
  "webhook-signature": `v1,${hmac(`msg_1.${now}.${body}`, "base64")}`,
};
const slack = {
  "x-slack-request-timestamp": String(now),
  "x-slack-signature": `v0=${hmac(`v0:${now}:${body}`)}`,
};
const generic = {
  scheme: "hmac",
  header: "X-Sign",
  prefix: "sha512=",
  algorithm: "sha512",
  encoding: "base64",
};

describe("a right signature", () => {
  test.each<[string, Record<string, unknown>, Headers]>([
    ["github", { scheme: "github" }, { "x-hub-signature-256": `sha256=${hmac(body)}` }],
    [
      "github, in capitals",
      { scheme: "github" },
      { "x-hub-signature-256": `sha256=${hmac(body).toUpperCase()}` },
    ],
    ["jira", { scheme: "jira" }, { "x-hub-signature": `sha256=${hmac(body)}` }],
    ["slack", { scheme: "slack" }, slack],
    ["generic", generic, { "x-sign": `sha512=${hmac(body, "base64", "sha512")}` }],
    [
      "generic with a time",
      { scheme: "hmac", header: "x-sign", timestamp_header: "x-time" },
      { "x-sign": hmac(`${now}.${body}`), "x-time": String(now) },
    ],
  ])("%s", (_name, document, headers) => {
    expect(check(document, headers)).toHaveProperty("identity");
  });

  test("of Standard Webhooks names the delivery, also among several and with a secret to come", () => {
    expect(check({ scheme: "standard" }, standard, { secrets: [standardSecret] })).toStrictEqual({
      identity: "msg_1",
    });
    const several = {
      ...standard,
      "webhook-signature": `v1,AAAA ${standard["webhook-signature"]}`,
    };
    expect(
      check({ scheme: "standard" }, several, { secrets: ["old", standardSecret] }),
    ).toStrictEqual({
      identity: "msg_1",
    });
  });

  test("of Standard Webhooks' own example", () => {
    const example = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
    expect(
      check({ scheme: "standard" }, example, {
        text: '{"test": 2432232314}',
        at: 1_614_265_330,
        secrets,
      }),
    ).toStrictEqual({ identity: "msg_p5jXN8AQM9LWM0D4loKWxJek" });
  });
});

describe("a delivery that comes again", () => {
  test.each<[string, Record<string, unknown>, Headers, string]>([
    ["slack", { scheme: "slack" }, slack, "x-slack-signature"],
    [
      "generic",
      { scheme: "hmac", header: "x-sign", timestamp_header: "x-time" },
      { "x-sign": hmac(`${now}.${body}`), "x-time": String(now) },
      "x-sign",
    ],
  ])("is the same in capitals (%s)", (_name, document, headers, signature) => {
    const capitals = (headers[signature] ?? "").replace(/[0-9a-f]{64}$/, (hex) =>
      hex.toUpperCase(),
    );
    const again = { ...headers, [signature]: capitals };
    expect(again).not.toStrictEqual(headers);
    expect(check(document, again)).toStrictEqual(check(document, headers));
  });
});

function known(text: string, encoding: "hex" | "base64"): string {
  return createHmac("sha256", "").update(text).digest(encoding);
}

describe("the empty secret, which everybody knows,", () => {
  test.each([
    ["github", ""],
    ["standard", "whsec_"],
  ])("lets nobody in (%s)", (scheme, stored) => {
    const headers = {
      "x-hub-signature-256": `sha256=${known(body, "hex")}`,
      ...standard,
      "webhook-signature": `v1,${known(`msg_1.${now}.${body}`, "base64")}`,
    };
    expect(typeof check({ scheme }, headers, { secrets: [stored] })).toBe("string");
  });
});

describe("a wrong one", () => {
  test.each<[string, Record<string, unknown>, Headers, Parameters<typeof check>[2]]>([
    ["a bit of the body", { scheme: "slack" }, slack, { text: body.replace("1", "3") }],
    [
      "the same JSON written anew",
      { scheme: "slack" },
      slack,
      { text: JSON.stringify(JSON.parse(body)) },
    ],
    ["301 s old", { scheme: "slack" }, slack, { at: now + 301 }],
    ["301 s ahead", { scheme: "slack" }, slack, { at: now - 301 }],
    ["another secret", { scheme: "slack" }, slack, { secrets: ["other"] }],
    ["no header", { scheme: "slack" }, {}, {}],
    ["no signature", { scheme: "slack" }, { "x-slack-request-timestamp": String(now) }, {}],
    [
      "another version",
      { scheme: "slack" },
      { ...slack, "x-slack-signature": `v1=${hmac(`v0:${now}:${body}`)}` },
      {},
    ],
    ["another length", { scheme: "github" }, { "x-hub-signature-256": "sha256=abcd" }, {}],
    [
      "another time than was signed",
      { scheme: "standard" },
      { ...standard, "webhook-timestamp": String(now + 1) },
      { secrets: [standardSecret] },
    ],
    [
      "another id than was signed",
      { scheme: "standard" },
      { ...standard, "webhook-id": "msg_2" },
      { secrets: [standardSecret] },
    ],
    [
      "a time that is none",
      { scheme: "slack" },
      { "x-slack-request-timestamp": "soon", "x-slack-signature": `v0=${hmac(`v0:soon:${body}`)}` },
      {},
    ],
    [
      "without a time where one is signed",
      { scheme: "hmac", header: "x-sign", timestamp_header: "x-time" },
      { "x-sign": hmac(body) },
      {},
    ],
  ])("%s", (...row) => {
    const [, document, headers, how] = row;
    expect(typeof check(document, headers, how)).toBe("string");
  });
});

test.each([
  [{}, "scheme: give one of"],
  [{ scheme: "github", secret_key: "" }, "secret_key"],
  [{ scheme: "github", tolerance: 0 }, "tolerance"],
  [{ scheme: "hmac" }, "header"],
  [{ scheme: "twilio" }, "address"],
  [{ scheme: "twilio", address: "https://a.example/x?y=1" }, "address"],
  [{ scheme: "github", answer: { type: "xml", body: "" } }, "answer"],
  [{ scheme: "hmac", header: "h", algorithm: "md5" }, "algorithm"],
  [{ scheme: "hmac", header: "h", encoding: "octal" }, "encoding"],
])("settings %j are refused", (document, sentence) => {
  expect(JSON.stringify(hookFrom({ secret_key: "k", ...document }))).toContain(sentence);
});

describe("Twilio signs the address and the form", () => {
  const twilio = { scheme: "twilio", address: "https://mycompany.com/myapp.php" };
  const form = {
    CallSid: "CA1234567890ABCDE",
    From: "+12349013030",
    To: "+18005551212",
    Caller: "+12349013030",
    Digits: "1234",
  };
  const headers = {
    "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    // The example of Twilio's documentation, with the token 12345.
    "x-twilio-signature": "0/KCTR6DLpKmkAf8muzZqo1nDgQ=",
  };
  const how = {
    text: String(new URLSearchParams(form)),
    secrets: ["12345"],
    query: "?foo=1&bar=2",
  };

  test("the example of its documentation fits", () => {
    expect(check(twilio, headers, how)).toEqual({ identity: headers["x-twilio-signature"] });
  });

  test.each<[string, Headers, object]>([
    ["another digit", headers, { text: how.text.replace("1234", "1235") }],
    ["another query", headers, { query: "?foo=1&bar=3" }],
    ["another token", headers, { secrets: ["54321"] }],
    ["no signature", { "content-type": headers["content-type"] }, {}],
    ["a body that is no form", { ...headers, "content-type": "application/json" }, {}],
  ])("%s does not", (_what, given, more) => {
    expect(typeof check(twilio, given, { ...how, ...more })).toBe("string");
  });
});
