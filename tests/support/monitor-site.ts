/** A site with real monitors: Nagios (by mail and by curl), Icinga 2 and Alertmanager tell a Raicho, which has their machine in its inventory. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAlertmanager, type Alertmanager } from "./alertmanager.ts";
import { freePort } from "./haproxy.ts";
import { startIcinga2, type Icinga2 } from "./icinga2.ts";
import { startJiraFake, type JiraFake } from "./jira-fake.ts";
import { accounts } from "./main-job-site.ts";
import { startNagios, type Nagios } from "./nagios.ts";
import { startRaicho, type Raicho } from "./raicho.ts";

export interface MonitorSite {
  readonly raicho: Raicho;
  readonly jira: JiraFake;
  readonly nagios: Nagios;
  readonly icinga2: Icinga2;
  readonly alertmanager: Alertmanager;
  stop(): Promise<void>;
}

export const machine = "web01";

/** As docs/alerts.md shows it: address and key stand in a file that curl reads. */
const posted = (file: string, facts: Readonly<Record<string, string>>): readonly string[] => [
  "/usr/bin/curl",
  "-fsS",
  "-K",
  file,
  ...Object.entries(facts).flatMap(([name, value]) => ["--data-urlencode", `${name}=${value}`]),
];

function quoted(words: readonly string[]): string {
  return words.map((word) => (/^[\w./=-]+$/.test(word) ? word : `"${word}"`)).join(" ");
}

const nagiosFacts = {
  monitor: "nagios",
  type: "$NOTIFICATIONTYPE$",
  host: "$HOSTNAME$",
  address: "$HOSTADDRESS$",
  time: "$TIMET$",
};
const ofHost = {
  ...nagiosFacts,
  state: "$HOSTSTATE$",
  output: "$HOSTOUTPUT$",
  author: "$HOSTACKAUTHOR$",
  comment: "$HOSTACKCOMMENT$",
};
const ofService = {
  ...nagiosFacts,
  service: "$SERVICEDESC$",
  state: "$SERVICESTATE$",
  output: "$SERVICEOUTPUT$",
  author: "$SERVICEACKAUTHOR$",
  comment: "$SERVICEACKCOMMENT$",
};
const ofIcinga = {
  monitor: "icinga2",
  type: "$notification.type$",
  host: "$host.name$",
  address: "$address$",
  service: "$service.name$",
  state: "$service.state$",
  output: "$service.output$",
  time: "$icinga.timet$",
  author: "$notification.author$",
  comment: "$notification.comment$",
};

/** The mail of Debian's commands.cfg, with its headers, handed to the SMTP listener. */
function mailed(port: number): string {
  const headers = String.raw`From: nagios@mx.example.jp\nTo: sys@example.jp\nSubject: ** $NOTIFICATIONTYPE$ Service Alert: $HOSTALIAS$/$SERVICEDESC$ is $SERVICESTATE$ **\n\n`;
  const body = String.raw`***** Nagios *****\n\nNotification Type: $NOTIFICATIONTYPE$\n\nService: $SERVICEDESC$\nHost: $HOSTALIAS$\nAddress: $HOSTADDRESS$\nState: $SERVICESTATE$\n\nDate/Time: $LONGDATETIME$\n\nAdditional Info:\n\n$SERVICEOUTPUT$\n`;
  return `/usr/bin/printf "%b" "${headers}${body}" | /usr/bin/curl -fsS --url smtp://127.0.0.1:${port} --mail-from nagios@mx.example.jp --mail-rcpt sys@example.jp -T -`;
}

function objects(port: number): string {
  return `define command {
  command_name mail_service
  command_line ${mailed(port)}
}
define contact {
  contact_name mail
  host_notifications_enabled 0
  host_notification_period always
  service_notification_period always
  service_notification_options w,u,c,r,f,s
  host_notification_commands mail_service
  service_notification_commands mail_service
}
define service {
  use plain-service
  host_name ${machine}
  service_description DISK
  check_command check_http!x
  contacts mail
}
define service {
  use plain-service
  host_name ${machine}
  service_description HTTP
  check_command check_http!x
}
`;
}

