import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startHaproxy, type Haproxy } from "../support/haproxy.ts";
import { needs } from "../support/needs.ts";
import { shippedPackActions, type ShippedPacks } from "../support/shipped-packs.ts";

describe.skipIf(!needs("haproxy"))("haproxy", () => {
  let haproxy: Haproxy;
  let packs: ShippedPacks;
  beforeAll(async () => {
    haproxy = await startHaproxy();
    const { host, port, socket } = haproxy;
    packs = await shippedPackActions({
      haproxy: {
        endpoints: [
          { name: "tcp", host, port },
          { name: "unix", socket },
          { name: "gone", host, port: 1 },
        ],
      },
    });
  });
  afterAll(async () => {
    await packs.close();
    await haproxy.stop();
  });
  const web01 = { backend: "web", server: "web01", endpoint: "tcp" };
  const state = (wanted: string, more = {}) =>
    packs.run("haproxy.server_state", { ...web01, state: wanted, ...more });
  const weight = (value: string) => packs.run("haproxy.set_weight", { ...web01, weight: value });
  beforeEach(async () => {
    await state("ready");
    await packs.run("haproxy.set_weight", { ...web01, weight: "100" });
  });

  test("its files are sound", () => {
    expect(packs.problems.filter(({ file }) => file?.includes("packs/haproxy"))).toEqual([]);
  });

  test.each(["drain", "maint"])("%s and back, each once", async (wanted) => {
    const end = { before: "ready", after: wanted, changed: true, endpoint: "tcp" };
    expect(await state(wanted)).toEqual({
      status: "succeeded",
      result: { backend: "web", server: "web01", state: wanted, changed: true, endpoints: [end] },
    });
    const shown = await packs.run("haproxy.show_servers", {
      backend: "web",
      server: "web01",
      endpoint: "unix",
    });
    expect(shown.result).toMatchObject({
      servers: [
        {
          endpoint: "unix",
          backend: "web",
          server: "web01",
          state: wanted,
          status: wanted.toUpperCase(),
          weight: 100,
        },
      ],
    });
    expect(await state(wanted)).toMatchObject({ status: "succeeded", result: { changed: false } });
    expect(await state("ready")).toMatchObject({ result: { changed: true } });
    expect(await state("ready", { endpoint: "unix" })).toMatchObject({
      result: { changed: false },
    });
  });

  test("from drain to maint and from maint to drain", async () => {
    await state("drain");
    expect(await state("maint")).toMatchObject({ status: "succeeded", result: { changed: true } });
    expect(await state("drain")).toMatchObject({ status: "succeeded", result: { changed: true } });
  });

  test("weights are absolute", async () => {
    expect(await weight("50")).toMatchObject({
      status: "succeeded",
      result: { weight: 50, changed: true, endpoints: [{ before: 100, after: 50 }] },
    });
    expect(await weight("50")).toMatchObject({ result: { changed: false } });
    expect(await weight("0")).toMatchObject({ result: { changed: true } });
    for (const wrong of ["50%", "257", "-1", "1.5", "x", "", "5; disable server web/web02"])
      expect((await weight(wrong)).status).toBe("failed");
    expect((await weight("50%")).result).toMatchObject({
      error: expect.stringContaining("is relative") as string,
    });
  });

  test("lists every server", async () => {
    const { result } = await packs.run("haproxy.show_servers", { endpoint: "tcp" });
    expect(result).toMatchObject({
      servers: [{ server: "web01", address: "127.0.0.1:18081" }, { server: "web02" }],
    });
  });

  test.each([
    [{ server: "web09" }, "haproxy tcp has no server web/web09; there are: web/web01, web/web02"],
    [{ server: "web01; disable server web/web02" }, "cannot be the name of a server"],
    [{ backend: "a\nb" }, "cannot be the name of a backend"],
    [
      { endpoint: "other" },
      'haproxy has no endpoint "other" in <configs>/haproxy.yaml; there are: tcp, unix, gone',
    ],
    [{ endpoint: "gone" }, "the runtime API gone cannot be used: connect ECONNREFUSED"],
  ])("%j is refused", async (parameters, error) => {
    expect(await state("drain", parameters)).toMatchObject({
      status: "failed",
      result: { error: expect.stringContaining(error) as string },
    });
  });

  test("without endpoints says what to set", async () => {
    const outcome = await packs.run(
      "haproxy.server_state",
      { ...web01, state: "drain", endpoint: null },
      { config: {} },
    );
    expect(outcome).toMatchObject({
      status: "failed",
      result: {
        error: expect.stringContaining(
          "haproxy is not configured: set endpoints in <configs>/haproxy.yaml",
        ) as string,
      },
    });
  });

  test("what the actions say is what HAProxy says", async () => {
    await state("drain");
    const { port } = haproxy;
    const shown = execFileSync("bash", [
      "-c",
      `exec 3<>/dev/tcp/127.0.0.1/${port}; echo "show stat" >&3; cat <&3`,
    ]).toString();
    expect(shown).toMatch(/^web,web01,.*,DRAIN,/m);
  });
});
