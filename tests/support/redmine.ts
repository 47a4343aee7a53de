/** A real Redmine of Debian's package, with a database of its own: the project OPS, three people, Redmine's default work flow. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./haproxy.ts";
import { needs } from "./needs.ts";
import type { Tracker } from "./trackers.ts";

const program = "/usr/share/redmine";
/** The package makes it at installation, empty and with all tables. */
const fresh = "/var/lib/dbconfig-common/sqlite3/redmine/instances/default/redmine_default";

const server = "puma";
export const redminePresent = needs("puma") && existsSync(program) && existsSync(fresh);

const setup = `
Setting.rest_api_enabled = "1"
Setting.parent_issue_priority = "independent"
Setting.parent_issue_dates = "independent"
Redmine::DefaultData::Loader.load("en") if Tracker.count == 0
admin = User.find_by_login("admin")
admin.must_change_passwd = false
admin.save!
Token.where(user_id: admin.id).delete_all
project = Project.create!(name: "Operations", identifier: "ops", tracker_ids: Tracker.pluck(:id))
IssueCategory.create!(project: project, name: "DNS")
role = Role.where(builtin: 0).first
%w[alice leader gone].each do |login|
  user = User.new(firstname: login.capitalize, lastname: "Person", mail: "#{login}@example.com", language: "en")
  user.login = login
  user.password = "correct horse"
  user.save!
  Member.create!(project: project, principal: user, roles: [role]) unless login == "gone"
end
puts "key " + User.find_by_login("admin").api_key
puts "ids " + User.where(login: %w[admin alice leader]).pluck(:login, :id).flatten.join(" ")
`;

interface Instance {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly key: string;
  readonly ids: ReadonlyMap<string, string>;
}

async function makeInstance(): Promise<Instance> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-redmine-"));
  for (const name of ["config", "files", "log", "tmp", "public"]) mkdirSync(join(folder, name));
  copyFileSync(fresh, join(folder, "redmine.sqlite"));
  writeFileSync(
    join(folder, "config/database.yml"),
    `production:\n  adapter: sqlite3\n  database: ${join(folder, "redmine.sqlite")}\n  encoding: utf8\n  timeout: 20000\n`,
  );
  writeFileSync(join(folder, "config/secret_key.txt"), "0".repeat(64));
  const env = {
    ...process.env,
    // The package joins this with its folder of instances: whoever runs the tests needs no rights there.
    X_DEBIAN_SITEID: relative(join(program, "instances"), folder),
    RAILS_ENV: "production",
    SCHEMA: "/dev/null",
  };
  const child = spawn(join(program, "bin/rails"), ["runner", setup], {
    cwd: program,
    env,
    stdio: "pipe",
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => void (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (err += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  const [, words] = /^ids (.+)$/m.exec(out) ?? [];
  const [, key] = /^key (\w+)$/m.exec(out) ?? [];
  if (code !== 0 || words === undefined || key === undefined)
    throw new Error(`Redmine could not be set up: ${out}\n${err}`);
  const list = words.split(" ");
  const pairs = list.flatMap((word, index): [string, string][] =>
    index % 2 === 0 ? [[word, list[index + 1] ?? ""]] : [],
  );
  return { folder, env, key, ids: new Map(pairs) };
}

export async function startRedmine(): Promise<Tracker> {
  const { folder, env, key, ids } = await makeInstance();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(server, ["-t", "2:5", "-b", `tcp://127.0.0.1:${port}`, "--dir", program], {
    cwd: program,
    env,
    stdio: "ignore",
  });
  const get = async (path: string): Promise<Record<string, unknown>> => {
    const answer = await fetch(url + path, { headers: { "X-Redmine-API-Key": key } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  await eventually("Redmine to answer", () => get("/issue_statuses.json"), {
    seconds: 150,
    everyMs: 250,
  });
  return {
    configs: {
      redmine: { url, api_key: key, project: "ops" },
      ticket: {
        backend: "redmine",
        statuses: { in_progress: ["In Progress"], fixed: ["Resolved"], closed: ["Closed"] },
        settle_seconds: 2,
      },
    },
    missing: "4711",
    account: (person) => ids.get(person === "raicho" ? "admin" : person) ?? "",
    look: async (id) => {
      const { issue } = (await get(`/issues/${id}.json?include=journals,attachments`)) as {
        issue: {
          parent?: { id: number };
          journals: { notes?: string }[];
          attachments: { filename: string }[];
        };
      };
      return {
        parent: issue.parent === undefined ? undefined : String(issue.parent.id),
        comments: issue.journals.flatMap(({ notes = "" }) => (notes === "" ? [] : [notes])),
        attachments: issue.attachments.map(({ filename }) => filename),
      };
    },
    count: async () => Number((await get("/issues.json?status_id=*&limit=1"))["total_count"]),
    stop: async () => {
      const ended = once(child, "close");
      child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(killer);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
