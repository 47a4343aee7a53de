/** A site for the main job: JIRA, HAProxy and BIND beside a Raicho whose inventory knows the machines. */
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { type Bind, startBind } from "./bind.ts";
import { eventually } from "./eventually.ts";
import { type Haproxy, startHaproxy } from "./haproxy.ts";
import { type JiraFake, startJiraFake } from "./jira-fake.ts";
import { type JiraGate, startJiraGate } from "./jira-gate.ts";
import type { Issue } from "./jira-world.ts";
import { type Raicho, type StartOptions, startRaicho } from "./raicho.ts";

/** Nothing waits for the next business day here. */
const urgencies = ["immediate", "business_day"];

/** People of the fake JIRA. */
export const accounts = {
  alice: "5b10ac8d82e05b22cc7d4e02",
  leader: "5b10ac8d82e05b22cc7d4e03",
} as const;

export interface Machine {
  /** `web01.auction`, as monitors call it. */
  readonly host: string;
  /** Name inside the HAProxy backend `web`. */
  readonly server: string;
  readonly record: string;
  readonly address: string;
}

export function machine(number: number): Machine {
  const server = `web${String(number).padStart(2, "0")}`;
  return {
    host: `${server}.auction`,
    server,
    record: `${server}.example.test`,
    address: `192.0.2.${number}`,
  };
}

export interface Counterparts {
  readonly jira: JiraFake;
  readonly gate: JiraGate;
  readonly haproxy: Haproxy | undefined;
  readonly bind: Bind | undefined;
  readonly configs: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

export async function startCounterparts(
  machines: readonly Machine[],
  { haproxy: withHaproxy = true, bind: withBind = true } = {},
): Promise<Counterparts> {
  const [jira, haproxy, bind] = await Promise.all([
    startJiraFake(),
    withHaproxy ? startHaproxy(machines.map(({ server }) => server)) : undefined,
    withBind ? startBind() : undefined,
  ]);
  const gate = await startJiraGate(jira.url);
  const configs = {
    jira: {
      url: gate.url,
      username: jira.user,
      token: jira.token,
      project: jira.project,
      deployment: "cloud",
    },
    inventory: { default_leader: "leader" },
    ticket: { real_time: { urgencies }, coalesce_seconds: 1, settle_seconds: 5 },
    ...(haproxy === undefined
      ? {}
      : { haproxy: { endpoints: [{ name: "lb1", host: haproxy.host, port: haproxy.port }] } }),
    ...(bind === undefined
      ? {}
      : {
          dns_rfc2136: {
            servers: [
              {
                host: bind.host,
                port: bind.port,
                zones: [...bind.zones],
                key_name: bind.key.name,
                algorithm: bind.key.algorithm,
                key: bind.key.secret,
              },
            ],
          },
        }),
  };
  return {
    jira,
    gate,
    haproxy,
    bind,
    configs,
    stop: async () => {
      await Promise.all([gate.stop(), haproxy?.stop(), bind?.stop()]);
      await jira.stop();
    },
  };
}

function person(login: keyof typeof accounts, name: string) {
  return {
    type: "Person",
    set: { login, name, mail: `${login}@example.com`, jira_account: accounts[login] },
  };
}

function entries(machines: readonly Machine[]): readonly { type: string; set: object }[] {
  return [
    person("alice", "Alice 山田"),
    person("leader", "The Leader"),
    {
      type: "Team",
      set: { code: "web-ops", name: "Web operations", lead: "leader", members: ["alice"] },
    },
    { type: "Service", set: { code: "auction", title: "Auction", owner: { login: "alice" } } },
    { type: "LoadBalancer", set: { name: "lb1", endpoint: "lb1" } },
    { type: "Pool", set: { lb: "lb1", name: "web", backend: "web" } },
    { type: "DnsZone", set: { fqdn: "example.test" } },
    // Nobody owns it: the leader of the configuration decides.
    { type: "Device", set: { hostname: "orphan.auction" } },
    ...machines.flatMap(({ host, server, address }) => [
      { type: "Device", set: { hostname: host, service: "auction" } },
      { type: "Member", set: { pool: { lb: "lb1", backend: "web" }, server, target: host } },
      {
        type: "DnsRecord",
        set: { zone: "example.test", host: server, rtype: "A", value: address, target: host },
      },
    ]),
  ];
}

/** Puts the machines into the inventory and their records into the zone, through the front door. */
export async function furnish(
  raicho: Raicho,
  machines: readonly Machine[],
  bind: Bind | undefined,
): Promise<void> {
  const { status, body } = await raicho.ask("/api/v2/inventory/upsert", {
    method: "POST",
    body: { items: entries(machines), reason: "first inventory" },
  });
  const { results = [] } = body as { results?: { result: string }[] };
  const wrong = results.find(({ result }) => result !== "created");
  if (status !== 200 || wrong !== undefined)
    throw new Error(`the inventory was not made: ${status} ${JSON.stringify(wrong ?? body)}`);
  if (bind === undefined) return;
  await Promise.all(
    machines.map(({ record, address }) =>
      runAction(raicho, "dns_rfc2136.record_add", {
        zone: "example.test",
        name: record,
        type: "A",
        data: address,
        ttl: "60",
      }),
    ),
  );
}

export interface Execution {
  readonly id: string;
  readonly status: string;
  readonly result: unknown;
  readonly action: { readonly ref: string };
  readonly parameters: Record<string, unknown>;
}

/** Runs an action and waits for its success. */
export async function runAction(
  raicho: Raicho,
  action: string,
  parameters: object,
): Promise<Execution> {
  const { status, body } = await raicho.ask("/v1/executions", {
    method: "POST",
    body: { action, parameters },
  });
  if (status !== 201) throw new Error(`${action}: ${status} ${JSON.stringify(body)}`);
  const { id } = body as Execution;
  const ended = await eventually(`${action} to end`, async () => {
    const seen = await raicho.get<Execution>(`/v1/executions/${id}`);
    return finals.has(seen.status) ? seen : undefined;
  });
  if (ended.status !== "succeeded")
    throw new Error(`${action} ${ended.status}: ${JSON.stringify(ended.result)}`);
  return ended;
}

export interface Alert {
  readonly fingerprint: string;
  readonly day: string;
  readonly count: number;
  readonly status: string;
  readonly ticket: string | null;
  readonly document: Record<string, unknown>;
}

export async function alerts(raicho: Raicho): Promise<readonly Alert[]> {
  return (await raicho.get<{ items: Alert[] }>("/api/v2/alerts?limit=100")).items;
}

export async function alertOf(raicho: Raicho, host: string): Promise<Alert | undefined> {
  return (await alerts(raicho)).find(({ document }) => document["host_raw"] === host);
}

/** All words of a document of Atlassian's format (or a plain text). */
export function wordsOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(wordsOf).join("");
  if (typeof value !== "object" || value === null) return "";
  const {
    type,
    text: words,
    content,
  } = value as { type?: string; text?: string; content?: unknown };
  const inner = `${words ?? ""}${wordsOf(content)}`;
  return type === "paragraph" ? `${inner}\n\n` : type === "hardBreak" ? "\n" : inner;
}

