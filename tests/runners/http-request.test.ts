import { createServer, type IncomingMessage, type Server } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpRequestRunner } from "../../src/runners/http-request.ts";
import { describeRunner, secretValue } from "../contracts/runner.ts";
import { runCall } from "../support/run-call.ts";

const forms: Record<
  string,
  (request: IncomingMessage) => [number, Record<string, string | string[]>, string | Buffer]
> = {
  "/json": () => [
    200,
    { "Content-Type": "application/json; charset=utf-8", "X-Multi": ["a", "b"] },
    '{"a": [1]}',
  ],
  "/hal": () => [200, { "content-type": "application/hal+json" }, "{}"],
  "/broken": () => [200, { "content-type": "application/json" }, "{"],
  "/gzip": () => [200, { "content-encoding": "gzip" }, gzipSync("packed")],
  "/bomb": () => [200, { "content-encoding": "gzip" }, gzipSync(Buffer.alloc(3_000_000))],
  "/sjis": () => [
    200,
    { "content-type": "text/plain; charset=Shift_JIS" },
    Buffer.from([0x82, 0xa0]),
  ],
  "/gone": () => [404, {}, "not here"],
  "/teapot": () => [418, { "content-type": "application/json" }, '"short"'],
  "/moved": () => [302, { location: "/echo" }, ""],
  "/kept": () => [307, { location: "/echo" }, ""],
  "/login": () => [
    302,
    {
      location: "/echo",
      "set-cookie": [
        "session=s3; Path=/; Expires=Thu, 01 Jan 2032 00:00:00 GMT",
        "old=; Max-Age=0",
      ],
    },
    "",
  ],
  "/loop": () => [302, { location: "/loop" }, ""],
  "/metadata": () => [302, { location: "http://169.254.169.254/latest" }, ""],
};

const server: Server = createServer((request, response) => {
  const path = new URL(request.url ?? "", "http://x").pathname;
  if (path === "/hang") return;
  const body: Buffer[] = [];
  request.on("data", (chunk: Buffer) => body.push(chunk));
  request.on("end", () => {
    const { method, url, headers } = request;
    const echo = JSON.stringify({ method, url, headers, body: Buffer.concat(body).toString() });
    const answer = forms[path]?.(request) ?? [200, { "content-type": "application/json" }, echo];
    response.writeHead(answer[0], answer[1]).end(answer[2]);
  });
});
let base = "";
const cases = {
  succeeds: { parameters: { url: "" } },
  fails: { parameters: { url: "" } },
  hangs: { parameters: { url: "" } },
  floods: { parameters: { url: "" } },
  secret: {
    parameters: { url: "", password: secretValue, headers: { "x-word": secretValue } },
    action: { parameters: { password: { type: "string" as const, secret: true } } },
  },
};
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  cases.succeeds.parameters.url = `${base}/json`;
  cases.fails.parameters.url = `${base}/gone`;
  cases.hangs.parameters.url = `${base}/hang`;
  cases.floods.parameters.url = `${base}/echo`;
  cases.secret.parameters.url = `${base}/echo`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const { floods: _, ...withoutFlood } = cases;
describeRunner(() => httpRequestRunner(), {
  ...withoutFlood,
  silent: true,
  skip: {
    floods: "an answer beyond the bound is an error, see below",
    gigabyte: "an answer beyond the bound is an error, see below",
    bytes: "an answer has its own charset, see below",
    family: "it starts nothing",
    worker: "it starts nothing",
  },
});

const get = (path: string, parameters = {}, runner = httpRequestRunner({ bodyLimit: 1_000_000 })) =>
  runner.run(
    runCall({ url: base + path, ...parameters }, { action: { ref: "core.http", pack: "core" } }),
  );
const echoed = async (path: string, parameters = {}) =>
  (
    (await get(path, parameters)).result as {
      body: { method: string; url: string; headers: Record<string, string>; body: string };
    }
  ).body;

describe("answers", () => {
  test("have exactly StackStorm's keys", async () => {
    expect(await get("/json")).toEqual({
      status: "succeeded",
      result: {
        status_code: 200,
        body: { a: [1] },
        parsed: true,
        headers: expect.objectContaining({
          "Content-Type": "application/json; charset=utf-8",
          "X-Multi": "a, b",
        }) as object,
      },
    });
  });
  test.each([
    ["/hal", "succeeded", { body: "{}", parsed: false }],
    ["/broken", "succeeded", { body: "{", parsed: false }],
    ["/gzip", "succeeded", { body: "packed" }],
    ["/sjis", "succeeded", { body: "あ" }],
    ["/gone", "failed", { status_code: 404, body: "not here" }],
    ["/teapot", "failed", { status_code: 418, body: "short", parsed: true }],
    ["/moved", "failed", { status_code: 302 }],
  ])("%s", async (path, status, result) => {
    expect(await get(path)).toMatchObject({ status, result });
  });
  test("beyond the bound are an error, compressed ones too", async () => {
    await expect(get("/bomb")).rejects.toThrow("is longer than the 1000000 bytes that are kept");
  });
});

