/** The inventory through its two front doors, the API and `raicho inventory`: reports, proposed changes, sheets and dumps of other inventories. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Entry, type InventoryDoors, openInventory } from "../support/inventory-doors.ts";
import { quiet } from "../support/main-job-site.ts";
import { repository } from "../support/raicho.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const files: Readonly<Record<string, string>> = {
  "sources/hypervisor.yaml":
    "source: hypervisor\npolicy: adopt\nabsent: [{ type: VirtualMachine, policy: retire, set: { status: retired } }]\nabsent_limit: { percent: 50, entries: 1 }\n",
  "sources/dcim.yaml": "source: dcim\npolicy: propose\n",
};

let doors: InventoryDoors;
beforeAll(async () => {
  doors = await openInventory(files);
});
afterAll(() => doors[Symbol.asyncDispose]());

const machines = (...names: readonly string[]) => names.map((hostname) => ({ hostname }));
const report = (...names: readonly string[]) => {
  const file = doors.write("machines.json", machines(...names));
  return ["report", "hypervisor", file, "--type", "VirtualMachine", "--complete"] as const;
};
const statuses = async (): Promise<unknown> => {
  const found = await doors.search({
    type: "VirtualMachine",
    where: { path: "name", op: "like", value: "vm-" },
  });
  return Object.fromEntries(found.map(({ name, attributes }) => [name, attributes["status"]]));
};

const titled = (code: string, title: string): string =>
  doors.write(`${title}.json`, [{ type: "Role", name: code, attributes: { title } }]);

/** So often each, and no more once nothing is on its way. */
const toldInAll = async (wanted: Readonly<Record<string, number>>): Promise<void> => {
  const counts = async (): Promise<unknown> => {
    const names = Object.keys(wanted);
    const all = await Promise.all(names.map((name) => doors.told(name)));
    // Machines that are gone, of the test before, are differences of their own.
    const own = all.map((list) => list.filter(({ attribute }) => attribute !== "*").length);
    return Object.fromEntries(names.map((name, index) => [name, own[index]]));
  };
  await eventually("the news", async () => {
    const found = await counts();
    if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(JSON.stringify(found));
    return true;
  });
  await quiet(doors.raicho);
  expect(await counts()).toEqual(wanted);
};

describe("reports", () => {
  test("a complete report makes what is new and retires what is gone, unless suspiciously much is", async () => {
    await doors.inventory.ok(...report("vm-a", "vm-b", "vm-c", "vm-d"));
    await doors.inventory.ok(...report("vm-a", "vm-b", "vm-c"));
    const one = { "vm-a": "active", "vm-b": "active", "vm-c": "active", "vm-d": "retired" };
    expect(await statuses()).toEqual(one);
    const refused = await doors.inventory.ok(...report("vm-a"));
    expect(refused).toContain("refused");
    expect(await statuses()).toEqual(one);
    await eventually("the refusal to be told", async () => {
      const news = await doors.told("inventory.snapshot.refused");
      return news.length === 1 && news[0]?.["source"] === "hypervisor";
    });
    await doors.inventory.ok(...report("vm-a"), "--force");
    expect(await statuses()).toEqual({ ...one, "vm-b": "retired", "vm-c": "retired" });
  });

  test("what a source proposes is taken, kept out, or sent back, one by one and many at once", async () => {
    await doors.upsert(
      ...["sw1", "sw2", "sw3"].map((hostname) => ({
        type: "Device",
        set: { hostname, position: 1 },
      })),
    );
    const devices = ["sw1", "sw2", "sw3"].map((hostname) => ({
      hostname,
      position: 9,
      note: "seen",
    }));
    await doors.inventory.ok(
      "report",
      "dcim",
      doors.write("devices.json", devices),
      "--type",
      "Device",
    );
    const open = await doors.inventory.json<{ id: string; attribute: string; entry: Entry }[]>(
      "drift",
      "--source",
      "dcim",
      "--attribute",
      "position",
    );
    expect(open).toHaveLength(3);
    const idOf = (name: string) => open.find((one) => one.entry.name === name)?.id ?? "";
    await doors.inventory.ok("drift-approve", idOf("sw1"), "--comment", "現地で確認");
    await doors.inventory.ok("drift-reject", idOf("sw2"), "--comment", "台帳が正しい");
    await doors.inventory.ok("drift-enforce", idOf("sw3"));
    await doors.inventory.ok("drift-approve", "--source", "dcim", "--attribute", "note");
    const after = await doors.search({
      type: "Device",
      where: { path: "hostname", op: "starts_with", value: "sw" },
    });
    expect(
      after.map(({ attributes: { hostname, position, note } }) => [hostname, position, note]),
    ).toEqual([
      ["sw1", 9, "seen"],
      ["sw2", 1, "seen"],
      ["sw3", 1, "seen"],
    ]);
    // The same report again is no question any more.
    await doors.inventory.ok("report", "dcim", "devices.json", "--type", "Device");
    expect(await doors.inventory.json("drift", "--source", "dcim", "--state", "proposed")).toEqual(
      [],
    );
    await toldInAll({
      "inventory.drift.detected": 6,
      "inventory.drift.resolved": 5,
      "inventory.drift.enforce": 1,
    });
  });
});