export interface Ticket {
  readonly key: string;
  readonly summary: string;
  readonly description: string;
  readonly assignee: string | undefined;
  readonly labels: readonly string[];
  readonly comments: readonly string[];
}

function ticketOf({ key, values, comments }: Issue): Ticket {
  return {
    key,
    summary: String(values["summary"]),
    description: wordsOf(values["description"]),
    assignee: (values["assignee"] as { accountId?: string } | null | undefined)?.accountId,
    labels: values["labels"] as string[],
    comments: comments.map(({ body }) => wordsOf(body).trim()),
  };
}

/** Tickets at the fake JIRA whose summary or description has this in it, oldest first. */
export function tickets({ jira }: Pick<Counterparts, "jira">, words = ""): readonly Ticket[] {
  return [...jira.issues.values()]
    .map(ticketOf)
    .filter(({ summary, description }) => `${summary}\n${description}`.includes(words));
}

/** What HAProxy says of a server of the backend `web`: `ready`, `drain` or `maint`. */
export async function stateAt({ host, port }: Haproxy, server: string): Promise<string> {
  const socket = connect(port, host);
  socket.end("show servers state web\n");
  const lines = (await text(socket)).split("\n").map((line) => line.split(" "));
  const heading = lines.find(([first]) => first === "#")?.slice(1) ?? [];
  const row = lines.find((line) => line[heading.indexOf("srv_name")] === server);
  const admin = Number(row?.[heading.indexOf("srv_admin_state")]);
  if ((admin & 0x01) !== 0) return "maint";
  return (admin & 0x08) !== 0 ? "drain" : admin === 0 ? "ready" : `admin state ${admin}`;
}

export interface Site extends Counterparts {
  readonly raicho: Raicho;
  /** Stops everything; the exit code of Raicho. */
  close(): Promise<number | null>;
}

/** Starts everything and fills the inventory. */
export async function startSite(
  machines: readonly Machine[],
  options: StartOptions = {},
): Promise<Site> {
  const counterparts = await startCounterparts(machines);
  const raicho = await startRaicho({ ...options, configs: counterparts.configs });
  await furnish(raicho, machines, counterparts.bind);
  return {
    ...counterparts,
    raicho,
    close: async () => {
      const { code } = await raicho.stop();
      await counterparts.stop();
      return code;
    },
  };
}

/** Pending questions to people. */
export async function inquiries(raicho: Raicho): Promise<readonly { id: string; route: string }[]> {
  return raicho.get("/v1/inquiries");
}

const finals = new Set(["succeeded", "failed", "timeout", "abandoned", "canceled"]);
const open = [
  "requested",
  "scheduled",
  "delayed",
  "running",
  "pausing",
  "paused",
  "resuming",
  "canceling",
  "pending",
];

/** Executions that have not ended, and events that no rule has seen yet. */
export async function unfinished(raicho: Raicho): Promise<readonly string[]> {
  // The newest in one look: what moves from one status to the next while the statuses are looked at one by one is not missed.
  const newest = (await raicho.get<Execution[]>("/v1/executions?limit=100")).filter(
    ({ status }) => !finals.has(status),
  );
  const older = await Promise.all(
    open.map(async (status) =>
      raicho.get<Execution[]>(`/v1/executions?status=${status}&limit=100`),
    ),
  );
  const events = await raicho.get<{ id: string; trigger: string }[]>(
    "/v1/triggerinstances?status=pending",
  );
  return [
    ...[...newest, ...older.flat()].map(
      ({ action, status, id }) => `${action.ref} ${status} ${id}`,
    ),
    ...events.map(({ trigger, id }) => `${trigger} pending ${id}`),
  ];
}

/** Resolves when nothing is on its way any more. */
export async function quiet(raicho: Raicho, seconds = 30): Promise<void> {
  await eventually(
    "everything to end",
    async () => {
      const left = await unfinished(raicho);
      if (left.length > 0) throw new Error(left.join("; "));
      const { items } = await raicho.get<{ items: { id: string; error: string | null }[] }>(
        "/api/v2/tickets?waiting=true",
      );
      const untold = items.filter(({ error }) => error?.includes("not configured") !== true);
      if (untold.length > 0) throw new Error(JSON.stringify(untold));
      return true;
    },
    { seconds, everyMs: 100 },
  );
}