describe("requests", () => {
  test("say who asks", async () => {
    expect((await echoed("/echo")).headers).toMatchObject({
      "user-agent": "raicho",
      "x-stanley-action": "http",
    });
  });
  test.each([
    [{}, { method: "GET" }],
    [{ body: "x" }, { method: "POST", body: "x" }],
    [
      { method: "PUT", body: "日本" },
      { method: "PUT", body: "日本" },
    ],
    [{ params: { q: "a b", list: [1, "2"], none: null } }, { url: "/echo?q=a+b&list=1&list=2" }],
    [
      { headers: { "X-A": "1" }, cookies: { c: "d", e: 5 } },
      { headers: { "x-a": "1", cookie: "c=d; e=5" } },
    ],
    [{ username: "u", password: "p" }, { headers: { authorization: "Basic dTpw" } }],
    [{ method: "POST" }, { headers: { "idempotency-key": "65a000000000000000000001" } }],
    [
      { method: "PUT", headers: { "IDEMPOTENCY-KEY": "mine" } },
      { headers: { "idempotency-key": "mine" } },
    ],
    [{ auth: "x-auth-token=XYZ=1" }, { headers: { "x-auth-token": "XYZ=1" } }],
    [
      { headers: { "content-type": "application/json" }, body: '{ "a": 12345678901234567890 }' },
      { body: '{ "a": 12345678901234567890 }' },
    ],
    [
      { headers: { "content-type": "application/json" }, body: "{'a': [True, None, 'é']}" },
      { body: String.raw`{"a": [true, null, "\u00e9"]}` },
    ],
    [{ params: { on: true, off: false } }, { url: "/echo?on=True&off=False" }],
    [
      { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "a=1&b=%20" },
      { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "a=1&b=%20" },
    ],
    [
      { file_name: "f.txt", file_content: "text", file_content_type: "text/plain" },
      {
        method: "POST",
        body: expect.stringMatching(
          /name="f.txt"; filename="f.txt"\r\nContent-Type: text\/plain\r\n\r\ntext\r\n/,
        ) as string,
      },
    ],
  ])("%j", async (parameters, wanted) => {
    expect(await echoed("/echo", parameters)).toMatchObject(wanted);
  });
  test.each([
    [{ url: "ftp://x/" }, 'must be an http or https URL, not "ftp://x/"'],
    [{ url: "nowhere" }, 'not "nowhere"'],
    [{ headers: { "Content-Type": "application/json" }, body: "{" }, "can't be parsed as JSON"],
    [{ auth: "token" }, "name=value"],
    [{ url_hosts_blacklist: ["a"], url_hosts_whitelist: ["b"] }, "mutually exclusive"],
  ])("%j is refused", async (parameters, message) => {
    await expect(get("/echo", parameters)).rejects.toThrow(message);
  });
  test("redirects are followed only when asked, with the method that everybody uses", async () => {
    const redirects = { allow_redirects: true, body: "b", headers: { authorization: "t" } };
    expect(await echoed("/moved", redirects)).toMatchObject({
      method: "GET",
      body: "",
      headers: { authorization: "t" },
    });
    expect(await echoed("/kept", redirects)).toMatchObject({ method: "POST", body: "b" });
    await expect(get("/loop", redirects)).rejects.toThrow("redirects more than 30 times");
  });
  test("cookies that are set on the way are sent on, to their host only", async () => {
    const cookies = { allow_redirects: true, cookies: { a: "1", session: "none", old: "2" } };
    expect((await echoed("/login", cookies)).headers["cookie"]).toBe("a=1; old=2; session=s3");
  });
  test("go through a proxy that is named", async () => {
    expect(
      (await echoed("/echo", { url: "http://nowhere.invalid/echo", http_proxy: base })).url,
    ).toBe("http://nowhere.invalid/echo");
  });
});

describe("host lists", () => {
  const blacklist = { url_hosts_blacklist: ["127.0.0.1", "::1"] };
  test.each([
    "127.0.0.1",
    "x@127.0.0.1",
    "2130706433",
    "0x7f.1",
    "017700000001",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "LOCALHOST",
    "127.0.0.1.",
    "①②⑦.⓪.⓪.①",
    "localhost",
    "[::1]",
    "0.0.0.0",
    "[::]",
  ])("%s is inside", async (host) => {
    await expect(
      get("", { url: `http://${host}:${new URL(base).port}/echo`, ...blacklist }),
    ).rejects.toThrow("is blacklisted");
  });
  test("names and networks in the list count by their addresses", async () => {
    for (const entry of ["localhost", "127.0.0.0/8", " 127.0.0.1 "])
      await expect(get("/echo", { url_hosts_blacklist: [entry] })).rejects.toThrow(
        "is blacklisted",
      );
    expect(
      (await get("/echo", { url_hosts_blacklist: ["10.0.0.0/8", "other.invalid"] })).status,
    ).toBe("succeeded");
  });
  test("a whitelist admits only what it names", async () => {
    for (const entry of ["127.0.0.1", "127.0.0.0/8"])
      expect((await get("/echo", { url_hosts_whitelist: [entry] })).status).toBe("succeeded");
    await expect(get("/echo", { url_hosts_whitelist: ["localhost"] })).rejects.toThrow(
      "is not whitelisted",
    );
  });
  test("a redirect is checked as well; link-local addresses are never reached", async () => {
    const redirects = { allow_redirects: true };
    await expect(get("/metadata", redirects)).rejects.toThrow(
      '"http://169.254.169.254/latest" is blacklisted',
    );
    await expect(
      get("/moved", redirects, httpRequestRunner({ forbidden: ["127.0.0.1"] })),
    ).rejects.toThrow("blacklisted");
  });
});
