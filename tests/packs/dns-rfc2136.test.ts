import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBind, type Bind } from "../support/bind.ts";
import { needs } from "../support/needs.ts";
import { shippedPackActions, type ShippedPacks } from "../support/shipped-packs.ts";

describe.skipIf(!needs("named") || !needs("dig"))("dns_rfc2136", () => {
  let bind: Bind;
  let packs: ShippedPacks;
  let config: Record<string, unknown>;
  beforeAll(async () => {
    bind = await startBind();
    const { host, port, zones, key } = bind;
    const server = {
      host,
      port,
      zones,
      key_name: key.name,
      algorithm: key.algorithm,
      key: key.secret,
    };
    config = { servers: [server] };
    packs = await shippedPackActions({ dns_rfc2136: config });
  });
  afterAll(async () => {
    await packs.close();
    await bind.stop();
  });
  const run = (action: string, parameters: Record<string, string>, more = {}) =>
    packs.run(`dns_rfc2136.${action}`, parameters, more);

  test("its files are sound", () => {
    expect(packs.problems.filter(({ file }) => file?.includes("packs/dns_rfc2136"))).toEqual([]);
  });

  test.each([
    ["A", "192.0.2.10", "192.0.2.10"],
    ["AAAA", "2001:db8:0:0::10", "2001:db8::10"],
    ["AAAA", "::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["CNAME", "Target.example.test", "target.example.test."],
    ["MX", "10 mail.elsewhere.test.", "10 mail.elsewhere.test."],
    ["SRV", "10 60 5060 sip.example.test", "10 60 5060 sip.example.test."],
    ["CAA", '0 issue "ca.example.net"', '0 issue "ca.example.net"'],
    ["NS", "ns2.example.test", ""],
    ["TXT", "v=spf1 -all; owner=運用", '"v=spf1 -all; owner=\\233\\129\\139\\231\\148\\168"'],
    ["TXT", "x".repeat(600), `"${"x".repeat(255)}" "${"x".repeat(255)}" "${"x".repeat(90)}"`],
  ])("a record of type %s: added once, found, removed once", async (type, data, shown) => {
    const record = { name: `t${type.toLowerCase()}${data.length}`, type, zone: "example.test" };
    expect(await run("record_add", { ...record, data, ttl: "60" })).toMatchObject({
      status: "succeeded",
      result: { changed: true, records: [{ ttl: 60 }] },
    });
    expect(bind.dig(`${record.name}.example.test`, type)).toBe(shown);
    expect(await run("record_add", { ...record, data, ttl: "60" })).toMatchObject({
      status: "succeeded",
      result: { changed: false },
    });
    expect(await run("verify", { ...record, expected: data })).toMatchObject({
      status: "succeeded",
    });
    expect(await run("record_delete", { ...record, data })).toMatchObject({
      status: "succeeded",
      result: { changed: true, before: [{ ttl: 60 }], records: [] },
    });
    expect(await run("record_delete", { ...record, data })).toMatchObject({
      status: "succeeded",
      result: { changed: false },
    });
    expect(await run("verify", { ...record, expected: "" })).toMatchObject({ status: "succeeded" });
    expect(bind.dig(`${record.name}.example.test`, type)).toBe("");
  });

  test("several values; one removed; all removed; the zone is found by the name", async () => {
    const record = { name: "pool.example.test", type: "a" };
    expect(
      await run("record_add", { ...record, data: "192.0.2.1\n192.0.2.2\n192.0.2.3" }),
    ).toMatchObject({
      result: {
        zone: "example.test",
        name: "pool.example.test",
        type: "A",
        changed: true,
        records: [{ data: "192.0.2.1", ttl: 300 }, { data: "192.0.2.2" }, { data: "192.0.2.3" }],
      },
    });
    await run("record_delete", { ...record, data: "192.0.2.2" });
    expect(bind.dig(record.name, "A").split("\n").toSorted()).toEqual(["192.0.2.1", "192.0.2.3"]);
    await run("record_delete", record);
    expect(bind.dig(record.name, "A")).toBe("");
  });

  test("replace leaves exactly the given values and says when nothing changed", async () => {
    const record = { name: "www.example.test", type: "A" };
    await run("record_add", { ...record, data: "192.0.2.1\n192.0.2.2" });
    expect(await run("record_replace", { ...record, data: "192.0.2.9", ttl: "30" })).toMatchObject({
      result: {
        changed: true,
        before: [{ data: "192.0.2.1" }, { data: "192.0.2.2" }],
        records: [{ data: "192.0.2.9", ttl: 30 }],
      },
    });
    expect(await run("record_replace", { ...record, data: "192.0.2.9", ttl: "30" })).toMatchObject({
      result: { changed: false },
    });
    expect(await run("record_replace", { ...record, data: "192.0.2.9", ttl: "31" })).toMatchObject({
      result: { changed: true },
    });
  });

  test("PTR records in the reverse zone, names at the apex", async () => {
    await run("record_add", {
      name: "10.2.0.192.in-addr.arpa",
      type: "PTR",
      data: "web01.example.test",
    });
    expect(bind.dig("10.2.0.192.in-addr.arpa", "PTR")).toBe("web01.example.test.");
    await run("record_add", { name: "@", zone: "example.test.", type: "TXT", data: "apex" });
    expect(bind.dig("example.test", "TXT")).toBe('"apex"');
  });

  test("an update larger than a datagram goes by TCP", async () => {
    const data = Array.from({ length: 60 }, (_, index) => `192.0.2.${index + 1}`).join("\n");
    expect(await run("record_add", { name: "many.example.test", type: "A", data })).toMatchObject({
      status: "succeeded",
      result: { changed: true },
    });
    expect(
      await run("verify", { name: "many.example.test", type: "A", expected: data }),
    ).toMatchObject({ status: "succeeded" });
  });

  test("verify fails with what is there, and waits when it may", async () => {
    const record = { name: "late.example.test", type: "A" };
    expect(await run("verify", { ...record, expected: "192.0.2.5" })).toMatchObject({
      status: "failed",
      result: {
        error: "dns: late.example.test A is absent at 127.0.0.1, not 192.0.2.5",
        records: [],
        expected: ["192.0.2.5"],
      },
    });
    const waiting = run("verify", { ...record, expected: "192.0.2.5", wait: "10" });
    await run("record_add", { ...record, data: "192.0.2.5" });
    expect(await waiting).toMatchObject({ status: "succeeded" });
    const server = `127.0.0.1:${bind.port}`;
    expect(await run("verify", { ...record, expected: "192.0.2.5", server })).toMatchObject({
      status: "succeeded",
    });
  });

  const withServer = (change: Record<string, unknown>) => ({
    config: {
      servers: (config["servers"] as object[]).map((server) => ({ ...server, ...change })),
    },
  });
  const add = { name: "no.example.test", type: "A", data: "192.0.2.1" };
  test.each([
    [
      { key: Buffer.alloc(32).toString("base64") },
      "refused the signature with key ops-key: BADSIG",
    ],
    [{ key_name: "other-key" }, "refused the signature with key other-key: BADKEY"],
    [
      { key_name: undefined, key: undefined },
      "refused the update of no.example.test in example.test: REFUSED",
    ],
    [{ key: undefined }, "needs both key_name and key, or neither"],
    [{ key: "***" }, "is not base64"],
    [{ algorithm: "hmac-md5" }, 'algorithm "hmac-md5" is not known; there are: hmac-sha1'],
    [{ zones: ["elsewhere.test"] }, "has a zone for no.example.test; there are: elsewhere.test"],
    [{ zones: ["test"] }, "NOTAUTH"],
    [{ port: 1 }, "cannot be used: connect ECONNREFUSED"],
  ])("a wrong configuration %j is explained", async (change, error) => {
    expect(await run("record_add", add, withServer(change))).toMatchObject({
      status: "failed",
      result: { error: expect.stringContaining(error) as string },
    });
    expect(bind.dig(add.name, "A")).toBe("");
  });

  test.each([
    [{ type: "BOGUS" }, 'records of type "BOGUS" are not known; there are: A, NS'],
    [{ data: "300.1.1.1" }, '"300.1.1.1" is no value of a record of type A; one is: 192.0.2.10'],
    [{ data: " " }, "data holds no value"],
    [{ ttl: "soon" }, 'ttl must be a whole number of seconds, not "soon"'],
    [{ name: "no.other.test.", zone: "example.test" }, "is not inside the zone example.test"],
    [{ name: "a..example.test" }, "is no domain name"],
    [{ name: `${"x".repeat(64)}.example.test` }, "is no domain name"],
  ])("wrong parameters %j are explained", async (parameters, error) => {
    expect(await run("record_add", { ...add, ...parameters })).toMatchObject({
      status: "failed",
      result: { error: expect.stringContaining(error) as string },
    });
  });

  test("without servers says what to set", async () => {
    expect(await run("record_add", add, { config: {} })).toMatchObject({
      status: "failed",
      result: {
        error: expect.stringContaining(
          "dns_rfc2136 is not configured: set servers in <configs>/dns_rfc2136.yaml",
        ) as string,
      },
    });
  });

  test("an answer that is not signed by the key is not believed", async () => {
    // A forger on the way: says NOERROR to everything, unsigned.
    const forger = createSocket("udp4");
    forger.on("message", (bytes, from) => {
      const answer = Buffer.from(bytes);
      answer.writeUInt16BE(answer.readUInt16BE(2) | 0x8000, 2);
      answer.fill(0, 4, 12);
      forger.send(answer.subarray(0, 12), from.port, from.address);
    });
    forger.bind(0, "127.0.0.1");
    await once(forger, "listening");
    const outcome = await run("record_add", add, withServer({ port: forger.address().port }));
    forger.close();
    expect(outcome).toMatchObject({
      status: "failed",
      result: { error: expect.stringContaining("the answer is not signed") as string },
    });
  });

  test("a server that is silent on UDP is reached by TCP", async () => {
    const bridge = createServer((client) => {
      const upstream = connect(bind.port, "127.0.0.1");
      client.pipe(upstream).pipe(client);
    });
    bridge.listen(0, "127.0.0.1");
    await once(bridge, "listening");
    const { port } = bridge.address() as { port: number };
    const record = { ...add, name: "tcp.example.test" };
    expect(await run("record_add", record, withServer({ port }))).toMatchObject({
      status: "succeeded",
      result: { changed: true },
    });
    bridge.close();
  });
});
