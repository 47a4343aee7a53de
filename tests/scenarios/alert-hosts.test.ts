/** Alerts and the inventory: which machine a message means, and maintenance that is planned there. */
import { readFileSync, existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { told, toldOf } from "../support/alert-site.ts";
import { alerts } from "../support/main-job-site.ts";
import { nagiosMail } from "../support/monitor-mails.ts";
import { type Raicho, startRaicho } from "../support/raicho.ts";
import { external, type Ground } from "./ground.ts";

const staffMail = "../shared/corpus/mail/ja/iso2022jp-7bit.eml";

const window = (name: string, target: string, more: object) => ({
  type: "MaintenanceWindow",
  match: ["name"],
  set: { name, targets: [target], ...more },
});

describe("alerts and the inventory", () => {
  let under: Ground;
  let raicho: Raicho;
  beforeAll(async () => {
    under = await external();
    raicho = await startRaicho({ env: under.env });
    const [now, hour] = [Date.now(), 3_600_000];
    const at = (hours: number) => new Date(now + hours * hour).toISOString();
    await upsert([
      { type: "Site", set: { code: "TYO7" } },
      { type: "Room", set: { site: "TYO7", name: "3F" } },
      { type: "Rack", set: { room: { site: "TYO7", name: "3F" }, name: "A-07" } },
      { type: "Person", set: { login: "yamada", name: "山田" } },
      {
        type: "Device",
        set: {
          hostname: "web012",
          fqdn: "web012.example.test",
          aliases: ["www-front"],
          asset_no: "R12345",
          serial: "SN-0001",
          rack: "A-07",
          position: 23,
          owner: { login: "yamada" },
        },
      },
      { type: "Device", set: { hostname: "busy01.auction" } },
      { type: "Device", set: { hostname: "later01.auction" } },
      { type: "Device", set: { hostname: "told01.auction" } },
      window("電源工事", "busy01.auction", { start: at(-1), end: at(1) }),
      window("later", "later01.auction", { start: at(2), end: at(3) }),
      window("only planned, not quiet", "told01.auction", {
        start: at(-1),
        end: at(1),
        suppress: false,
      }),
    ]);
  }, 120_000);
  afterAll(async () => {
    await raicho.stop();
    await under[Symbol.asyncDispose]();
  }, 60_000);

  async function upsert(items: readonly object[]): Promise<void> {
    const { status, body } = await raicho.ask("/api/v2/inventory/upsert", {
      method: "POST",
      body: { items, reason: "first inventory" },
    });
    const { results = [] } = body as { results?: { result: string }[] };
    expect([status, results.filter(({ result }) => result !== "created"), body]).toEqual([
      200,
      [],
      body,
    ]);
  }

  const entityOf = (host: string): Promise<unknown> =>
    eventually(`the alert of ${host}`, async () => {
      const found = (await alerts(raicho)).find(({ document }) => document["host_raw"] === host);
      return found === undefined ? undefined : { entity: found.document["entity"] ?? null };
    });

  test.each(["web012", "WEB012.example.test", "www-front", "R12345", "SN-0001", "A-07 U23"])(
    "C3d: a monitor that calls the machine %s means web012, and its owner",
    async (host) => {
      expect(
        await raicho.send(nagiosMail({ host, service: host.replaceAll(/\W/g, "-") })),
      ).toMatchObject({
        code: 250,
      });
      expect(await entityOf(host)).toMatchObject({ entity: { type: "Device", name: "web012" } });
      const [{ payload } = { payload: {} }] = await toldOf(raicho, "alert.firing", host);
      expect(payload).toMatchObject({ owner: { kind: "person", person: { login: "yamada" } } });
    },
    60_000,
  );

  test.skipIf(!existsSync(staffMail))(
    "C3d: the hand-written mail of the data centre's staff that names only the place",
    async () => {
      const { host } = await raicho.get<{ host: { name: string } }>(
        `/api/v2/inventory/hosts?q=${encodeURIComponent("東京第１DC ３Ｆ ラックＡ－０７ Ｕ２３")}`,
      );
      expect(host).toMatchObject({ name: "web012" });
      expect(await raicho.send(readFileSync(staffMail))).toMatchObject({ code: 250 });
      expect(await entityOf("web012")).toMatchObject({ entity: { name: "web012" } });
      const mail = `From: dc@example.jp\nTo: sys-alert@example.jp\nSubject: =?utf-8?B?${Buffer.from("【障害】目視点検").toString("base64")}?=\nMessage-Id: <place@example.jp>\nContent-Type: text/plain; charset=utf-8\n\n■ 設置場所：東京第１DC ３Ｆ ラックＡ－０７ Ｕ２３\n■ 事象：ランプ点灯\n`;
      expect(await raicho.send(mail)).toMatchObject({ code: 250 });
      expect(await entityOf("A-07 U23")).toMatchObject({ entity: { name: "web012" } });
    },
    60_000,
  );

  test("B2: maintenance that the inventory plans holds alerts of its machines back while it lasts, and no others", async () => {
    for (const host of ["busy01.auction", "later01.auction", "told01.auction"])
      await raicho.send(nagiosMail({ host, at: new Date(Date.now() - 60_000) }));
    const [held] = await toldOf(raicho, "alert.suppressed", "busy01.auction");
    expect(held?.payload["suppressed_by"]).toMatchObject([{ name: "電源工事" }]);
    for (const host of ["later01.auction", "told01.auction"])
      await toldOf(raicho, "alert.firing", host);
    const firing = await told(raicho, "alert.firing");
    expect(firing.some(({ payload }) => payload.host_raw === "busy01.auction")).toBe(false);
  }, 60_000);
});
