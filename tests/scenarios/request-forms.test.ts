/** Request forms: plain pages and API, names of servers and present settings from the inventory, and the ticket that comes of it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { needs } from "../support/needs.ts";
import { adminPassword, plainRequest } from "../support/raicho.ts";
import {
  plainText,
  prepared,
  type RequestSite,
  startRequestSite,
} from "../support/requests-site.ts";
import { external, type Ground } from "./ground.ts";

const ready = ["git", "sshd"].map(needs).every(Boolean);

const filled = {
  server: "web01",
  fqdn: "shop.example.test",
  zone: "example.test",
  address: "192.0.2.7",
  env: "prod",
  reason: "Sale {{ 7*7 }} <% $.x %> <$ 1+1 $>\nuntil spring",
};

const tokenIn = (text: string): string =>
  /name="_submission" value="([^"]+)"/.exec(text)?.[1] ?? "";
const keyOf = ({ body }: { body: unknown }): string =>
  (body as { ticket: { key: string } }).ticket.key;

describe.runIf(ready)("request forms", () => {
  let under: Ground;
  let site: RequestSite;
  let cookie = "";
  const page = async (path: string, form?: Readonly<Record<string, string>>, language = "en") =>
    fetch(site.raicho.url + path, {
      redirect: "manual",
      headers: {
        cookie,
        "accept-language": language,
        ...(form === undefined
          ? {}
          : { origin: site.raicho.url, "content-type": "application/x-www-form-urlencoded" }),
      },
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form).toString() }),
    });

  beforeAll(async () => {
    under = await external();
    site = await startRequestSite({ env: under.env });
    const items = [
      { type: "Environment", set: { code: "prod" } },
      { type: "Device", set: { hostname: "web01", environment: "prod", aliases: ["www-old"] } },
      { type: "IPAddress", set: { address: "192.0.2.7" } },
      { type: "Device", set: { hostname: "web02", primary_ip: "192.0.2.7" } },
      { type: "Device", set: { hostname: "old01", status: "retired" } },
    ];
    const { status, body } = await site.raicho.ask("/api/v2/inventory/upsert", {
      method: "POST",
      body: { items, reason: "first" },
    });
    const { results = [] } = body as { results?: { result: string }[] };
    if (status !== 200 || results.some(({ result }) => result !== "created"))
      throw new Error(`the inventory was not made: ${JSON.stringify(body)}`);
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await under[Symbol.asyncDispose]();
  }, 60_000);

  test("I1: who is not signed in is asked to, in the language of the browser, and comes back", async () => {
    const away = await page("/forms/subdomain");
    expect(away.status).toBe(303);
    expect(away.headers.get("location")).toBe("/forms/sign-in?lang=en&back=%2Fforms%2Fsubdomain");
    const signIn = await page("/forms/sign-in", undefined, "ja,en;q=0.5");
    expect(await signIn.text()).toContain("パスワード");
    const wrong = await page("/forms/sign-in", { name: "admin", password: "no" });
    expect(wrong.status).toBe(401);
    const inside = await page("/forms/sign-in", {
      name: "admin",
      password: adminPassword,
      back: "/forms",
    });
    expect([inside.status, inside.headers.get("location")]).toEqual([303, "/forms"]);
    cookie = (inside.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const list = await page("/forms");
    expect(list.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await list.text()).toContain('href="/forms/subdomain?lang=en"');
    expect(await (await page("/forms?lang=ja")).text()).toContain("サブドメインの追加");
  }, 60_000);

  test("I2: names of servers are completed from the inventory", async () => {
    const found = await site.raicho.get<{ servers: string[] }>(
      "/api/v2/forms/subdomain/servers?q=web",
    );
    expect(found.servers.toSorted()).toEqual(["web01", "web02"]);
    const text = await (await page("/forms/subdomain")).text();
    expect(text).toContain('<option value="web01">');
    expect(text).toContain('<label for="f-server">');
  }, 60_000);

  test("I3: present settings of the server are read, without JavaScript and for the script", async () => {
    const text = await (await page("/forms/subdomain")).text();
    const read = await page("/forms/subdomain", {
      _submission: tokenIn(text),
      _do: "read",
      server: "www-old",
    });
    expect(read.status).toBe(200);
    expect(await read.text()).toMatch(/<option value="prod"\s+selected="">/);
    expect(
      await site.raicho.get("/api/v2/forms/subdomain/prefill?server=web01&zone=example.test"),
    ).toEqual({ fields: { env: "prod" } });
  }, 60_000);

  test("K2: what is wrong stands at its field, also what the inventory knows better", async () => {
    const text = await (await page("/forms/subdomain?lang=ja")).text();
    const wrong = await page("/forms/subdomain?lang=ja", {
      _submission: tokenIn(text),
      _do: "send",
      server: "nowhere",
      fqdn: "Not A Name",
      env: "moon",
    });
    expect(wrong.status).toBe(422);
    const shown = await wrong.text();
    expect(shown).toContain('aria-invalid="true"');
    expect(shown).toContain("インベントリにないサーバです: nowhere");
    expect(shown).toContain("ドメイン名の形で入力してください");
    expect(shown).toContain("選択肢から選んでください");
    expect(shown).toContain('value="Not A Name"');
    const api = await site.raicho.ask("/api/v2/forms/subdomain?lang=en", {
      method: "POST",
      body: { fields: { ...filled, server: "old01" } },
    });
    expect(api).toMatchObject({
      status: 422,
      body: { errors: [{ field: "server", message: "This server is retired" }] },
    });
    const strange = await site.raicho.ask("/api/v2/forms/subdomain", {
      method: "POST",
      body: { fields: { colour: "red" } },
    });
    expect(strange.status).toBe(400);
  }, 60_000);

  test("I1 A7: a form that is sent becomes one ticket with component and fields, and is prepared like any other", async () => {
    const text = await (await page("/forms/subdomain")).text();
    const token = tokenIn(text);
    const sent = await Promise.all(
      [1, 2, 3].map(() => page("/forms/subdomain", { ...filled, _submission: token, _do: "send" })),
    );
    expect(sent.map(({ status }) => status)).toEqual([303, 303, 303]);
    const done = await page(sent[0]?.headers.get("location") ?? "");
    expect(await done.text()).toMatch(/OPS-\d+/);
    const asked = [...site.jira.issues.values()].filter(({ values }) =>
      String(values["summary"]).startsWith("サブドメイン追加"),
    );
    expect(asked).toHaveLength(1);
    const [ticket] = asked;
    expect(ticket?.values["components"]).toMatchObject([{ name: "Web" }]);
    const description = plainText(ticket?.values["description"]);
    expect(description).toContain("(fqdn): shop.example.test");
    expect(description).toContain("Sale {{ 7*7 }} <% $.x %> <$ 1+1 $>");
    const subs = await prepared(site, ticket?.key ?? "", 3);
    expect(subs.find(({ component }) => component === "DNS")?.description).toContain(
      "shop.example.test → 192.0.2.7",
    );
  }, 120_000);

  test("I1: a page of another site cannot send it, and the same submission of a program makes one ticket", async () => {
    const text = await (await page("/forms/subdomain")).text();
    const forged = await plainRequest(`${site.raicho.url}/forms/subdomain`, {
      method: "POST",
      headers: {
        cookie,
        origin: "https://evil.example",
        "content-type": "application/x-www-form-urlencoded",
      },
      body: new URLSearchParams({ ...filled, _submission: tokenIn(text), _do: "send" }).toString(),
    });
    expect(forged.status).toBe(403);
    const stranger = await page("/forms/subdomain", {
      ...filled,
      _submission: "abc.def",
      _do: "send",
    });
    expect([stranger.status, await stranger.text()]).toEqual([
      200,
      expect.stringContaining("shop.example.test"),
    ]);
    const send = () =>
      site.raicho.ask("/api/v2/forms/subdomain", {
        method: "POST",
        body: { fields: { ...filled, fqdn: "api.example.test" }, submission: "one" },
      });
    const [first, second] = [await send(), await send()];
    expect(first.status).toBe(201);
    expect(keyOf(second)).toBe(keyOf(first));
    await eventually(
      "one ticket",
      () =>
        [...site.jira.issues.values()].filter(({ values }) =>
          String(values["summary"]).includes("api.example.test"),
        ).length === 1,
    );
  }, 90_000);
});
