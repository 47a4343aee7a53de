/** What deploys and people want of the inventory, through the API and `raicho inventory`: copies, ways back, owners, dates, Ansible. */
import { execFile } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type InventoryDoors, openInventory } from "../support/inventory-doors.ts";
import type { Execution } from "../support/main-job-site.ts";
import { needs } from "../support/needs.ts";
import { repository } from "../support/raicho.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const files: Readonly<Record<string, string>> = {
  "actions/provision.yaml":
    "name: provision\nrunner_type: orquesta\nentry_point: workflows/provision.yaml\nparameters: { nodeset: { type: string } }\n",
  "actions/workflows/provision.yaml": `version: 1.0
input: [nodeset]
tasks:
  machines:
    action: inventory.search
    input: { type: VirtualMachine, where: { nodeset: "<% ctx().nodeset %>" }, sort: hostname }
    next: [{ when: "<% succeeded() %>", publish: [{ names: "<% result().entries.select($.name) %>" }] }]
output:
  - names: <% ctx(names) %>
`,
  "rules/provision.yaml": `name: provision
enabled: true
trigger: { type: inventory.entry.created, parameters: { type: NodeSet } }
action: { ref: site.provision, parameters: { nodeset: "{{ trigger.entry.id }}" } }
`,
};

let doors: InventoryDoors;
beforeAll(async () => {
  doors = await openInventory(files);
});
afterAll(() => doors[Symbol.asyncDispose]());

