/** The inventory as one source of truth: sheets that contradict each other, services that report and follow, and no echo. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Commands, commandsOf } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import {
  type Execution,
  machine,
  quiet,
  type Site,
  startSite,
  stateAt,
} from "../support/main-job-site.ts";
import type { Raicho } from "../support/raicho.ts";
import { external, type Ground } from "./ground.ts";
import { ready } from "./ready.ts";

const files: Readonly<Record<string, string>> = {
  "pack.yaml":
    "---\nref: site\nname: site\nversion: 1.0.0\nauthor: Site\nemail: site@example.com\ndescription: This site\n",
  "sources/lb.yaml":
    "source: lb\npolicies: [{ type: Member, attributes: [state], policy: enforce }]\n",
  "sources/dns.yaml":
    "source: dns\npolicies: [{ type: DnsRecord, attributes: [value, ttl], policy: adopt }]\n",
  "sources/dcim.yaml": "source: dcim\npolicy: report\n",
  "actions/place.yaml":
    "name: place\nrunner_type: orquesta\nentry_point: workflows/place.yaml\nparameters: { host: { type: string }, position: { type: integer } }\n",
  "actions/workflows/place.yaml": `version: 1.0
input: [host, position]
tasks:
  note: { action: core.echo message="<% ctx().host %> is at <% ctx().position %>" }
`,
  "rules/moved.yaml": `name: moved
enabled: true
trigger: { type: inventory.entry.updated, parameters: { type: Device, attribute: position } }
action: { ref: site.place, parameters: { host: "{{ trigger.after.hostname }}", position: "{{ trigger.after.position }}" } }
`,
  "rules/balance.yaml": `name: balance
enabled: true
trigger: { type: inventory.drift.enforce, parameters: { type: Member, attribute: state } }
action:
  ref: haproxy.server_state
  parameters: { backend: web, server: "{{ trigger.entry.name }}", state: "{{ {'enabled': 'ready', 'drained': 'drain', 'disabled': 'maint'}[trigger.document] }}" }
`,
  "rules/resolve.yaml": `name: resolve
enabled: true
trigger: { type: inventory.entry.updated, parameters: { type: DnsRecord, attribute: value, not_from: dns } }
action:
  ref: dns_rfc2136.record_replace
  parameters: { zone: example.test, name: "{{ trigger.after.host }}", type: A, data: "{{ trigger.after.value }}", ttl: "60" }
`,
};

interface Body extends Record<string, unknown> {
  readonly id: string;
}

describe.runIf(ready)("the inventory and its sources", () => {
  const web01 = machine(1);
  let folder: string;
  let site: Site;
  let raicho: Raicho;
  let under: Ground;
  let inventory: Commands;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "raicho-sources-"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, "site", name)), { recursive: true });
      writeFileSync(join(folder, "site", name), text);
    }
    under = await external();
    site = await startSite([web01], { env: { ...under.env, RAICHO_PACKS: join(folder, "site") } });
    ({ raicho } = site);
    inventory = await commandsOf(raicho, { first: "inventory", cwd: folder });
  }, 90_000);
  afterAll(async () => {
    await site.close();
    await under[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const post = async (path: string, body: unknown): Promise<Body> => {
    const answer = await raicho.ask(`/api/v2/inventory${path}`, { method: "POST", body });
    if (answer.status > 299)
      throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as Body;
  };
  const get = (path: string): Promise<Body> => raicho.get<Body>(`/api/v2/inventory${path}`);
  const found = async (
    type: string,
    where: object,
  ): Promise<Body & { attributes: Record<string, unknown>; version: number }> => {
    const { entries } = await post("/search", { type, where });
    const [entry] = entries as (Body & { attributes: Record<string, unknown>; version: number })[];
    if (entry === undefined) throw new Error(`no ${type} ${JSON.stringify(where)}`);
    return entry;
  };
  const patch = (id: string, attributes: object) =>
    raicho.ask(`/api/v2/inventory/entries/${id}`, { method: "PATCH", body: { attributes } });
  const runs = (action: string): Promise<readonly Execution[]> =>
    raicho.get<Execution[]>(`/v1/executions?action=${action}&limit=100`);
  const cli = (...args: readonly string[]): Promise<string> => inventory.ok(...args);

  test("three sheets that contradict each other become one store through the command line", async () => {
    writeFileSync(
      join(folder, "ops.csv"),
      "機材,,\n契約番号,サポート期限,SLA\nDEV-A,2023/10/1,24x7\n",
    );
    writeFileSync(join(folder, "admin.csv"), "契約番号,保守期限\nDEV-A,令和2年10月1日\n");
    writeFileSync(join(folder, "ledger.csv"), "契約番号,開始日\nDEV-A,2018/10/1\n");
    const sheets = ["ops.csv", "admin.csv", "ledger.csv"];
    const all = ["import", ...sheets, "--type", "SupportContract"];
    const staged = JSON.parse(await cli(...all, "--json")) as Body & { conflicts: unknown };
    expect(staged["conflicts"]).toMatchObject([
      { entry: "DEV-A", attribute: "end", decided: null },
    ]);
    await cli("import-decide", staged.id, "SupportContract", "DEV-A", "end", "--take", "ops");
    expect(await cli("import-commit", staged.id, "--reason", "三つの台帳を一つに")).toContain(
      "1 created",
    );
    expect((await found("SupportContract", { contract_no: "DEV-A" })).attributes).toMatchObject({
      start: "2018-10-01",
      end: "2023-10-01",
      sla: "24x7",
    });
    const again = JSON.parse(await cli(...all, "--commit", "--json")) as Body;
    expect(again["summary"]).toMatchObject({ unchanged: 3, conflicts: 0, changes: 0 });
    expect(await cli("conflicts")).toContain("No open conflicts");
    expect(await cli("export", "SupportContract", "--columns", "contract_no,end")).toContain(
      "DEV-A,2023-10-01",
    );
    expect(await cli("import-revert", staged.id, "--json")).toContain("reverted");
  });

  test("what a service reports is a drift, and when it is approved the document changes and a workflow starts", async () => {
    const report = {
      source: "dcim",
      items: [{ type: "Device", set: { hostname: web01.host, position: 7 } }],
    };
    expect((await post("/claims", report))["results"]).toMatchObject([
      { states: { position: "drift" } },
    ]);
    await post("/claims", report);
    const { drifts } = await get("/drifts?source=dcim");
    expect(drifts).toMatchObject([{ attribute: "position", reported: 7, document: null, seen: 2 }]);
    const [drift] = drifts as Body[];
    await post(`/drifts/${drift?.id}/approve`, { comment: "現地で確認" });
    await eventually("the workflow", async () =>
      (await runs("site.place")).some(({ status }) => status === "succeeded"),
    );
    expect((await found("Device", { hostname: web01.host })).attributes["position"]).toBe(7);
    expect((await get("/drifts?source=dcim"))["drifts"]).toEqual([]);
    // Drifts are told by a feed of their own, which the workflow does not wait for.
    const kinds = await eventually("what is told of the drift", async () => {
      const told = await raicho.get<{ trigger: string }[]>("/v1/triggerinstances?limit=100");
      const some = told.filter(({ trigger }) => trigger.startsWith("inventory.drift."));
      return some.length >= 2 && some.map(({ trigger }) => trigger);
    });
    expect(kinds.toSorted()).toEqual(["inventory.drift.detected", "inventory.drift.resolved"]);
  });

  test("a change of the inventory reaches HAProxy and BIND, and their echo does not come back", async () => {
    const member = await found("Member", { server: "web01" });
    const said = (state: string) =>
      post("/claims", { source: "lb", items: [{ type: "Member", id: member.id, set: { state } }] });
    expect((await said("enabled"))["results"]).toMatchObject([{ states: { state: "agreed" } }]);
    expect((await patch(member.id, { state: "drained" })).status).toBe(200);
    await eventually(
      "the drain",
      async () => site.haproxy !== undefined && (await stateAt(site.haproxy, "web01")) === "drain",
    );
    const record = await found("DnsRecord", { host: "web01" });
    expect((await patch(record.id, { value: "192.0.2.99" })).status).toBe(200);
    await eventually("the record", () => site.bind?.dig(web01.record, "A") === "192.0.2.99");

    // Both services say what they were told: nothing is written, nothing starts.
    expect((await said("drained"))["results"]).toMatchObject([{ states: { state: "agreed" } }]);
    const echo = {
      source: "dns",
      items: [{ type: "DnsRecord", id: record.id, set: { value: "192.0.2.99" } }],
    };
    await post("/claims", echo);
    // Somebody changed the zone by hand: the inventory follows, and does not push it back.
    const own = {
      source: "dns",
      items: [{ type: "DnsRecord", id: record.id, set: { value: "192.0.2.55" } }],
    };
    await post("/claims", own);
    await quiet(raicho);
    expect((await found("DnsRecord", { host: "web01" })).attributes["value"]).toBe("192.0.2.55");
    expect((await found("Member", { server: "web01" })).version).toBe(member.version + 1);
    expect(await runs("haproxy.server_state")).toHaveLength(1);
    expect(await runs("dns_rfc2136.record_replace")).toHaveLength(1);
  });
});
