/** The fake JIRA's answers: Cloud's v3, and v2 as Server and Data Center speak it. */
import {
  addComment,
  createIssue,
  createScreen,
  editIssue,
  editScreen,
  getIssue,
  linkIssues,
  moveIssue,
  offered,
  Refused,
} from "./jira-changes.ts";
import { jqlFilter } from "./jira-jql.ts";
import { jiraJson, keyOf, type Json, type World } from "./jira-json.ts";
import {
  issueTypes,
  people,
  statuses,
  type Issue,
  type Person,
  type Rules,
  type Status,
} from "./jira-world.ts";

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly retryAfter?: string;
}

interface Call {
  /** What stands for the variables of the path. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Json;
}
type Route = readonly [method: string, pattern: RegExp, answer: (call: Call) => Answer];

const ok = (body: unknown): Answer => ({ status: 200, body });
const done: Answer = { status: 204 };
/** Pages are kept short so that everybody has to turn them. */
const pageSize = 3;

export function jiraRoutes(
  world: World,
  rules: Rules,
): (method: string, url: URL, body: unknown) => Answer {
  const { cloud } = rules;
  const version = cloud ? "3" : "2";
  const routes = [
    ...issueRoutes(world, rules),
    ...otherRoutes(world, rules),
    searchRoute(world, rules),
  ];
  return (method, url, body) => {
    const [, asked, path = ""] = /^\/rest\/api\/(\d)(\/.*)$/.exec(url.pathname) ?? [];
    if (cloud && path === "/search")
      throw new Refused(410, [
        "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.",
      ]);
    const found = routes.find(([verb, pattern]) => verb === method && pattern.test(path));
    if (!found || (asked !== version && path !== "/serverInfo"))
      throw new Refused(404, [`No route ${method} ${url.pathname}`]);
    const [, pattern, answer] = found;
    const parts = (pattern.exec(path) ?? []).slice(1).map((part) => decodeURIComponent(part));
    return answer({ parts, query: url.searchParams, body: (body ?? {}) as Json });
  };
}

function issueRoutes(world: World, rules: Rules): Route[] {
  const json = jiraJson(world, rules);
  const get = (key: string | undefined): Issue => getIssue(world, key);
  return [
    [
      "POST",
      /^\/issue$/,
      ({ body }) => {
        const { id, key } = createIssue(world, rules, body);
        return { status: 201, body: { id, key, self: `${world.base}/rest/api/3/issue/${id}` } };
      },
    ],
    [
      "GET",
      /^\/issue\/([^/]+)$/,
      ({ parts: [key], query }) =>
        ok({
          ...json.issue(get(key)),
          ...(query.get("expand") === "changelog" ? { changelog: json.changelog(get(key)) } : {}),
        }),
    ],
    [
      "POST",
      /^\/issue\/([^/]+)\/attachments$/,
      ({ parts: [key], body }) => {
        const issue = get(key);
        const files = (body["files"] ?? []) as { filename: string; content: Buffer }[];
        const created = new Date().toISOString();
        const made = files.map((file, index) => ({
          ...file,
          id: `${issue.id}${issue.attachments.length + index}`,
          created,
        }));
        issue.attachments.push(...made);
        return ok(made.map(json.attachment));
      },
    ],
    [
      "POST",
      /^\/issueLink$/,
      ({ body }) => {
        linkIssues(String((body["type"] as Json)["name"]), [
          get(keyOf(body["inwardIssue"])),
          get(keyOf(body["outwardIssue"])),
        ]);
        return { status: 201 };
      },
    ],
    [
      "PUT",
      /^\/issue\/([^/]+)$/,
      ({ parts: [key], body }) => {
        editIssue(get(key), rules, body);
        return done;
      },
    ],
    [
      "GET",
      /^\/issue\/([^/]+)\/editmeta$/,
      ({ parts: [key] }) => {
        get(key);
        return ok({
          fields: Object.fromEntries(editScreen.map((field) => [field.id, json.editField(field)])),
        });
      },
    ],
    [
      "PUT",
      /^\/issue\/([^/]+)\/assignee$/,
      ({ parts: [key], body }) => {
        editIssue(get(key), rules, { fields: { assignee: body } });
        return done;
      },
    ],
    [
      "GET",
      /^\/issue\/([^/]+)\/transitions$/,
      ({ parts: [key] }) =>
        ok({
          transitions: offered(get(key)).map(({ id, name, to }) => ({
            id,
            name,
            to: json.status(to),
          })),
        }),
    ],
    [
      "POST",
      /^\/issue\/([^/]+)\/transitions$/,
      ({ parts: [key], body }) => {
        moveIssue(get(key), body, people[0] as Person);
        return done;
      },
    ],
    [
      "GET",
      /^\/issue\/([^/]+)\/comment$/,
      ({ parts: [key], query }) => {
        const { comments } = get(key);
        const ordered = query.get("orderBy") === "-created" ? comments.toReversed() : comments;
        const maxResults = Number(query.get("maxResults") ?? 50);
        const page = ordered.slice(0, maxResults).map(json.comment);
        return ok({ startAt: 0, maxResults, total: comments.length, comments: page });
      },
    ],
    [
      "POST",
      /^\/issue\/([^/]+)\/comment$/,
      ({ parts: [key], body }) => ({
        status: 201,
        body: json.comment(addComment(get(key), rules, body)),
      }),
    ],
  ];
}

function otherRoutes(world: World, rules: Rules): Route[] {
  const { cloud } = rules;
  const json = jiraJson(world, rules);
  return [
    [
      "GET",
      /^\/serverInfo$/,
      () =>
        ok({
          baseUrl: world.base,
          deploymentType: cloud ? "Cloud" : "Server",
          version: cloud ? "1001.0.0" : "9.12.0",
        }),
    ],
    [
      "GET",
      /^\/status$/,
      () => ok(Object.keys(statuses).map((name) => json.status(name as Status))),
    ],
    ["GET", /^\/myself$/, () => ok(json.person(people[0]))],
    [
      "GET",
      /^\/issue\/createmeta\/(OPS)\/issuetypes$/,
      () => ok(json.listed("issueTypes", issueTypes)),
    ],
    [
      "GET",
      /^\/issue\/createmeta\/(OPS)\/issuetypes\/(\w+)$/,
      ({ parts: [, type] }) => ok(json.listed("fields", createScreen(type).map(json.createField))),
    ],
    [
      "GET",
      /^\/user\/assignable\/search$/,
      ({ query }) => {
        const text = (
          query.get(cloud ? "query" : "username") ??
          query.get("accountId") ??
          ""
        ).toLowerCase();
        if (text === "")
          throw new Refused(400, ["Either the 'query' or the 'username' parameter must be given."]);
        const hits = people.filter(
          ({ assignable, accountId, name, emailAddress, displayName }) =>
            assignable &&
            [accountId, name, emailAddress, displayName].some((one) =>
              one.toLowerCase().startsWith(text),
            ),
        );
        return ok(hits.map(json.person));
      },
    ],
  ];
}

function searchRoute(world: World, rules: Rules): Route {
  const json = jiraJson(world, rules);
  const hitsOf = (body: Json): Issue[] => {
    try {
      const matches = jqlFilter(typeof body["jql"] === "string" ? body["jql"] : "");
      return [...world.issues.values()].filter(
        (issue) => performance.now() - issue.born >= world.lagMs && matches(issue),
      );
    } catch (error) {
      throw new Refused(400, [error instanceof Error ? error.message : String(error)]);
    }
  };
  const pageOf = (body: Json, from: number): { hits: Issue[]; to: number } => ({
    hits: hitsOf(body),
    to: from + Math.min(pageSize, Number(body["maxResults"] ?? 50)),
  });
  if (!rules.cloud)
    return [
      "POST",
      /^\/search$/,
      ({ body }) => {
        const startAt = Number(body["startAt"] ?? 0);
        const { hits, to } = pageOf(body, startAt);
        return ok({
          startAt,
          maxResults: pageSize,
          total: hits.length,
          issues: hits.slice(startAt, to).map(json.issue),
        });
      },
    ];
  return [
    "POST",
    /^\/search\/jql$/,
    ({ body }) => {
      const from = Number(body["nextPageToken"] ?? 0);
      const { hits, to } = pageOf(body, from);
      // Without `fields` Cloud answers ids only.
      const whole = ((body["fields"] ?? []) as string[]).includes("*all");
      const issues = hits
        .slice(from, to)
        .map((issue) => (whole ? json.issue(issue) : { id: issue.id }));
      return ok(
        to < hits.length
          ? { isLast: false, nextPageToken: String(to), issues }
          : { isLast: true, issues },
      );
    },
  ];
}
