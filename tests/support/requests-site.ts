/** A site that prepares requests: JIRA, documents in git, and servers that answer over SSH, beside a Raicho. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Documents, startDocuments } from "./documents.ts";
import { eventually } from "./eventually.ts";
import { type JiraFake, startJiraFake } from "./jira-fake.ts";
import type { Issue } from "./jira-world.ts";
import { type Raicho, startRaicho } from "./raicho.ts";
import { type Sshd, startSshd } from "./sshd.ts";

/** What stands beside a Raicho. */
export interface RequestCounterparts {
  readonly jira: JiraFake;
  readonly documents: Documents;
  readonly sshd: Sshd;
  readonly configs: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  /** A person asks for work; gives the ticket's key. */
  request(wanted: WantedRequest): Promise<string>;
  subTickets(parent: string): readonly SubTicket[];
  stop(): Promise<void>;
}

export interface RequestSite extends Omit<RequestCounterparts, "stop" | "configs" | "env"> {
  readonly raicho: Raicho;
  readonly home: string;
  /** Starts it again on the same data. */
  restart(): Promise<Raicho>;
  close(): Promise<void>;
}

export interface WantedRequest {
  readonly summary?: string;
  readonly description?: string;
  readonly component?: string;
}

export interface SubTicket {
  readonly key: string;
  readonly summary: string;
  readonly description: string;
  readonly comments: readonly string[];
  readonly component: string | undefined;
}

export interface SiteOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Added to `<configs>/runbook.yaml`. */
  readonly runbook?: Readonly<Record<string, unknown>>;
  readonly configs?: Readonly<Record<string, unknown>>;
  /** Files of the site: `forms/x.yaml`. */
  readonly site?: Readonly<Record<string, string>>;
}

/** Text of a JIRA document or of plain text. */
export function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(plainText).join("");
  if (typeof value !== "object" || value === null) return "";
  const { type, text, content } = value as { type?: string; text?: string; content?: unknown };
  if (type === "hardBreak") return "\n";
  return (text ?? "") + plainText(content) + (type === "paragraph" ? "\n" : "");
}

function view(issue: Issue): SubTicket {
  const { summary, description, components } = issue.values;
  const named = components as { name?: string }[] | undefined;
  return {
    key: issue.key,
    summary: String(summary),
    description: plainText(description),
    comments: issue.comments.map(({ body }) => plainText(body)),
    component: named?.[0]?.name,
  };
}

export async function startRequestCounterparts(
  options: Pick<SiteOptions, "runbook" | "configs"> = {},
): Promise<RequestCounterparts> {
  const [jira, sshd] = await Promise.all([startJiraFake(), startSshd()]);
  const documents = startDocuments();
  const folder = mkdtempSync(join(tmpdir(), "raicho-requests-"));
  writeFileSync(join(folder, "known_hosts"), `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`);
  const servers = ["web01", "web02"];
  const configs = {
    jira: {
      url: jira.url,
      username: jira.user,
      token: jira.token,
      project: jira.project,
      deployment: "cloud",
    },
    ticket: { backend: "jira", language: "ja", defaults: { sub_type: "サブタスク" } },
    runbook: {
      url: documents.url,
      branch: "main",
      poll_seconds: 1,
      requests: { components: ["Web", "Mail"], poll_seconds: 1 },
      ssh: {
        username: sshd.username,
        private_key: sshd.key,
        addresses: Object.fromEntries(servers.map((name) => [name, `127.0.0.1:${sshd.port}`])),
      },
      ...options.runbook,
    },
    ...options.configs,
  };
  return {
    jira,
    documents,
    sshd,
    configs,
    env: { RAICHO_SSH_KNOWN_HOSTS: join(folder, "known_hosts") },
    request: async ({ summary = "サブドメイン追加", description = "", component = "Web" }) => {
      const content = description.split("\n").map((line) => ({
        type: "paragraph",
        content: line === "" ? [] : [{ type: "text", text: line }],
      }));
      const answer = await fetch(`${jira.url}/rest/api/3/issue`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Basic ${Buffer.from(`${jira.user}:${jira.token}`).toString("base64")}`,
        },
        body: JSON.stringify({
          fields: {
            project: { key: jira.project },
            issuetype: { name: "Task" },
            summary,
            components: [{ name: component }],
            description: { type: "doc", version: 1, content },
          },
        }),
      });
      const body = (await answer.json()) as { key?: string };
      if (body.key === undefined) throw new Error(`JIRA: ${answer.status} ${JSON.stringify(body)}`);
      return body.key;
    },
    subTickets: (parent) =>
      [...jira.issues.values()]
        .filter(({ values }) => (values["parent"] as { key?: string } | undefined)?.key === parent)
        .map(view),
    stop: async () => {
      await Promise.all([jira.stop(), sshd.stop()]);
      documents.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function startRequestSite(options: SiteOptions): Promise<RequestSite> {
  const counterparts = await startRequestCounterparts(options);
  const { configs, env, ...beside } = counterparts;
  const start = (home?: string): Promise<Raicho> =>
    startRaicho({
      env: { ...options.env, ...env },
      ...(home === undefined ? {} : { home }),
      configs,
    });
  let raicho = await start();
  return {
    ...beside,
    get raicho() {
      return raicho;
    },
    home: raicho.home,
    restart: async () => (raicho = await start(raicho.home)),
    close: async () => {
      await raicho.stop();
      await counterparts.stop();
    },
  };
}

/** The sub-tickets of a request once each has the results of its checks. */
export function prepared(
  site: RequestSite,
  key: string,
  count: number,
): Promise<readonly SubTicket[]> {
  return eventually(
    `${count} prepared sub-tickets of ${key}`,
    () => {
      const found = site.subTickets(key);
      const done = found.length >= count && found.every(({ comments }) => comments.length > 0);
      return done ? found : undefined;
    },
    { seconds: 90 },
  );
}
