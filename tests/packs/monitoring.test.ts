/** What is told to monitors that cannot be run here: Zabbix, Mackerel and Datadog, as strict as their documents. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  startDatadogFake,
  startMackerelFake,
  type DatadogFake,
  type MackerelFake,
} from "../support/monitor-fakes.ts";
import { shippedPackActions, type ShippedPacks } from "../support/shipped-packs.ts";
import { startZabbixFake, type ZabbixFake } from "../support/zabbix-fake.ts";

// Each action is a process; a busy machine takes its time.
vi.setConfig({ testTimeout: 180_000 });

const fingerprint = "0123456789abcdef".repeat(4);
const mark = "(raicho alert:0123456789abcdef)";
const alertOf = (source: string, more: object): Record<string, unknown> => ({
  source,
  fingerprint,
  host_raw: "web01",
  service: "CPU",
  source_ref: "",
  labels: {},
  ...more,
});
const who = { by: "山田", comment: "見ています @all" };
const hour = 3_600_000;
const window = {
  hosts: ["web01", "nowhere"],
  start: new Date(Date.now() + hour).toISOString(),
  end: new Date(Date.now() + 2 * hour).toISOString(),
  comment: "ディスク交換",
  key: "window:1",
  by: "山田",
};

let packs: ShippedPacks;
let zabbix: readonly ZabbixFake[];
let mackerel: MackerelFake;
let datadog: DatadogFake;

beforeAll(async () => {
  zabbix = [await startZabbixFake("6.0.30"), await startZabbixFake("7.2.4")];
  [mackerel, datadog] = [await startMackerelFake(), await startDatadogFake()];
  const both = zabbix.map(({ url, token }, index) => ({
    name: `zabbix${index}`,
    kind: "zabbix",
    url,
    token,
  }));
  packs = await shippedPackActions({
    monitoring: {
      monitors: [
        ...both,
        { kind: "mackerel", url: mackerel.url, token: mackerel.key },
        { kind: "datadog", url: datadog.url, ...datadog.keys },
        { name: "wrong", kind: "zabbix", source: "x", url: zabbix[1]?.url, token: "no" },
        { name: "keyless", kind: "datadog", source: "x", url: datadog.url, token: "x" },
      ],
    },
  });
}, 120_000);
afterAll(async () => {
  await packs.close();
  for (const fake of [...zabbix, mackerel, datadog]) await fake.stop();
});

const run = async (verb: string, parameters: object): Promise<Record<string, unknown>> => {
  const { status, result } = await packs.run(`monitoring.${verb}`, { ...parameters });
  expect(status, JSON.stringify(result)).toBe("succeeded");
  return result as Record<string, unknown>;
};
const told = (monitor: string, done: unknown, missing: readonly string[] = []): object => ({
  told: [expect.objectContaining({ monitor, done, missing })],
});

test("its configuration is sound", () => {
  expect(packs.problems.filter(({ file }) => file?.includes("raicho-configs-"))).toEqual([]);
});

describe.each([0, 1])("Zabbix %i (6.0, 7.2)", (index) => {
  const monitor = `zabbix${index}`;
  const fake = (): ZabbixFake => zabbix[index] as ZabbixFake;
  const alert = alertOf("zabbix", { source_ref: "12345" });

  test("an alert is acknowledged once, and that is taken back", async () => {
    for (const time of ["first", "again"])
      expect(await run("acknowledge", { alert, monitor, ...who }), time).toMatchObject({
        ...told(monitor, ["web01/CPU"]),
        watch: false,
      });
    expect(fake().event).toMatchObject({
      acknowledged: "1",
      messages: [`山田: 見ています @all ${mark}`],
    });
    expect(await run("take_back", { alert, monitor })).toMatchObject(told(monitor, ["web01/CPU"]));
    expect(fake().event.acknowledged).toBe("0");
  });

  test("an event that it does not know, or an alert that names none, is said to be missing", async () => {
    for (const reference of ["999", ""])
      expect(
        await run("acknowledge", {
          alert: alertOf("zabbix", { source_ref: reference }),
          monitor,
          ...who,
        }),
      ).toMatchObject(told(monitor, [], ["web01/CPU"]));
  });

  test("work is a maintenance of the machines that it knows; it changes and ends", async () => {
    const by = { monitor, ...window, hosts: ["受付", "10.0.0.2", "nowhere"] };
    expect(await run("downtime", by)).toMatchObject(
      told(monitor, ["受付", "10.0.0.2"], ["nowhere"]),
    );
    const [made] = fake().maintenances;
    expect(made).toMatchObject({
      name: "ディスク交換 (raicho window:1)",
      hosts: [{ hostid: "10" }, { hostid: "11" }],
    });
    const later = new Date(Date.now() + 3 * hour).toISOString();
    await run("downtime", { ...by, end: later, comment: "長い".repeat(100) });
    expect(fake().maintenances).toHaveLength(1);
    expect(fake().maintenances[0]).toMatchObject({
      maintenanceid: made?.["maintenanceid"],
      active_till: Math.ceil(Date.parse(later) / 60_000) * 60,
    });
    expect(await run("end_downtime", { key: "window:1", monitor })).toMatchObject(
      told(monitor, [made?.["maintenanceid"]]),
    );
    expect(fake().maintenances).toEqual([]);
  });
});

describe("Mackerel", () => {
  const alert = alertOf("mackerel", { source_ref: "2wpLU5fBXbG" });

  test("who looks after an alert stands in its memo, beside what people wrote there", async () => {
    mackerel.alert.memo = "前からのメモ\n二行目";
    for (const time of ["first", "again"])
      expect(await run("acknowledge", { alert, ...who }), time).toMatchObject(
        told("mackerel", ["2wpLU5fBXbG"]),
      );
    expect(mackerel.alert.memo).toBe(
      `対応中 / acknowledged: 山田: 見ています @all ${mark}\n前からのメモ\n二行目`,
    );
    await run("take_back", { alert });
    expect(mackerel.alert.memo).toBe("前からのメモ\n二行目");
  });

  test("what it does not know is said, and downtimes of machines are none of its things", async () => {
    const other = alertOf("mackerel", { source_ref: "gone" });
    expect(await run("acknowledge", { alert: other, ...who })).toMatchObject(
      told("mackerel", [], ["web01/CPU"]),
    );
    expect(await run("downtime", { ...window, monitor: "mackerel" })).toMatchObject(
      told("mackerel", [], window.hosts),
    );
  });

  test.each([429, 503])("%i: it is away, and is told later", async (status) => {
    mackerel.weather.push(status);
    expect(await packs.run("monitoring.acknowledge", { alert, ...who })).toMatchObject({
      status: "failed",
      result: { reason: "away", error: expect.stringContaining(`with ${status}`) },
    });
  });
});

describe("Datadog", () => {
  const alert = alertOf("datadog", {
    source_ref: "4711",
    labels: { scope: "host:web01,env:prod" },
  });

  test("the monitor is silent about the alert's scope, once, and speaks again when that is taken back", async () => {
    for (const time of ["first", "again"])
      expect(await run("acknowledge", { alert, ...who }), time).toMatchObject({
        ...told("datadog", [expect.any(String)]),
        watch: true,
      });
    expect(datadog.downtimes()).toMatchObject([
      {
        monitor_identifier: { monitor_id: 4711 },
        scope: "host:web01 AND env:prod",
        message: `山田: 見ています ＠all ${mark}`,
      },
    ]);
    expect(await run("still_there", { alert })).toEqual({ there: true });
    datadog.monitor.groups["host:web01"] = "OK";
    expect(await run("still_there", { alert })).toEqual({ there: false });
    await run("take_back", { alert });
    expect(datadog.downtimes()).toEqual([]);
  });

  test("work is a downtime of the machines; it changes and ends", async () => {
    const by = { monitor: "datadog", ...window };
    await run("downtime", by);
    const later = new Date(Date.now() + 3 * hour).toISOString();
    await run("downtime", { ...by, end: later });
    expect(datadog.downtimes()).toMatchObject([
      { scope: "host:(web01 OR nowhere)", schedule: { start: window.start, end: later } },
    ]);
    await run("end_downtime", { key: "window:1", monitor: "datadog" });
    expect(datadog.downtimes()).toEqual([]);
  });

  test("an alert that names no monitor is said to be missing", async () => {
    expect(await run("acknowledge", { alert: alertOf("datadog", {}), ...who })).toMatchObject(
      told("datadog", [], ["web01/CPU"]),
    );
  });
});

test.each([
  ["wrong", 'monitoring: "wrong" (zabbix) refused event.get: Not authorized.'],
  ["keyless", 'monitoring: "keyless" in <configs>/monitoring.yaml needs application_key'],
])("%s: it is said what is wrong", async (monitor, error) => {
  const alert = alertOf("x", { source_ref: "4711" });
  expect(await packs.run("monitoring.acknowledge", { alert, monitor, ...who })).toMatchObject({
    status: "failed",
    result: { error },
  });
});
