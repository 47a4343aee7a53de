/** What actions ask of JIRA, in the words of the API that is there: Cloud's v3 or the v2 of Server and Data Center. */
import { ActionFailed, type ActionContext, type JsonObject } from "raicho/pack";
import { toDocument } from "./document.ts";
import { JiraHttp, Refusal, type JiraRequest } from "./http.ts";
import { object, objects, textOf } from "./json.ts";
import { settingsOf, type Config, type Settings } from "./settings.ts";

type Means = Pick<ActionContext, "fetch" | "sleep" | "log" | "signal">;

/** What was asked once is known while this process lives. */
const knownDeployments = new Map<string, "cloud" | "dc">();

export async function openJira(config: Partial<Config>, means: Means): Promise<Jira> {
  const settings = settingsOf(config);
  const http = new JiraHttp(settings, means);
  return new Jira(http, settings, await deploymentOf(settings, http));
}

async function deploymentOf(settings: Settings, http: JiraHttp): Promise<"cloud" | "dc"> {
  const { url, deployment } = settings;
  if (deployment !== "auto") return deployment;
  if (new URL(url).hostname.endsWith(".atlassian.net")) return "cloud";
  const known = knownDeployments.get(url);
  if (known) return known;
  const info = object(await http.send({ method: "GET", path: "/rest/api/2/serverInfo" }));
  const found = info["deploymentType"] === "Cloud" ? "cloud" : "dc";
  knownDeployments.set(url, found);
  return found;
}

export interface Transition {
  readonly id: string;
  readonly name: string;
  readonly to: string;
  /** Of the status it leads to: `new`, `indeterminate` or `done`. */
  readonly category: string;
}

export class Jira {
  readonly cloud: boolean;
  readonly settings: Settings;
  readonly #http: JiraHttp;

  constructor(http: JiraHttp, settings: Settings, deployment: "cloud" | "dc") {
    this.#http = http;
    this.settings = settings;
    this.cloud = deployment === "cloud";
  }

  /** The project an action names, or the configured one. */
  project(asked: string | null | undefined): string {
    const project = textOf(asked) ?? this.settings.project;
    if (project !== undefined) return project;
    throw new ActionFailed(
      "jira: there is no project: give the parameter project, or set project in <configs>/jira.yaml",
    );
  }

  /** Text as a rich-text field takes it. On Server and Data Center JIRA shows it as wiki markup. */
  richText(text: string): unknown {
    return this.cloud ? toDocument(text) : text;
  }