describe("proposed changes", () => {
  test("are refused, approved, applied at their time, and blocked by what others did meanwhile", async () => {
    await doors.upsert(
      ...["c1", "c2", "c3"].map((code) => ({ type: "Role", set: { code, title: "old" } })),
    );
    const propose = async (code: string, title: string, ...more: readonly string[]) =>
      (
        await doors.inventory.json<{ id: string }>(
          "change-propose",
          titled(code, title),
          "--title",
          title,
          ...more,
        )
      ).id;
    const [refused, approved] = [
      await propose("c1", "no"),
      await propose("c1", "yes", "--ticket", "OPS-7"),
    ];
    expect(await doors.inventory.ok("change-refuse", refused, "--comment", "later")).toContain(
      "refused",
    );
    expect(await doors.inventory.json("change-approve", approved)).toMatchObject({
      state: "applied",
    });
    expect(await doors.entry("Role", "c1")).toMatchObject({ attributes: { title: "yes" } });

    const soon = new Date(Date.now() + 2_000).toISOString();
    const planned = await propose("c2", "at-night", "--apply-at", soon);
    await doors.inventory.ok("change-approve", planned);
    await eventually("its time", async () => {
      const path = `/api/v2/inventory/changes/${planned}`;
      return (await doors.raicho.get<{ state: string }>(path)).state === "applied";
    });
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const waiting = await propose("c2", "tomorrow", "--apply-at", tomorrow);
    expect(await doors.inventory.json("change-approve", waiting)).toMatchObject({
      state: "approved",
    });
    expect(await doors.entry("Role", "c2")).toMatchObject({ attributes: { title: "at-night" } });

    const late = await propose("c3", "mine");
    await doors.inventory.ok("set", "Role", "c3", "title=theirs");
    expect(await doors.inventory.json("change-approve", late)).toMatchObject({ state: "blocked" });
    expect(await doors.inventory.json("change-rebase", late)).toMatchObject({ state: "open" });
    expect(await doors.inventory.json("change-approve", late)).toMatchObject({ state: "applied" });
    expect(await doors.inventory.ok("changes", "--state", "applied")).toContain("at-night");
    const { changeset } = await doors.raicho.get<{ changeset: string }>(
      `/api/v2/inventory/changes/${late}`,
    );
    await doors.inventory.ok("revert-changeset", changeset);
    expect(await doors.entry("Role", "c3")).toMatchObject({ attributes: { title: "theirs" } });
  });
});

describe("other inventories", () => {
  test.each([
    ["racktables.sql", 23],
    ["netbox-dumpdata.json", 25],
  ])("%s is taken over, again changes nothing, and goes in one step", async (name, created) => {
    const dump = join(repository, "tests/sheets/foreign", name);
    const staged = await doors.inventory.json<{ id: string }>("import", `old=${dump}`);
    expect(await doors.inventory.ok("import-commit", staged.id)).toContain(`${created} created`);
    expect(await doors.inventory.json("import", `old=${dump}`)).toMatchObject({
      summary: { unchanged: created, create: 0, update: 0, error: 0, conflicts: 0 },
    });
    expect(await doors.inventory.json("import-revert", staged.id)).toMatchObject({
      state: "reverted",
    });
  });
});

