/**
 * A strict JIRA for tests and the demo: requests and answers are judged by Atlassian's own documents, fields by the type's create screen.
 * Runs alone too: `node tests/support/jira-fake.ts --port N [--dc]` (user raicho@example.com, token fake-token, project OPS).
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { argv } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { getIssue, moveIssue, Refused } from "./jira-changes.ts";
import { jiraRoutes, type Answer } from "./jira-routes.ts";
import { jiraSchemaExists, loadJiraSchema } from "./jira-schema.ts";
import { people, transitions, type Issue } from "./jira-world.ts";

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
  /** Answers the next `count` requests whose path ends so with this status instead of doing them; the answer ends that. */
  refuse(path: string, count: number, status: 429 | 503 | 500, retryAfter?: string): () => void;
  /** Does the next `count` creations but breaks the connection instead of answering. */
  dropAnswers(count: number): void;
  /** A person of JIRA takes a transition in the browser. */
  act(person: string, key: string, transition: string): void;
  /** How long each answer takes, in milliseconds. */
  slow(ms: number): void;
  /** How long new issues stay invisible to searches, in milliseconds. */
  lag(ms: number): void;
  stop(): Promise<void>;
}

interface Refusal {
  readonly path: string;
  readonly answer: Answer;
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
  let slowMs = 0;

  const answerOf = (asked: Asked): Answer => {
    const refusal = refusals.find((one) => one.left > 0 && asked.url.pathname.endsWith(one.path));
    if (refusal) {
      refusal.left -= 1;
      return refusal.answer;
    }
    if (!authorized(asked.authorization, cloud))
      return no(401, ["Client must be authenticated to access this resource."]);
    const { method, url, body } = asked;
    const upload = url.pathname.endsWith("/attachments");
    if (upload && !asked.uploads) return no(403, ["XSRF check failed"]);
    const faults =
      isV3(url) && !upload ? schema?.request(method, url.pathname, url.searchParams, body) : [];
    if (faults && faults.length > 0) return no(400, faults);
    try {
      return route(method, url, body);
    } catch (error) {
      if (error instanceof Refused) return no(error.status, error.messages, error.fields);
      throw error;
    }
  };
  const judge = ({ method, url }: Asked, { status, body }: Answer): void => {
    if (!schema || status >= 300 || !isV3(url)) return;
    const faults = schema.answer(method, url.pathname, status, body);
    if (faults.length > 0)
      throw new Error(`the fake answers against the document: ${faults.join("; ")}`);
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = await readRequest(request);
    if (slowMs > 0) await delay(slowMs);
    const answer = answerOf(asked);
    judge(asked, answer);
    const { method, url, body } = asked;
    const drop = drops > 0 && answer.status === 201 && url.pathname.endsWith("/issue");
    if (drop) drops -= 1;
    const status = drop ? "dropped" : answer.status;
    log.push({ method, path: url.pathname + url.search, body, status });
    if (drop) request.socket.destroy();
    else respond(response, answer);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      const { method = "", url = "" } = request;
      log.push({ method, path: url, body: String(error), status: 500 });
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
    refuse(path, left, status, retryAfter) {
      const answer = { status, ...(retryAfter === undefined ? {} : { retryAfter }) };
      const refusal = { path, answer, left };
      refusals.push(refusal);
      return () => void (refusal.left = 0);
    },
    act(person, key, transition) {
      const by = people.find(({ name }) => name === person);
      const id = transitions.find(({ name }) => name === transition)?.id;
      if (by === undefined) throw new Error(`nobody is called ${person}`);
      moveIssue(getIssue(world, key), { transition: { id } }, by);
    },
    slow: (ms) => void (slowMs = ms),
    dropAnswers: (count) => void (drops = count),
    lag: (ms) => void (world.lagMs = ms),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly body: unknown;
  readonly authorization: string | undefined;
  /** It says that it is no forged form. */
  readonly uploads: boolean;
}

/** v2 answers in v2's words: the document knows v3 only. */
function isV3(url: URL): boolean {
  return url.pathname.startsWith("/rest/api/3/");
}

function no(
  status: number,
  errorMessages: readonly string[],
  errors: Readonly<Record<string, string>> = {},
): Answer {
  return { status, body: { errorMessages, errors } };
}

async function readRequest(request: IncomingMessage): Promise<Asked> {
  const { method = "GET", headers } = request;
  const url = new URL(request.url ?? "/", "http://jira");
  const uploads = headers["x-atlassian-token"] === "no-check";
  const body = await bodyOf(request);
  return { method, url, body, authorization: headers.authorization, uploads };
}

function respond(response: ServerResponse, { status, retryAfter, body }: Answer): void {
  response.writeHead(status, {
    "content-type": "application/json;charset=UTF-8",
    ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
  });
  response.end(body === undefined ? "" : JSON.stringify(body));
}

function authorized(authorization: string | undefined, cloud: boolean): boolean {
  const basic = `Basic ${Buffer.from("raicho@example.com:fake-token").toString("base64")}`;
  return authorization === basic || (!cloud && authorization === "Bearer fake-token");
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  const bytes = Buffer.concat(chunks);
  const { "content-type": type = "" } = request.headers;
  if (type.startsWith("multipart/form-data")) {
    const form = await new Response(bytes, { headers: { "content-type": type } }).formData();
    const files = form.getAll("file").filter((part) => part instanceof File);
    const read = files.map(async (file) => ({
      filename: file.name,
      content: Buffer.from(await file.arrayBuffer()),
    }));
    return { files: await Promise.all(read) };
  }
  const text = bytes.toString();
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

if (import.meta.main) {
  const port = Number(argv[argv.indexOf("--port") + 1]);
  const fake = await startJiraFake({ port, deployment: argv.includes("--dc") ? "dc" : "cloud" });
  process.stdout.write(
    `jira fake ready ${fake.url} (user ${fake.user}, token ${fake.token}, project ${fake.project})\n`,
  );
}
