/** Rooms of real servers (ngIRCd, Prosody), and what webhooks are sent. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { irssi, startHookListener, startIrc, startXmpp } from "../support/chat-servers.ts";
import { eventually } from "../support/eventually.ts";
import { needs } from "../support/needs.ts";
import { shippedPackActions, type ShippedPacks } from "../support/shipped-packs.ts";

const words = "【障害】web01 <HTTP> & {{ x }}\n二行目";

describe("E6: webhooks of chats", () => {
  let hooks: Awaited<ReturnType<typeof startHookListener>>;
  let packs: ShippedPacks;
  beforeAll(async () => {
    hooks = await startHookListener();
    const target = (kind: string, more = {}) => ({
      name: kind,
      kind,
      url: `${hooks.url}/${kind}`,
      ...more,
    });
    packs = await shippedPackActions({
      chat: {
        targets: [
          target("slack"),
          target("mattermost", { channel: "ops" }),
          target("teams"),
          { name: "bare", kind: "slack" },
        ],
      },
    });
  }, 120_000);
  afterAll(async () => {
    await packs.close();
    await hooks.stop();
  });

  test("its files are sound", () => {
    expect(packs.problems.filter(({ file }) => file?.includes("packs/chat/"))).toEqual([]);
  });

  test.each([
    ["slack", { text: "【障害】web01 &lt;HTTP&gt; &amp; {{ x }}\n二行目" }],
    ["mattermost", { text: words, channel: "ops" }],
    [
      "teams",
      {
        type: "message",
        attachments: [
          {
            contentType: "application/vnd.microsoft.card.adaptive",
            content: {
              type: "AdaptiveCard",
              body: [{ type: "TextBlock", text: words, wrap: true }],
            },
          },
        ],
      },
    ],
  ])("%s gets the text as it is", async (target, body) => {
    expect(await packs.run("chat.post", { target, text: words })).toMatchObject({
      status: "succeeded",
      result: { target, kind: target, posted: true },
    });
    expect(hooks.got.at(-1)).toMatchObject({ path: `/${target}`, body });
  });

  test("one person, where the webhook can", async () => {
    await packs.run("chat.direct", { target: "mattermost", user: "yamada", text: "x" });
    expect(hooks.got.at(-1)?.body).toEqual({ text: "x", channel: "@yamada" });
    expect(
      await packs.run("chat.direct", { target: "slack", user: "yamada", text: "x" }),
    ).toMatchObject({
      status: "failed",
      result: {
        error: 'chat: "slack" is a webhook of slack; it reaches its room only, not yamada',
      },
    });
  });

  test("too many at once: it waits as it is asked to, and posts once", async () => {
    const before = hooks.got.length;
    hooks.answers.push({ status: 429, headers: { "retry-after": "0" } }, { status: 503 });
    expect(await packs.run("chat.post", { target: "slack", text: "x" })).toMatchObject({
      status: "succeeded",
    });
    expect(hooks.got.length).toBe(before + 1);
  });

  test.each([
    [
      "nobody",
      'chat has no target "nobody" in <configs>/chat.yaml; there are: slack, mattermost, teams, bare',
    ],
    ["bare", 'chat: the target "bare" (slack) in <configs>/chat.yaml needs url'],
  ])("%s is refused in words", async (target, error) => {
    expect(await packs.run("chat.post", { target, text: "x" })).toMatchObject({
      status: "failed",
      result: { error },
    });
  });

  test("a refusal is told with what was said", async () => {
    hooks.answers.push({ status: 404, body: "no_service" });
    expect(await packs.run("chat.post", { target: "slack", text: "x" })).toMatchObject({
      status: "failed",
      result: { status: 404, error: expect.stringContaining("404: no_service") },
    });
  });
});

describe.skipIf(!needs("ngircd"))("E6: IRC", () => {
  let server: Awaited<ReturnType<typeof startIrc>>;
  let packs: ShippedPacks;
  beforeAll(async () => {
    server = await startIrc();
    const irc = { kind: "irc", host: "127.0.0.1", port: server.port, tls: false };
    packs = await shippedPackActions({
      chat: {
        targets: [
          { ...irc, name: "irc", channel: "#ops" },
          { ...irc, name: "gone", port: 1, channel: "#ops" },
          { ...irc, name: "odd", channel: "#a b" },
        ],
      },
    });
  }, 120_000);
  afterAll(async () => {
    await packs.close();
    await server.stop();
  });

  test("a channel gets every line; a nick that is taken is no hindrance", async () => {
    const reader = await irssi(server.port, "raicho", "#ops");
    const long = "あ".repeat(300);
    expect(
      await packs.run("chat.post", { target: "irc", text: `${words}\n${long}` }),
    ).toMatchObject({ status: "succeeded" });
    await eventually(
      "the lines",
      () => (reader.lines().match(/PRIVMSG #ops :/g) ?? []).length >= 5,
      { seconds: 60 },
    );
    expect(reader.lines()).toContain("PRIVMSG #ops :【障害】web01 <HTTP> & {{ x }}\r\n");
    const said = [...reader.lines().matchAll(/PRIVMSG #ops :(あ+)\r/g)]
      .map(([, text]) => text)
      .join("");
    expect(said).toBe(long);
    reader.leave();
  });

  test("one person; and one who is not there", async () => {
    const reader = await irssi(server.port, "yamada", "#x");
    expect(
      await packs.run("chat.direct", { target: "irc", user: "yamada", text: "来て" }),
    ).toMatchObject({ status: "succeeded" });
    await eventually("the line", () => reader.lines().includes("PRIVMSG yamada :来て"), {
      seconds: 60,
    });
    reader.leave();
    expect(
      await packs.run("chat.direct", { target: "irc", user: "nobody", text: "x" }),
    ).toMatchObject({
      status: "failed",
      result: { error: expect.stringContaining("401") },
    });
  });

  test.each([
    ["gone", "cannot be reached"],
    ["odd", '"#a b" cannot be a name there'],
  ])("%s: %s", async (target, error) => {
    expect(await packs.run("chat.post", { target, text: "x" })).toMatchObject({
      status: "failed",
      result: { error: expect.stringContaining(error) },
    });
  });
});

describe.skipIf(!needs("prosody") || !needs("openssl"))("E6: XMPP", () => {
  let server: Awaited<ReturnType<typeof startXmpp>>;
  let packs: ShippedPacks;
  beforeAll(async () => {
    server = await startXmpp(["bot", "ops"]);
    const xmpp = {
      kind: "xmpp",
      host: "127.0.0.1",
      port: server.port,
      jid: "bot@example.jp",
      password: "pw",
      room: "sys@conf.example.jp",
    };
    packs = await shippedPackActions({
      chat: {
        targets: [
          { ...xmpp, name: "xmpp", ca: server.ca },
          { ...xmpp, name: "untrusted" },
          { ...xmpp, name: "wrong", ca: server.ca, password: "x" },
        ],
      },
    });
  }, 120_000);
  afterAll(async () => {
    await packs.close();
    await server.stop();
  });

  test("a room says it back to us, over TLS", async () => {
    expect(await packs.run("chat.post", { target: "xmpp", text: words })).toMatchObject({
      status: "succeeded",
      result: { kind: "xmpp", posted: true },
    });
  });

  test("one person; and one who does not exist", async () => {
    expect(
      await packs.run("chat.direct", { target: "xmpp", user: "ops@example.jp", text: words }),
    ).toMatchObject({ status: "succeeded" });
    expect(
      await packs.run("chat.direct", { target: "xmpp", user: "nobody@example.jp", text: "x" }),
    ).toMatchObject({
      status: "failed",
      result: { error: expect.stringContaining("there is no nobody@example.jp") },
    });
  });

  test.each([
    ["untrusted", "cannot be reached: "],
    ["wrong", "does not let bot@example.jp in"],
  ])("%s: %s", async (target, error) => {
    expect(await packs.run("chat.post", { target, text: "x" })).toMatchObject({
      status: "failed",
      result: { error: expect.stringContaining(error) },
    });
  });
});
