/** The acceptance scenario of the Rakuten document: "add a sub-domain to a web server", from the form to BIND, Nagios, nginx, inventory and tickets. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bind, startBind } from "../support/bind.ts";
import { eventually } from "../support/eventually.ts";
import { startNagios, type Nagios } from "../support/nagios.ts";
import { needs } from "../support/needs.ts";
import { startNginx, type Nginx } from "../support/nginx.ts";
import { adminPassword, plainRequest, runRaicho } from "../support/raicho.ts";
import { prepared, type RequestSite, startRequestSite } from "../support/requests-site.ts";
import { external, type Ground } from "./ground.ts";

const ready = ["git", "sshd", "named", "dig", "nginx", "nagios4"].map(needs).every(Boolean);
const fqdn = "shop.example.test";

function shipped(path: string): string {
  return readFileSync(`packs/runbook/examples/runbooks/${path}`, "utf8");
}

interface Ran {
  readonly status: string;
  readonly result: unknown;
}

describe.runIf(ready)("the request of the document", () => {
  let under: Ground;
  let site: RequestSite;
  let [bind, nginx, nagios]: [Bind?, Nginx?, Nagios?] = [];
  let packs = "";

  beforeAll(async () => {
    [under, bind, nginx, nagios] = await Promise.all([
      external(),
      startBind(),
      startNginx("sale!"),
      startNagios("web01"),
    ]);
    packs = mkdtempSync(join(tmpdir(), "raicho-automation-"));
    const { host, port, zones, key } = bind;
    site = await startRequestSite({
      env: { ...under.env, RAICHO_PACKS: packs },
      configs: {
        dns_rfc2136: {
          servers: [
            {
              host,
              port,
              zones: [...zones],
              key_name: key.name,
              algorithm: key.algorithm,
              key: key.secret,
            },
          ],
        },
      },
    });
    // The documents of this site say where its servers are.
    const login = `hosts: 127.0.0.1\nport: ${site.sshd.port}\nusername: ${site.sshd.username}\nprivate_key: ${site.sshd.key}\n`;
    site.documents.commit({
      "runbooks/monitoring/add-site.md": shipped("monitoring/add-site.md").replace(
        "hosts: monitor01\n",
        `${login}directory: ${nagios.objects}\nconfig: ${nagios.config}\ntemplate: plain-service\n`,
      ),
      "runbooks/web/add-vhost.md": shipped("web/add-vhost.md")
        .replace(
          /hosts: .*\n/,
          `${login}directory: ${nginx.sites}\nconfig: ${nginx.config}\nlisten: "127.0.0.1:${nginx.port}"\n`,
        )
        .replace("/var/www/html", nginx.root),
    });
    const items = [
      { type: "Device", set: { hostname: "web01" } },
      { type: "DnsZone", set: { fqdn: "example.test" } },
    ];
    for (const role of ["domain-approver", "monitoring-owner", "web-approver"]) {
      await site.raicho.ask(`/api/v2/roles/${role}`, { method: "PUT", body: {} });
      await site.raicho.ask("/api/v2/role-assignments", {
        method: "POST",
        body: { user: "admin", role },
      });
    }
    await site.raicho.ask("/api/v2/inventory/upsert", {
      method: "POST",
      body: { items, reason: "first" },
    });
  }, 180_000);
  afterAll(async () => {
    await site.close();
    await Promise.all([bind?.stop(), nginx?.stop(), nagios?.stop()]);
    await under[Symbol.asyncDispose]();
    rmSync(packs, { recursive: true, force: true });
  }, 90_000);

  /** The workflow of a document, proposed, reviewed (here: enabled) and taken up. */
  async function automate(document: string): Promise<string> {
    const { status, body } = await site.raicho.ask("/api/v2/runbooks/workflows", {
      method: "POST",
      body: { document },
    });
    expect([status, body]).toMatchObject([201, {}]);
    const { action, files } = body as { action: string; files: Record<string, string> };
    for (const [file, written] of Object.entries(files)) {
      mkdirSync(dirname(join(packs, file)), { recursive: true });
      writeFileSync(join(packs, file), written.replace("enabled: false", "enabled: true"));
    }
    return action;
  }

  test("F10 K3: DNS, monitoring and web-server sub-tickets, each approved, then BIND, Nagios, nginx, inventory and tickets are changed", async () => {
    const sent = await site.raicho.ask("/api/v2/forms/subdomain", {
      method: "POST",
      body: {
        fields: { server: "web01", fqdn, zone: "example.test", address: "192.0.2.7", env: "prod" },
      },
    });
    expect(sent.status).toBe(201);
    const { ticket } = sent.body as { ticket: { key: string } };
    const subs = await prepared(site, ticket.key, 3);
    expect(subs.map(({ summary }) => summary).toSorted()).toEqual([
      "DNS登録",
      "Webサーバ設定",
      "監視登録",
    ]);
    for (const { description } of subs) expect(description).toContain("## 承認");
    expect(bind?.dig(fqdn, "A")).toBe("");

    const request = (
      await site.raicho.get<{ payload: { ticket: { key: string } } }[]>(
        "/v1/triggerinstances?trigger_type=request.created",
      )
    ).find(({ payload }) => payload.ticket.key === ticket.key)?.payload.ticket;
    const wanted: { action: string; parameters: object }[] = [];
    for (const [document, summary] of [
      ["runbooks/dns/add-record.md", "DNS登録"],
      ["runbooks/monitoring/add-site.md", "監視登録"],
      ["runbooks/web/add-vhost.md", "Webサーバ設定"],
    ] as const) {
      const sub = subs.find((one) => one.summary === summary)?.key;
      wanted.push({
        action: await automate(document),
        parameters: { ticket: request, sub_ticket: sub },
      });
    }
    await site.raicho.ask("/v1/packs/register", { method: "POST", body: {} });
    const runs: string[] = [];
    for (const one of wanted) runs.push(await started(one));
    const roles = await approveAll(runs);
    expect(roles).toEqual(new Set(["domain-approver", "monitoring-owner", "web-approver"]));

    expect(bind?.dig(fqdn, "A")).toBe("192.0.2.7");
    await eventually("Nagios to load it", () => nagios?.loaded().includes(`HTTP ${fqdn}`));
    await eventually("nginx to serve it", async () => (await nginx?.get(fqdn)) === "sale!");
    const { entries } = await site.raicho.get<{
      entries: { attributes: Record<string, unknown> }[];
    }>("/api/v2/inventory/entries?type=DnsRecord");
    expect(entries).toMatchObject([
      { attributes: { host: "shop", rtype: "A", value: "192.0.2.7" } },
    ]);
    await eventually("the sub-tickets to be told", () =>
      site
        .subTickets(ticket.key)
        .every(({ comments }) => comments.some((one) => one.includes("自動作業が終わりました"))),
    );
    expect(await runbook("requests", "--covered", "true")).toContain(ticket.key);
    expect(await runbook("documents", "-o", "jsonl")).toContain("runbooks/dns/add-record.md");
    expect(await runbook("authors")).toContain("yamada");
    expect(await runbook("report", "--json")).toContain('"covered": 1');
  }, 400_000);

  /** Starts it once every process has taken the new workflow up; gives the execution. */
  function started(body: object): Promise<string> {
    return eventually(
      "the workflow to be taken up",
      async () => {
        const asked = await site.raicho.ask("/v1/executions", { method: "POST", body });
        const { id } = asked.body as { id?: string };
        if (id === undefined) return undefined;
        const seen = await eventually("its first step", async () => {
          const { status, result } = await site.raicho.get<Ran>(`/v1/executions/${id}`);
          const begun = status === "failed" || (await questions(id));
          return begun ? { status, result } : undefined;
        });
        return seen.status === "failed" ? undefined : id;
      },
      { seconds: 90, everyMs: 1_000 },
    );
  }

  /** Whether it came as far as a question. */
  async function questions(id: string): Promise<boolean> {
    const children = await site.raicho.get<unknown[]>(`/v1/executions/${id}/children`);
    return children.length > 0;
  }

  async function runbook(...words: readonly string[]): Promise<string> {
    const signedIn = await plainRequest(`${site.raicho.url}/auth/v1/tokens`, {
      method: "POST",
      body: {},
      headers: {
        authorization: `Basic ${Buffer.from(`admin:${adminPassword}`).toString("base64")}`,
      },
    });
    const { token } = signedIn.body as { token: string };
    const env = { RAICHO_URL: site.raicho.url, RAICHO_TOKEN: token };
    const { ended, printed } = runRaicho(["runbook", ...words], { home: site.home, env });
    expect([(await ended).code, printed.err]).toEqual([0, ""]);
    return printed.out;
  }

  /** Answers every question with yes until the workflows ended; gives the roles that were asked. */
  async function approveAll(runs: readonly string[]): Promise<ReadonlySet<string>> {
    const roles = new Set<string>();
    const ends = await eventually(
      "the workflows to end",
      async () => {
        const open =
          await site.raicho.get<{ id: string; roles?: string[] }[]>("/v1/inquiries?limit=100");
        for (const { id, roles: asked = [] } of open) {
          for (const role of asked) roles.add(role);
          const answer = await site.raicho.ask(`/v1/inquiries/${id}`, {
            method: "PUT",
            body: { id, response: { approved: true } },
          });
          expect([answer.status, answer.body]).toMatchObject([200, {}]);
        }
        const seen = await Promise.all(
          runs.map((id) =>
            site.raicho.get<{ status: string; result: unknown }>(`/v1/executions/${id}`),
          ),
        );
        return seen.every(({ status }) => ["succeeded", "failed"].includes(status))
          ? seen
          : undefined;
      },
      { seconds: 150 },
    );
    expect(ends.map(({ status, result }) => [status, result])).toEqual(
      runs.map(() => ["succeeded", expect.anything() as unknown]),
    );
    return roles;
  }
});