  /** `properties` are kept with the issue and not shown. */
  async create(fields: JsonObject, properties: readonly JsonObject[] = []): Promise<string> {
    const more = properties.length === 0 ? {} : { properties };
    const created = object(await this.#post("/issue", { fields, ...more }));
    const key = textOf(created["key"]);
    if (key === undefined) throw new ActionFailed("jira created an issue without saying its key");
    return key;
  }

  /** The issue as JIRA has it; undefined when there is none of that key. */
  async find(key: string): Promise<JsonObject | undefined> {
    try {
      return await this.get(key);
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return undefined;
      throw error;
    }
  }

  async get(key: string): Promise<JsonObject> {
    return object(await this.#read(`/issue/${encodeURIComponent(key)}`));
  }

  /** The issue with who changed what of it when, oldest first. */
  async getWithHistory(
    key: string,
  ): Promise<{ readonly issue: JsonObject; readonly history: readonly JsonObject[] }> {
    const issue = object(
      await this.#read(`/issue/${encodeURIComponent(key)}`, { expand: "changelog" }),
    );
    const history = objects(object(issue["changelog"])["histories"]);
    return {
      issue,
      history: history.toSorted((a, b) => timeOf(a["created"]) - timeOf(b["created"])),
    };
  }

  /** Every status with its category: `new`, `indeterminate` or `done`. */
  async statusCategories(): Promise<ReadonlyMap<string, string>> {
    const statuses = objects(await this.#read("/status"));
    return new Map(
      statuses.map(({ name, statusCategory }) => [
        String(name),
        textOf(object(statusCategory)["key"]) ?? "",
      ]),
    );
  }

  async attach(key: string, file: File): Promise<JsonObject> {
    const form = new FormData();
    form.set("file", file);
    const path = `/issue/${encodeURIComponent(key)}/attachments`;
    return objects(await this.#send({ method: "POST", path, form }))[0] ?? {};
  }

  async link(type: string, [inward, outward]: readonly [string, string]): Promise<void> {
    await this.#post("/issueLink", {
      type: { name: type },
      inwardIssue: { key: inward },
      outwardIssue: { key: outward },
    });
  }

  async edit(key: string, body: JsonObject, notify = true): Promise<void> {
    const query = notify ? {} : { notifyUsers: "false" };
    await this.#send({ method: "PUT", path: `/issue/${encodeURIComponent(key)}`, query, body });
  }

  async editableFields(key: string): Promise<JsonObject> {
    return object(object(await this.#read(`/issue/${encodeURIComponent(key)}/editmeta`))["fields"]);
  }

  async assign(key: string, user: JsonObject): Promise<void> {
    const path = `/issue/${encodeURIComponent(key)}/assignee`;
    await this.#send({ method: "PUT", path, body: user });
  }

  async transitions(key: string): Promise<Transition[]> {
    const answer = object(await this.#read(`/issue/${encodeURIComponent(key)}/transitions`));
    return objects(answer["transitions"]).map(({ id, name, to }) => ({
      id: String(id),
      name: String(name),
      to: textOf(object(to)["name"]) ?? "",
      category: textOf(object(object(to)["statusCategory"])["key"]) ?? "",
    }));
  }

  async transition(key: string, id: string, fields: JsonObject | null): Promise<void> {
    const body = { transition: { id }, ...(fields ? { fields } : {}) };
    await this.#post(`/issue/${encodeURIComponent(key)}/transitions`, body);
  }

  async comment(key: string, text: string): Promise<JsonObject> {
    const body = { body: this.richText(text) };
    return object(await this.#post(`/issue/${encodeURIComponent(key)}/comment`, body));
  }

  /** The newest comments, newest first. */
  async comments(key: string, count: number): Promise<readonly JsonObject[]> {
    const query = { orderBy: "-created", maxResults: String(count) };
    const answer = await this.#read(`/issue/${encodeURIComponent(key)}/comment`, query);
    return objects(object(answer)["comments"]);
  }

  /** Issues of a bounded query, in its order. */
  async search(jql: string, from: number, count: number): Promise<JsonObject[]> {
    if (jql.replace(/\border\s+by\b.*$/is, "").trim() === "")
      throw new ActionFailed("jira: the query must restrict the search, e.g. project = OPS");
    return this.cloud
      ? await this.#searchCloud(jql, from, count)
      : await this.#searchDc(jql, from, count);
  }

  async #searchCloud(jql: string, from: number, count: number): Promise<JsonObject[]> {
    const issues: JsonObject[] = [];
    let nextPageToken: string | undefined;
    do {
      const maxResults = Math.min(100, from + count - issues.length);
      const body = {
        jql,
        fields: ["*all"],
        maxResults,
        ...(nextPageToken ? { nextPageToken } : {}),
      };
      const page = object(await this.#post("/search/jql", body, true));
      issues.push(...objects(page["issues"]));
      nextPageToken = textOf(page["nextPageToken"]);
    } while (nextPageToken !== undefined && issues.length < from + count);
    return issues.slice(from, from + count);
  }

  async #searchDc(jql: string, from: number, count: number): Promise<JsonObject[]> {
    const issues: JsonObject[] = [];
    for (;;) {
      const startAt = from + issues.length;
      const body = {
        jql,
        fields: ["*all"],
        startAt,
        maxResults: Math.min(100, count - issues.length),
      };
      const page = objects(object(await this.#post("/search", body, true))["issues"]);
      issues.push(...page);
      if (page.length === 0 || issues.length >= count) return issues;
    }
  }

  /** Users who can be assigned issues of that project and match `text`. */
  async assignable(project: string, text: string): Promise<readonly JsonObject[]> {
    const find = async (query: Readonly<Record<string, string>>): Promise<readonly JsonObject[]> =>
      objects(await this.#read("/user/assignable/search", { project, ...query }));
    if (!this.cloud) return await find({ username: text });
    const looksLikeId = /^[\w:-]{20,}$/.test(text);
    const byId = looksLikeId ? await find({ accountId: text }) : [];
    return byId.length > 0 ? byId : await find({ query: text });
  }

  async issueTypes(project: string): Promise<readonly JsonObject[]> {
    const path = `/issue/createmeta/${encodeURIComponent(project)}/issuetypes`;
    const answer = object(await this.#read(path, { maxResults: "200" }));
    return objects(answer["issueTypes"] ?? answer["values"]);
  }

  async createFields(project: string, typeId: string): Promise<readonly JsonObject[]> {
    const path = `/issue/createmeta/${encodeURIComponent(project)}/issuetypes/${typeId}`;
    const answer = object(await this.#read(path, { maxResults: "200" }));
    return objects(answer["fields"] ?? answer["values"]);
  }

  async #read(path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    return await this.#send({ method: "GET", path, query });
  }

  async #post(path: string, body: JsonObject, reads = false): Promise<unknown> {
    return await this.#send({ method: "POST", path, body, reads });
  }

  async #send(request: JiraRequest): Promise<unknown> {
    const path = `/rest/api/${this.cloud ? 3 : 2}${request.path}`;
    return await this.#http.send({ ...request, path });
  }
}

function timeOf(value: unknown): number {
  return typeof value === "string" ? Date.parse(value) : 0;
}
