/** Sensors on several hosts over one real ledger: who runs what. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SensorFleet, type FleetPace, type Kept } from "../../src/engine/sensor-fleet.ts";
import type { SensorDefinition } from "../../src/model/definitions.ts";
import { connect } from "../../src/store/database.ts";
import { openLocks, type Locks } from "../../src/store/locks.ts";
import { enableSensor, sensorRows, wishRestart } from "../../src/store/sensors.ts";
import { eventually } from "../support/eventually.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => void (database = await testDatabase()));
afterAll(() => database[Symbol.asyncDispose]());

const source = { file: "sensor.yaml", line: 1, column: 1 };

function sensor(name: string): SensorDefinition {
  return {
    ref: `garden.${name}`,
    pack: "garden",
    className: name,
    entryPoint: "watch.py",
    entryPath: "/watch.py",
    description: "",
    enabled: true,
    pollInterval: undefined,
    triggerTypes: [],
    source,
  };
}

class Host {
  readonly log: string[] = [];
  readonly locks: Locks;
  readonly fleet: SensorFleet;
  fingerprint = "1";

  constructor(sensors: () => readonly SensorDefinition[], hosts: () => number, pace: FleetPace) {
    this.locks = openLocks(database.url, () => this.log.push("lost"));
    this.fleet = new SensorFleet({
      locks: this.locks,
      sensors,
      rows: () => sensorRows(database.db),
      hosts: () => Promise.resolve(hosts()),
      fingerprint: ({ className }) =>
        Promise.resolve(className === "Changing" ? this.fingerprint : "same"),
      keep: (ref) => this.#keep(ref),
      log: (message) => this.log.push(message),
      pace,
    });
  }

  #keep(ref: string): Kept {
    this.log.push(`start ${ref}`);
    const say = (verb: string) => () => void this.log.push(`${verb} ${ref}`);
    return {
      restart: say("restart"),
      retrigger: say("retrigger"),
      stop: () => Promise.resolve(say("stop")()),
      abandon: () => Promise.resolve(say("abandon")()),
    };
  }

  async close(): Promise<void> {
    await this.fleet.stop();
    await this.locks.close();
  }
}

/** The server forgets the connections that hold locks, as when their machine vanished. */
async function cutLocks(): Promise<void> {
  const admin = await connect(database.url, "tests");
  await admin.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'raicho locks' and datname = current_database()",
  );
  await admin.end();
}

describe("hosts that share sensors", () => {
  const pace = { freeMs: 300, settledMs: 0, regainMs: 0 };
  const six = ["A", "B", "C", "D", "E", "F"].map(sensor);
  let open: Host[] = [];
  const host = (
    hosts: () => number,
    { sensors = six, own = pace }: { sensors?: readonly SensorDefinition[]; own?: FleetPace } = {},
  ): Host => {
    const made = new Host(() => sensors, hosts, own);
    open.push(made);
    return made;
  };
  beforeEach(async () => {
    await database.db.deleteFrom("sensor").execute();
    return async () => {
      await Promise.all(open.map((one) => one.close()));
      open = [];
    };
  });
  const all = (...hosts: readonly Host[]): readonly string[] =>
    hosts.flatMap(({ fleet }) => fleet.running).toSorted();
  const refs = six.map(({ ref }) => ref);

  test("take their share, and each sensor runs once", async () => {
    const [one, two, three] = [host(() => 3), host(() => 3), host(() => 3)];
    await Promise.all([one.fleet.look(), two.fleet.look(), three.fleet.look()]);
    await eventually("each sensor to run", async () => {
      await Promise.all([one.fleet.look(), two.fleet.look(), three.fleet.look()]);
      return all(one, two, three).length === 6;
    });
    expect(all(one, two, three)).toEqual(refs);
    expect([one, two, three].map(({ fleet }) => fleet.running.length)).toEqual([2, 2, 2]);
  });

  test("make up for a host that was lost, beyond their share", async () => {
    const own = { ...pace, settledMs: 60_000 };
    const [one, two] = [host(() => 2, { own }), host(() => 2, { own })];
    await one.fleet.look();
    await two.fleet.look();
    expect([one.fleet.running.length, two.fleet.running.length]).toEqual([3, 3]);
    await one.locks.close();
    // The number of hosts is still two: it takes the others a while to know that one is gone.
    await two.fleet.look();
    expect(two.fleet.running.length).toBe(3);
    await eventually("the sensors of the lost host", async () => {
      await two.fleet.look();
      return two.fleet.running.length === 6;
    });
    expect(all(two)).toEqual(refs);
  });

  test("hand sensors on to a host that joins", async () => {
    let hosts = 1;
    const [one, two] = [host(() => hosts), host(() => hosts)];
    await one.fleet.look();
    expect(one.fleet.running.length).toBe(6);
    hosts = 2;
    for (let round = 0; round < 3; round += 1) {
      await one.fleet.look();
      await two.fleet.look();
    }
    expect([one.fleet.running.length, two.fleet.running.length]).toEqual([3, 3]);
    expect(all(one, two)).toEqual(refs);
  });

  test("keep their sensors when the database was away, and store only under the lock", async () => {
    const one = host(() => 1);
    await one.fleet.look();
    await cutLocks();
    await eventually("the loss", () => one.log.includes("lost"));
    const stored = one.fleet.mayStore("garden.A", new AbortController().signal).then(() => true);
    expect(await Promise.race([stored, delay(50, false)])).toBe(false);
    await one.fleet.look();
    expect(await stored).toBe(true);
    expect(one.log.filter((line) => !line.startsWith("start"))).toEqual(["lost"]);
  });

  test("give up what somebody else took meanwhile, without storing anything", async () => {
    const one = host(() => 1, { sensors: [sensor("A")] });
    await one.fleet.look();
    const two = host(() => 1, { sensors: [sensor("A")] });
    await two.fleet.look();
    expect(two.fleet.running).toEqual([]);
    await cutLocks();
    await eventually("the loss", () => one.log.includes("lost"));
    await eventually("the other host", async () => {
      await two.fleet.look();
      return two.fleet.running.length === 1;
    });
    const stopping = new AbortController();
    const stored = one.fleet.mayStore("garden.A", stopping.signal);
    await one.fleet.look();
    expect(one.log).toContain("abandon garden.A");
    stopping.abort();
    await expect(stored).rejects.toThrow("aborted");
    expect(one.fleet.running).toEqual([]);
  });

  test("do what operators wish", async () => {
    const one = host(() => 1, { sensors: [sensor("A"), sensor("B")] });
    await one.fleet.look();
    await wishRestart(database.db, "garden.A");
    await enableSensor(database.db, "garden.B", false);
    await one.fleet.look();
    await enableSensor(database.db, "garden.B", null);
    await one.fleet.look();
    expect(one.log).toEqual([
      "start garden.A",
      "start garden.B",
      "stop garden.B",
      "restart garden.A",
      "start garden.B",
    ]);
  });

  test("start anew at a reload only what changed", async () => {
    const one = host(() => 1, { sensors: [sensor("A"), sensor("Changing")] });
    await one.fleet.look();
    await one.fleet.reload();
    one.fingerprint = "2";
    await one.fleet.reload();
    expect(one.log.slice(2)).toEqual([
      "retrigger garden.A",
      "retrigger garden.Changing",
      "retrigger garden.A",
      "restart garden.Changing",
    ]);
  });
});
