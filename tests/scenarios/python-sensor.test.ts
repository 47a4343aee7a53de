/** A pack's sensors on the real program: events, the datastore, operators, a reload, lost processes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/haproxy.ts";
import { eventually } from "../support/eventually.ts";
import { needs } from "../support/needs.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { pythonPack } from "../support/python-pack.ts";
import { sensorClass } from "../support/python-sensor.ts";
import { alive, gone, removeHome, runRaicho, startRaicho, type Raicho } from "../support/raicho.ts";

const pack = pythonPack("garden");

const metadata = (name: string, file: string, more: object = {}): string =>
  pack.file(
    `sensors/${file}.yaml`,
    JSON.stringify({ class_name: name, entry_point: `${file}.py`, ...more }),
  );

const rule = (name: string, trigger: object, enabled = true): string =>
  pack.file(
    `rules/${name}.yaml`,
    JSON.stringify({ name, enabled, trigger, action: { ref: "core.noop" } }),
  );

/** Counts without a gap: each number once, with its checkpoint. */
const counter = sensorClass(
  {
    poll: `
n = self.sensor_service.get_checkpoint(0)
self.set_poll_interval(0.02)
self.sensor_service.dispatch("garden.count", {"n": n}, dedupe_key=n, checkpoint=n + 1)`,
  },
  { name: "Counter", base: "PollingSensor" },
);

const keeper = sensorClass(
  {
    setup: `
service = self.sensor_service
service.set_value("beds", "4")
service.dispatch("garden.told", {
    "beds": service.get_value("beds"), "names": [pair.name for pair in service.list_values()],
    "user": service.get_user_info()["username"], "url": self.config["url"], "n": "no number"})
service.dispatch("garden.told", {
    "beds": service.get_value("beds"), "names": [pair.name for pair in service.list_values()],
    "user": service.get_user_info()["username"], "url": self.config["url"]})`,
    add_trigger:
      "if trigger['type'] == 'garden.file': self.sensor_service.dispatch(trigger['ref'], {'added': trigger['parameters']['path']})",
    remove_trigger:
      "self.sensor_service.dispatch('garden.told', {'removed': trigger['parameters']['path']})",
  },
  { name: "Keeper" },
);

function writePack(): void {
  pack.file(
    "pack.yaml",
    "ref: garden\nname: garden\ndescription: A garden\nversion: 1.0.0\nauthor: A\nemail: a@example.com\n",
  );
  pack.file("config.schema.yaml", "url:\n  type: string\n  required: true\n");
  pack.file("sensors/counter.py", counter);
  metadata("Counter", "counter", { poll_interval: 4, trigger_types: [{ name: "count" }] });
  pack.file("sensors/keeper.py", keeper);
  const schema = { type: "object", properties: { n: { type: "integer" } } };
  metadata("Keeper", "keeper", {
    trigger_types: [
      { name: "told", payload_schema: schema },
      {
        name: "file",
        parameters_schema: { type: "object", properties: { path: { type: "string" } } },
      },
    ],
  });
  rule("file", { type: "garden.file", parameters: { path: "/etc/bed" } });
}

interface Instance {
  readonly payload: Readonly<Record<string, unknown>>;
}
interface Status {
  readonly state: string;
  readonly pid: number;
  readonly restarts: number;
  readonly dropped: number;
  readonly enabled: boolean;
}

