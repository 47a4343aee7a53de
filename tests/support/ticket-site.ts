/** A Raicho with tickets in the strict JIRA, and nothing else beside it. */
import { emptyDatabase } from "./postgres.ts";
import { eventually } from "./eventually.ts";
import { type JiraFake, startJiraFake } from "./jira-fake.ts";
import { accounts, runAction } from "./main-job-site.ts";
import { type Raicho, startRaicho, type StartOptions } from "./raicho.ts";

type Json = Record<string, unknown>;

export interface TicketSite {
  readonly jira: JiraFake;
  readonly raicho: Raicho;
  readonly databaseUrl: string;
  /** Runs an action; its result. */
  act(action: string, parameters: object): Promise<Json>;
  /** Resolves when JIRA was told all. */
  told(): Promise<void>;
  /** A ticket as our own API shows it. */
  ticket(ref: unknown): Promise<Json>;
  /** The same once it looks so. */
  until(what: string, ref: unknown, fits: (seen: Json) => boolean): Promise<Json>;
  /** Starts the program again on the same data, after it was killed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** People as the inventory shows them. */
export const leader = { name: "The Leader", jira_account: accounts.leader };
export const alice = { name: "Alice 山田", jira_account: accounts.alice };
/** Alice's machine, as the inventory says. */
export const aliceOwns = { kind: "person", via: "service.owner", person: alice, leader };

/** `ticket` = `<configs>/ticket.yaml`. */
export async function startTicketSite(
  ticket: Json,
  { configs, ...options }: StartOptions = {},
): Promise<TicketSite> {
  const under = await emptyDatabase();
  const jira = await startJiraFake();
  const start = (home?: string): Promise<Raicho> =>
    startRaicho({
      ...options,
      ...(home === undefined ? {} : { home }),
      env: { ...options.env, DATABASE_URL: under.url },
      configs: {
        jira: {
          url: jira.url,
          username: jira.user,
          token: jira.token,
          project: jira.project,
          deployment: "cloud",
        },
        ticket,
        ...configs,
      },
    });
  let raicho = await start();
  const look = (ref: unknown) => raicho.get<Json>(`/api/v2/tickets/${String(ref)}`);
  return {
    jira,
    get raicho() {
      return raicho;
    },
    restart: async () => void (raicho = await start(raicho.home)),
    databaseUrl: under.url,
    act: async (action, parameters) => (await runAction(raicho, action, parameters)).result as Json,
    told: async () => {
      await eventually(
        "JIRA to be told all",
        async () => {
          const path = "/api/v2/tickets?waiting=true&limit=1";
          return (await raicho.get<{ items: Json[] }>(path)).items.length === 0;
        },
        { seconds: 240, everyMs: 250 },
      );
    },
    ticket: look,
    until: (what, ref, fits) =>
      eventually(
        what,
        async () => {
          const seen = await look(ref);
          return fits(seen) ? seen : undefined;
        },
        { seconds: 60, everyMs: 250 },
      ),
    stop: async () => {
      await raicho.stop();
      await jira.stop();
      await under[Symbol.asyncDispose]();
    },
  };
}