/** `configs` of the packs beside those of tracker and monitors. */
export async function startMonitorSite(): Promise<MonitorSite> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-monitors-"));
  // Nagios gives up its rights for those of a user of its own, who has to read it.
  chmodSync(folder, 0o755);
  const [http, smtp, icingaPort, alertmanagerPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const file = join(folder, "curlrc");
  const [jira, nagios, icinga2] = await Promise.all([
    startJiraFake(),
    startNagios(machine, {
      objects: objects(smtp),
      notify: { host: quoted(posted(file, ofHost)), service: quoted(posted(file, ofService)) },
    }),
    startIcinga2(icingaPort, machine, ["HTTP", "DISK"], posted(file, ofIcinga)),
  ]);
  const raicho = await startRaicho({
    env: { RAICHO_PORT: String(http), RAICHO_SMTP_PORT: String(smtp), RAICHO_TZ: "Asia/Tokyo" },
    configs: {
      jira: {
        url: jira.url,
        username: jira.user,
        token: jira.token,
        project: jira.project,
        deployment: "cloud",
      },
      ticket: { coalesce_seconds: 1, settle_seconds: 2, poll_seconds: 1, review: { close: "off" } },
      monitoring: {
        monitors: [
          { kind: "nagios", command_file: nagios.commandFile, object_cache: nagios.objectCache },
          {
            kind: "icinga2",
            url: icinga2.url,
            user: icinga2.user,
            password: icinga2.password,
            ca: icinga2.ca,
            server_name: icinga2.serverName,
          },
          { kind: "alertmanager", url: `http://127.0.0.1:${alertmanagerPort}` },
        ],
      },
    },
  });
  const key = await apiKey(raicho);
  const webhook = `${raicho.url}/v1/webhooks/alerts`;
  writeFileSync(file, `url = "${webhook}"\nheader = "St2-Api-Key: ${key}"\n`, { mode: 0o644 });
  const alertmanager = await startAlertmanager(alertmanagerPort, `${webhook}?st2-api-key=${key}`);
  await furnish(raicho);
  return {
    raicho,
    jira,
    nagios,
    icinga2,
    alertmanager,
    stop: async () => {
      await Promise.all([nagios.stop(), icinga2.stop(), alertmanager.stop(), raicho.stop()]);
      await jira.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function apiKey(raicho: Raicho): Promise<string> {
  const { status, body } = await raicho.ask("/v1/apikeys", {
    method: "POST",
    body: { user: "admin", metadata: { use: "monitors" } },
  });
  if (status !== 201) throw new Error(`no key: ${status} ${JSON.stringify(body)}`);
  return (body as { key: string }).key;
}

async function furnish(raicho: Raicho): Promise<void> {
  const items = [
    {
      type: "Person",
      set: {
        login: "alice",
        name: "Alice 山田",
        mail: "a@example.jp",
        jira_account: accounts.alice,
      },
    },
    { type: "Service", set: { code: "auction", title: "Auction", owner: { login: "alice" } } },
    { type: "NodeSet", set: { name: "web", service: "auction" } },
    {
      type: "VirtualMachine",
      set: {
        hostname: machine,
        fqdn: `${machine}.auction`,
        nodeset: "web",
        owner: { login: "alice" },
      },
    },
  ];
  const { status, body } = await raicho.ask("/api/v2/inventory/upsert", {
    method: "POST",
    body: { items },
  });
  const { results = [] } = body as { results?: { result: string }[] };
  const wrong = results.find(({ result }) => result !== "created");
  if (status !== 200 || wrong !== undefined)
    throw new Error(`the inventory was not made: ${status} ${JSON.stringify(wrong ?? body)}`);
}