describe.skipIf(!needs("python3"))("sensors of a pack", () => {
  let raicho: Raicho;
  let database: TestDatabase;
  beforeAll(async () => {
    writePack();
    database = await testDatabase();
    raicho = await startRaicho({
      configs: { garden: { url: "https://garden.example" } },
      env: {
        RAICHO_PACKS: pack.path,
        RAICHO_PORT: String(await freePort()),
        DATABASE_URL: database.url,
      },
    });
  });
  afterAll(async () => {
    await raicho.stop();
    removeHome(raicho.home);
    await database[Symbol.asyncDispose]();
    pack.remove();
  });

  const instances = async (trigger: string): Promise<readonly Instance[]> =>
    raicho.get<Instance[]>(`/v1/triggerinstances?trigger=${trigger}&limit=100`);
  const status = (name: string): Promise<Status> => raicho.get(`/api/v2/sensors/garden.${name}`);
  const running = (name: string, other?: number): Promise<Status> =>
    eventually(
      `${name} to run`,
      async () => {
        const found = await status(name);
        return found.state === "running" && found.pid !== other ? found : undefined;
      },
      { seconds: 60 },
    );
  const told = async (text: string): Promise<boolean> =>
    eventually(text, async () => JSON.stringify(await instances("garden.told")).includes(text), {
      seconds: 60,
    });

  test("tell rules, use the datastore with a token of their own, and are told of triggers", async () => {
    await running("Keeper");
    const found = await instances("garden.told");
    expect(found.map(({ payload }) => payload)).toEqual([
      {
        beds: "4",
        names: ["garden.Keeper:beds"],
        user: "sensors_container",
        url: "https://garden.example",
      },
    ]);
    expect(await status("Keeper")).toMatchObject({ dropped: 1 });
    const ran = await raicho.get<object[]>("/v1/executions?action=core.noop&limit=5");
    expect(ran).toHaveLength(1);
    expect((await instances("garden.file")).map(({ payload }) => payload)).toEqual([
      { added: "/etc/bed" },
    ]);
    const spawned = await instances("core.st2.sensor.process_spawn");
    expect(spawned.map(({ payload }) => payload)).toContainEqual({
      id: "Keeper",
      timestamp: expect.any(Number) as number,
      pid: (await status("Keeper")).pid,
      cmd: expect.stringContaining("garden.Keeper") as string,
    });
  });

  test("start anew at a reload only when they changed; rules that go are told", async () => {
    const [before, other] = [await running("Keeper"), await running("Counter")];
    rule("file", { type: "garden.file", parameters: { path: "/etc/bed" } }, false);
    pack.file("sensors/counter.py", `# changed\n${counter}`);
    await raicho.ask("/v1/packs/register", { method: "POST", body: {} });
    await running("Counter", other.pid);
    expect(await told('"removed":"/etc/bed"')).toBe(true);
    expect(await status("Keeper")).toMatchObject({ pid: before.pid, restarts: 0 });
  });

  test("are stopped, started and started anew by operators, through StackStorm's API or ours", async () => {
    const before = await running("Keeper");
    const { body, status: code } = await raicho.ask("/v1/sensortypes/garden.Keeper", {
      method: "PUT",
      body: { enabled: false },
    });
    expect([code, body]).toMatchObject([200, { ref: "garden.Keeper", enabled: false }]);
    await eventually("the stop", async () => (await status("Keeper")).state === "disabled");
    await gone([before.pid]);
    const started = await raicho.ask("/api/v2/sensors/garden.Keeper/start", { method: "POST" });
    expect([started.status, started.body]).toMatchObject([202, { enabled: true }]);
    const after = await running("Keeper", before.pid);
    await raicho.ask("/api/v2/sensors/garden.Keeper/restart", { method: "POST" });
    expect((await running("Keeper", after.pid)).restarts).toBe(1);
    expect((await raicho.ask("/api/v2/sensors/garden.Keeeper")).status).toBe(404);
  });

  test("lose nothing when their host is killed, and move to a host that lives", async () => {
    const { pid } = await running("Counter");
    const door = raicho.pidOf("door") ?? 0;
    process.kill(door, "SIGKILL");
    await gone([pid]);
    await running("Counter", pid);
    const other = runRaicho(["start", "--role", "sensors"], {
      home: raicho.home,
      env: {
        RAICHO_PACKS: pack.path,
        RAICHO_CONFIGS: `${raicho.home}/site-configs`,
        RAICHO_SMTP_PORT: "off",
        RAICHO_API_URL: raicho.url,
        DATABASE_URL: database.url,
      },
    });
    const owner = async (): Promise<readonly number[]> => {
      const rows = await database.db.selectFrom("sensor").select(["owner", "pid"]).execute();
      return rows.flatMap(({ owner: by, pid: at }) =>
        by?.includes(`.${other.child.pid}.`) === true && at !== null ? [at] : [],
      );
    };
    const here = raicho.pid;
    await eventually("the second host", () => /raicho ready/.test(other.printed.out), {
      seconds: 60,
    });
    process.kill(-here, "SIGKILL");
    const moved = await eventually(
      "the sensors to move",
      async () => {
        const pids = await owner();
        return pids.length === 2 && pids.every(alive) ? pids : undefined;
      },
      { seconds: 60 },
    );
    const numbers = async (): Promise<readonly number[]> => {
      const rows = await database.db
        .selectFrom("trigger_instance")
        .select("payload")
        .where("trigger", "=", "garden.count")
        .execute();
      return rows.map(({ payload }) => (payload as { n: number }).n).toSorted((a, b) => a - b);
    };
    const before = (await numbers()).length;
    await eventually("more numbers", async () => (await numbers()).length > before + 5, {
      seconds: 60,
    });
    const all = await numbers();
    expect(all).toEqual([...Array(all.length).keys()]);
    other.child.kill("SIGTERM");
    await other.ended;
    await gone(moved);
  }, 120_000);
});
