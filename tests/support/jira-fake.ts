/**
 * A strict JIRA for tests and the demo: requests and answers are judged by Atlassian's own documents, fields by the type's create screen.
 * Runs alone too: `node tests/support/jira-fake.ts --port N [--dc]` (user raicho@example.com, token fake-token, project OPS).
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { argv } from "node:process";
import { Refused } from "./jira-changes.ts";
import { jiraRoutes, type Answer } from "./jira-routes.ts";
import { jiraSchemaExists, loadJiraSchema } from "./jira-schema.ts";
import type { Issue } from "./jira-world.ts";

export interface JiraFakeOptions {
  readonly port?: number;
  readonly deployment?: "cloud" | "dc";
}

export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly status: number | "dropped";
}

export interface JiraFake {
  readonly url: string;
  readonly user: "raicho@example.com";
  readonly token: "fake-token";
  readonly project: "OPS";
  readonly issues: ReadonlyMap<string, Issue>;
  readonly log: readonly LoggedRequest[];
  /** Answers the next `count` requests whose path ends so with this status instead of doing them. */
  refuse(path: string, count: number, status: 429 | 503 | 500, retryAfter?: string): void;
  /** Does the next `count` creations but breaks the connection instead of answering. */
  dropAnswers(count: number): void;
  /** How long new issues stay invisible to searches, in milliseconds. */
  lag(ms: number): void;
  stop(): Promise<void>;
}

interface Refusal {
  readonly path: string;
  readonly status: number;
  readonly retryAfter: string | undefined;
  left: number;
}

export async function startJiraFake({
  port = 0,
  deployment = "cloud",
}: JiraFakeOptions = {}): Promise<JiraFake> {
  const cloud = deployment === "cloud";
  const schema = jiraSchemaExists ? loadJiraSchema() : undefined;
  const world = { issues: new Map<string, Issue>(), lagMs: 0, base: "" };
  const route = jiraRoutes(world, { cloud, isDocument: schema?.isDocument });
  const log: LoggedRequest[] = [];
  const refusals: Refusal[] = [];
  let drops = 0;

  const answerOf = (
    method: string,
    url: URL,
    body: unknown,
    authorization: string | undefined,
  ): Answer => {
    const refusal = refusals.find((one) => one.left > 0 && url.pathname.endsWith(one.path));
    if (refusal) {
      refusal.left -= 1;
      return {
        status: refusal.status,
        ...(refusal.retryAfter === undefined ? {} : { retryAfter: refusal.retryAfter }),
      };
    }
    if (!authorized(authorization, cloud))
      return {
        status: 401,
        body: {
          errorMessages: ["Client must be authenticated to access this resource."],
          errors: {},
        },
      };
    const faults = judged(url)
      ? (schema?.request(method, url.pathname, url.searchParams, body) ?? [])
      : [];
    if (faults.length > 0) return { status: 400, body: { errorMessages: faults, errors: {} } };
    try {
      return route(method, url, body);
    } catch (error) {
      if (error instanceof Refused)
        return {
          status: error.status,
          body: { errorMessages: error.messages, errors: error.fields },
        };
      throw error;
    }
  };
  /** v2 answers in v2's words: the document knows v3 only. */
  const judged = (url: URL): boolean => url.pathname.startsWith("/rest/api/3/");

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "GET", headers } = request;
    const url = new URL(request.url ?? "/", "http://jira");
    const body = await jsonOf(request);
    const answer = answerOf(method, url, body, headers.authorization);
    if (schema && answer.status < 300 && judged(url)) {
      const faults = schema.answer(method, url.pathname, answer.status, answer.body);
      if (faults.length > 0)
        throw new Error(`the fake answers against the document: ${faults.join("; ")}`);
    }
    const drop = drops > 0 && answer.status === 201 && url.pathname.endsWith("/issue");
    if (drop) drops -= 1;
    log.push({
      method,
      path: url.pathname + url.search,
      body,
      status: drop ? "dropped" : answer.status,
    });
    if (drop) return void request.socket.destroy();
    response.writeHead(answer.status, {
      "content-type": "application/json;charset=UTF-8",
      ...(answer.retryAfter === undefined ? {} : { "retry-after": answer.retryAfter }),
    });
    response.end(answer.body === undefined ? "" : JSON.stringify(answer.body));
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      log.push({
        method: request.method ?? "",
        path: request.url ?? "",
        body: String(error),
        status: 500,
      });
      response.writeHead(500, { "content-type": "text/plain" }).end(String(error));
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  world.base = `http://127.0.0.1:${typeof address === "object" && address ? address.port : port}`;
  return {
    url: world.base,
    user: "raicho@example.com",
    token: "fake-token",
    project: "OPS",
    issues: world.issues,
    log,
    refuse: (path, left, status, retryAfter) =>
      void refusals.push({ path, left, status, retryAfter }),
    dropAnswers: (count) => void (drops = count),
    lag: (ms) => void (world.lagMs = ms),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function authorized(authorization: string | undefined, cloud: boolean): boolean {
  const basic = `Basic ${Buffer.from("raicho@example.com:fake-token").toString("base64")}`;
  return authorization === basic || (!cloud && authorization === "Bearer fake-token");
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  const text = Buffer.concat(chunks).toString();
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

if (import.meta.main) {
  const port = Number(argv[argv.indexOf("--port") + 1]);
  const fake = await startJiraFake({ port, deployment: argv.includes("--dc") ? "dc" : "cloud" });
  process.stdout.write(
    `jira fake ready ${fake.url} (user ${fake.user}, token ${fake.token}, project ${fake.project})\n`,
  );
}
