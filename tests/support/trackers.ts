/** The trackers that tickets are tested against, behind one face. */
import { startJiraFake } from "./jira-fake.ts";
import { people } from "./jira-world.ts";
import { wordsOf } from "./main-job-site.ts";
import { redminePresent, startRedmine } from "./redmine.ts";

export interface Seen {
  readonly parent: string | undefined;
  readonly comments: readonly string[];
  readonly attachments: readonly string[];
}

export interface Tracker {
  readonly configs: Readonly<Record<string, unknown>>;
  /** A key that no ticket has. */
  readonly missing: string;
  /** The tracker's id of a person. */
  account(person: "raicho" | "alice" | "leader"): string;
  look(key: string): Promise<Seen>;
  count(): Promise<number>;
  stop(): Promise<void>;
}

interface Choice {
  readonly name: string;
  readonly present: boolean;
  readonly start: () => Promise<Tracker>;
}

async function startJira(deployment: "cloud" | "dc"): Promise<Tracker> {
  const fake = await startJiraFake({ deployment });
  const login =
    deployment === "cloud"
      ? { auth_method: "api_token", username: fake.user }
      : { auth_method: "pat" };
  return {
    configs: {
      jira: { url: fake.url, ...login, token: fake.token, project: "OPS", deployment },
      ticket: { backend: "jira", statuses: { fixed: ["Fixed"] }, settle_seconds: 2 },
    },
    missing: "OPS-4711",
    account: (person) => {
      const found = people.find(({ name }) => name === person);
      return (deployment === "cloud" ? found?.accountId : found?.name) ?? "";
    },
    look: async (key) => {
      const issue = fake.issues.get(key);
      const parent = issue?.values["parent"] as { key?: string } | undefined;
      return {
        parent: parent?.key,
        comments: issue?.comments.map(({ body }) => wordsOf(body).trim()) ?? [],
        attachments: issue?.attachments.map(({ filename }) => filename) ?? [],
      };
    },
    count: async () => fake.issues.size,
    stop: () => fake.stop(),
  };
}

export const trackers: readonly Choice[] = [
  { name: "JIRA Cloud", present: true, start: () => startJira("cloud") },
  { name: "JIRA Data Center", present: true, start: () => startJira("dc") },
  { name: "Redmine", present: redminePresent, start: startRedmine },
];