describe("spreadsheets", () => {
  /** 機械,メモ / db1,①㈱ and db2,=1+1 in CP932. */
  const cp932 = Buffer.concat([
    Buffer.from("8b408a422c838183820d0a6462312c8740878a0d0a", "hex"),
    Buffer.from("db2,=1+1\r\n"),
  ]);

  test("a sheet of Windows with headings of its own; they are remembered, and the way out and back changes nothing", async () => {
    writeFileSync(join(doors.folder, "sheet.csv"), cp932);
    const named = ["--column", "機械=hostname", "--column", "メモ=note"];
    const first = await doors.inventory.ok(
      "import",
      "windows=sheet.csv",
      "--type",
      "Device",
      ...named,
      "--commit",
    );
    expect(first).toContain("2 created");
    expect(await doors.entry("Device", "db1")).toMatchObject({ attributes: { note: "①㈱" } });
    // Remembered for the source.
    expect(await doors.inventory.json("import", "windows=sheet.csv")).toMatchObject({
      summary: { unchanged: 2, error: 0, conflicts: 0 },
    });
    for (const file of ["out.xlsx", "out.csv"]) {
      const where = JSON.stringify({ path: "hostname", op: "in", value: ["db1", "db2"] });
      await doors.inventory.ok("export", "Device", "--file", file, "--where", where);
      const back = await doors.inventory.json("import", `back=${file}`, "--type", "Device");
      expect(back).toMatchObject({ summary: { unchanged: 2, error: 0, conflicts: 0 } });
    }
    expect(readFileSync(join(doors.folder, "out.csv"), "utf8")).toContain("'=1+1");
    expect(await doors.entry("Device", "db2")).toMatchObject({ attributes: { note: "=1+1" } });
    const again = [
      "export",
      "Device",
      "--file",
      "back.csv",
      "--encoding",
      "cp932",
      "--columns",
      "hostname,note",
    ];
    await doors.inventory.ok(...again);
    expect(
      readFileSync(join(doors.folder, "back.csv")).includes(Buffer.from("8740878a", "hex")),
    ).toBe(true);
  });

  test("a wrong cell stops the import and is told with its place", async () => {
    doors.write("wrong.csv", "ホスト名,状態,設置位置\nok1,稼働中,3\nbad1,稼動注,x\n");
    const { code, out, err } = await doors.inventory.run(
      "import",
      "wrong.csv",
      "--type",
      "Device",
      "--commit",
    );
    expect(code).not.toBe(0);
    expect(out).toMatch(/B3.*稼動注/);
    expect(err).toContain("nothing was imported");
    expect(
      await doors.inventory.ok(
        "import",
        "wrong.csv",
        "--type",
        "Device",
        "--commit",
        "--skip-errors",
      ),
    ).toContain("1 created");
  });

  test("a contradiction that nobody decided stays open, is told once, and is resolved by hand", async () => {
    doors.write("one.csv", "契約番号,サポート期限\nK-9,2023/10/1\n");
    doors.write("two.csv", "契約番号,保守期限\nK-9,2020/10/1\n");
    await doors.inventory.ok(
      "import",
      "one.csv",
      "two.csv",
      "--type",
      "SupportContract",
      "--commit",
    );
    const [conflict] =
      await doors.inventory.json<{ entry: Entry; attribute: string }[]>("conflicts");
    expect(conflict).toMatchObject({ attribute: "end", entry: { name: "K-9" } });
    expect(await doors.inventory.ok("conflicts")).toMatch(/K-9.*end.*2020-10-01/);
    await doors.inventory.ok(
      "conflict-resolve",
      conflict?.entry.id ?? "",
      "end",
      "--take",
      "two",
      "--comment",
      "契約書で確認",
    );
    expect(await doors.entry("SupportContract", "K-9")).toMatchObject({
      attributes: { end: "2020-10-01" },
    });
    expect(await doors.inventory.json("claims", "SupportContract", "K-9")).toMatchObject({
      attributes: {
        end: {
          document: "2020-10-01",
          claims: expect.arrayContaining([
            expect.objectContaining({ source: "one", value: "2023-10-01", state: "rejected" }),
          ]) as unknown,
        },
      },
    });
    expect(
      await doors.inventory.json("import", "one.csv", "two.csv", "--type", "SupportContract"),
    ).toMatchObject({
      summary: { unchanged: 2, conflicts: 0 },
    });
    await toldInAll({ "inventory.conflict.opened": 1, "inventory.conflict.resolved": 1 });
  });
});