describe("for deploys and people", () => {
  const rack = { name: "A-07", room: { site: "TYO7", name: "1F" } };
  beforeAll(async () => {
    await doors.upsert(
      { type: "Site", set: { code: "TYO7", address: "東京都港区六本木" } },
      { type: "Room", set: { name: "1F", site: "TYO7" } },
      { type: "Rack", set: rack },
      { type: "Person", set: { login: "suzuki", name: "鈴木一郎" } },
      { type: "Team", set: { code: "web-team", name: "Web運用", lead: "suzuki" } },
      { type: "Service", set: { code: "shop", owner: "web-team" } },
      ...["stg", "prd"].map((code) => ({ type: "Environment", set: { code } })),
      { type: "Prefix", set: { cidr: "10.7.0.0/28" } },
      { type: "Prefix", set: { cidr: "10.8.0.0/28" } },
      { type: "NodeSet", set: { name: "NodeSet1", service: "shop", environment: "stg" } },
      ...[1, 2].flatMap((n) => [
        { type: "IPAddress", set: { address: `10.7.0.${n}` } },
        {
          type: "VirtualMachine",
          set: {
            hostname: `stg-web0${n}`,
            nodeset: "NodeSet1",
            primary_ip: `10.7.0.${n}`,
            service: "shop",
          },
        },
      ]),
      { type: "Device", set: { hostname: "host1", rack, position: 3, service: "shop" } },
    );
  });

  test("a node set is copied with names and addresses of its own, a workflow provisions it, and one step takes it back", async () => {
    const follow = ["--follow", "<VirtualMachine.nodeset", "<VirtualMachine.nodeset.primary_ip"];
    const words = [
      "clone",
      "NodeSet",
      "NodeSet1",
      "--name",
      "NodeSet2",
      ...follow,
      "--set",
      "environment=prd",
      "--rename",
      "stg-=prd-",
      "--each",
      "VirtualMachine.status=planned",
      "--allocate",
      "IPAddress=10.8.0.0/28",
    ] as const;
    expect(await doors.inventory.ok(...words, "--dry-run")).toMatch(/NodeSet2/);
    expect(await doors.search({ type: "NodeSet", where: { name: "NodeSet2" } })).toEqual([]);
    const copied = await doors.inventory.ok(...words, "--reason", "本番を作る");
    expect(copied).toContain("prd-web01");
    const found = await doors.search({
      type: "VirtualMachine",
      where: { "nodeset.name": "NodeSet2" },
      sort: "hostname",
    });
    expect(
      found.map(({ name, attributes: { status }, references }) => [
        name,
        status,
        references["primary_ip"]?.name,
      ]),
    ).toEqual([
      ["prd-web01", "planned", "10.8.0.1"],
      ["prd-web02", "planned", "10.8.0.2"],
    ]);
    await eventually("the workflow", async () => {
      const path = "/v1/executions?action=site.provision&status=succeeded";
      const runs = await doors.raicho.get<Execution[]>(path);
      const names = runs.map(
        ({ result }) => (result as { output: { names: string[] } }).output.names,
      );
      return names.some((list) => list.join(" ") === "prd-web01 prd-web02");
    });
    const [{ id } = { id: "" }] = await doors.inventory.json<{ id: string }[]>(
      "changesets",
      "-n",
      "1",
    );
    await doors.inventory.ok("revert-changeset", id, "--reason", "誤り");
    expect(await doors.search({ type: "NodeSet", where: { name: "NodeSet2" } })).toEqual([]);
  });

  test("what was deleted comes back, and the past calls references as they were called", async () => {
    await doors.inventory.ok("set", "VirtualMachine", "stg-web02", "environment=stg");
    await doors.inventory.ok("set", "Environment", "stg", "code=staging");
    await doors.inventory.ok("set", "VirtualMachine", "stg-web02", "environment=prd");
    const { id, references } = await doors.entry("VirtualMachine", "stg-web02");
    expect(references["environment"]).toMatchObject({ name: "prd" });
    const { revisions } = await doors.raicho.get<{
      revisions: { names: Record<string, string> }[];
    }>(`/api/v2/inventory/entries/${id}/history`);
    expect(Object.values(revisions[0]?.names ?? {}).toSorted()).toEqual(["prd", "staging"]);
    expect(Object.values(revisions[1]?.names ?? {})).toEqual(["stg"]);
    const history = await doors.inventory.ok("history", "VirtualMachine", "stg-web02", "-w", "200");
    expect(history).toContain("environment: staging → prd");
    expect(history).toMatch(/environment: stg\s/);
    await doors.inventory.ok("delete", "VirtualMachine", "stg-web02", "--reason", "撤去");
    expect((await doors.inventory.run("get", "VirtualMachine", "stg-web02")).code).not.toBe(0);
    await doors.inventory.ok("restore", id);
    expect(await doors.entry("VirtualMachine", "stg-web02")).toMatchObject({
      id,
      references: { environment: { name: "prd" } },
    });
    await doors.inventory.ok("set", "Environment", "staging", "code=stg");
  });

  test("many entries come out of a file, each found by its key, with what is wrong told for each", async () => {
    const items = Array.from(
      { length: 1_200 },
      (_, n) => `- { code: bulk${n}, title: 役割${n} }\n`,
    );
    doors.write("roles.yaml", items.join(""));
    expect(
      await doors.inventory.ok("upsert", "roles.yaml", "--type", "Role", "--reason", "一括"),
    ).toContain("1200 created");
    expect(await doors.inventory.ok("upsert", "roles.yaml", "--type", "Role")).toContain(
      "1200 unchanged",
    );
    doors.write("some.json", [
      { type: "Role", set: { code: "bulk1", title: "new" } },
      { type: "Role", set: { code: "x", titel: "?" } },
      { type: "Device", match: [["service"]], set: { service: "shop", note: "which?" } },
    ]);
    const { code, out, err } = await doors.inventory.run("upsert", "some.json");
    expect(code).not.toBe(0);
    expect(out).toMatch(/1 +invalid.*titel/);
    expect(err).toMatch(/of 3 w(as|ere) not written/);
    expect(await doors.entry("Role", "bulk1")).toMatchObject({ attributes: { title: "new" } });
  });

  test("owners, machines, what breaks, suggestions, pictures", async () => {
    expect(await doors.inventory.json("owner", "stg-web01")).toMatchObject({
      kind: "team",
      via: "service.owner",
      team: { name: "Web運用" },
      leader: { name: "鈴木一郎" },
    });
    expect(await doors.inventory.ok("host", "10.7.0.1")).toContain("stg-web01");
    expect((await doors.inventory.run("host", "nobody")).err).toContain("no host is called nobody");
    expect(await doors.inventory.ok("impact", "Rack", "A-07")).toMatch(/1 +Device +host1/);
    expect(await doors.inventory.json("suggest", "VirtualMachine", "stg")).toMatchObject([
      { name: "stg-web01" },
      { name: "stg-web02" },
    ]);
    expect(await doors.inventory.ok("elevation", "Rack", "A-07")).toMatch(/3 .*host1/);
    await doors.inventory.ok("elevation", "Rack", "A-07", "--file", "a07.svg");
    expect(readFileSync(join(doors.folder, "a07.svg"), "utf8")).toContain("host1");
  });

  test.runIf(needs("ansible-inventory"))("Ansible reads hosts, groups and variables", async () => {
    const script = join(doors.folder, "hosts.sh");
    const words = `inventory ansible --type VirtualMachine --group-by service.code,status,$group "$@"`;
    const program = `"${process.execPath}" "${join(repository, "src/main.ts")}"`;
    writeFileSync(script, `#!/bin/sh\nexec ${program} ${words.replace("$group", "'$group'")}\n`);
    chmodSync(script, 0o755);
    const env = { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", ...doors.inventory.env };
    const run = promisify(execFile);
    const { stdout } = await run("ansible-inventory", ["-i", script, "--list"], {
      cwd: doors.folder,
      env,
    });
    const read = JSON.parse(stdout) as Record<string, { hosts?: string[]; children?: string[] }> & {
      _meta: { hostvars: Record<string, Record<string, unknown>> };
    };
    expect(read["nodeset_nodeset1"]?.hosts?.toSorted()).toEqual(["stg-web01", "stg-web02"]);
    expect(read["service_shop"]?.hosts).toContain("stg-web01");
    expect(read["_meta"].hostvars["stg-web01"]).toMatchObject({
      ansible_host: "10.7.0.1",
      nodeset: "NodeSet1",
      raicho_type: "VirtualMachine",
    });
  });

  test("what expires is told once and acknowledged", async () => {
    const end = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10);
    await doors.upsert({ type: "SupportContract", set: { contract_no: "K-20", end } });
    const due = await eventually(
      "the event",
      async () => {
        const news = (await doors.told("inventory.expiry.due")).filter(({ date }) => date === end);
        return news.length > 1 && news;
      },
      { seconds: 60 },
    );
    expect(new Map(due.map(({ threshold, latest }) => [threshold, latest]))).toEqual(
      new Map([
        [30, true],
        [90, false],
      ]),
    );
    const { id } = await doors.entry("SupportContract", "K-20");
    expect(await doors.inventory.ok("expiring", "--days", "30")).toContain("K-20");
    await doors.inventory.ok("acknowledge", id, "end", "--note", "更新を依頼済み");
    expect(await doors.inventory.json("expiring", "--days", "30")).toMatchObject([
      { acknowledged: { by: "admin", note: "更新を依頼済み" } },
    ]);
  });
});
