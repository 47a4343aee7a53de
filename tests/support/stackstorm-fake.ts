/** A StackStorm that can only be read, as strict as its API: paths and parameters of its OpenAPI document, its paging, masking and headers. What it
 * answers has the shapes of the recorded answers. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

type Row = Readonly<Record<string, unknown>>;

export interface StackStormContent {
  readonly packs: readonly Row[];
  readonly configs: readonly {
    readonly pack: string;
    readonly values: Row;
    readonly secrets: readonly string[];
  }[];
  readonly rules: readonly Row[];
  readonly policies: readonly Row[];
  readonly keys: readonly { readonly row: Row; readonly secret?: string }[];
  readonly apiKeys: readonly {
    readonly user: string;
    readonly key: string;
    readonly enabled: boolean;
    readonly metadata: Row;
  }[];
  readonly roles: readonly Row[];
  readonly assignments: readonly Row[];
  readonly executions: readonly Row[];
}

interface StackStormFake {
  readonly url: string;
  /** What a real one would have refused. */
  readonly refused: readonly string[];
  close(): void;
}

export const fakeKey = "NWUzMWQ4ZmM0";
const paging = ["limit", "offset"];
/** The parameters that each operation takes. */
const operations: Readonly<Record<string, readonly string[]>> = {
  "/packs": [...paging, "sort", "id", "name", "ref", "include_attributes", "exclude_attributes"],
  "/configs": [...paging, "sort", "id", "name", "show_secrets"],
  "/rules": [
    ...paging,
    "id",
    "name",
    "include_attributes",
    "exclude_attributes",
    "pack",
    "action",
    "trigger",
    "enabled",
    "show_secrets",
  ],
  "/policies": [...paging, "name", "include_attributes", "exclude_attributes", "pack"],
  "/keys": [...paging, "sort", "id", "name", "prefix", "scope", "decrypt", "user"],
  "/apikeys": [...paging, "show_secrets"],
  "/rbac/roles": ["system"],
  "/rbac/role_assignments": ["user", "role", "source", "remote"],
  "/executions": [
    ...paging,
    "sort",
    "id",
    "sort_asc",
    "sort_desc",
    "include_attributes",
    "exclude_attributes",
    "status",
    "parent",
    "action",
    "runner",
    "rule",
    "user",
    "timestamp_gt",
    "timestamp_lt",
    "show_secrets",
  ],
};
/** Lists that tell no total. */
const uncounted = new Set(["/keys", "/rbac/roles", "/rbac/role_assignments"]);
const mask = "********";

function rowsAt(content: StackStormContent, path: string, query: URLSearchParams): readonly Row[] {
  const open = query.get("show_secrets") === "true";
  switch (path) {
    case "/configs":
      return content.configs.map(({ pack, values, secrets }) => ({
        pack,
        values: Object.fromEntries(
          Object.entries(values).map(([name, value]) => [
            name,
            open || !secrets.includes(name) ? value : mask,
          ]),
        ),
      }));
    case "/keys":
      return content.keys.map(({ row, secret }) => ({
        ...row,
        ...(secret === undefined
          ? { secret: false, encrypted: false }
          : query.get("decrypt") === "true"
            ? { secret: true, encrypted: false, value: secret }
            : { secret: true, encrypted: true, value: "30303030302EC4DB" }),
      }));
    case "/apikeys":
      return content.apiKeys.map(({ key, ...row }, index) => {
        const hash = createHash("sha512").update(`saltnpepper${key}`).digest("hex");
        return {
          ...row,
          id: `6b00f500cb9f08be3a33e9${String(index).padStart(2, "0")}`,
          created_at: "2026-11-21T01:33:52.000000Z",
          key_hash: open ? hash : mask,
          uid: `api_key:${open ? hash : mask}`,
        };
      });
    case "/packs":
      return content.packs;
    case "/rules":
      return content.rules;
    case "/policies":
      return content.policies;
    case "/rbac/roles":
      return content.roles;
    case "/rbac/role_assignments":
      return content.assignments;
    default:
      return content.executions;
  }
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

function refusal(status: number, faultstring: string): Reply {
  return { status, body: { faultstring } };
}

/** Why it is not answered. */
function refused({ method = "", headers }: IncomingMessage, place: URL): Reply | undefined {
  const { pathname, searchParams: query } = place;
  if (headers["st2-api-key"] !== fakeKey)
    return refusal(401, "Unauthorized - One of Token or API key required.");
  const known = pathname.startsWith("/api/v1/") ? operations[pathname.slice(7)] : undefined;
  if (known === undefined) return refusal(404, `no ${pathname}`);
  if (method !== "GET") return refusal(405, `${method} ${pathname}`);
  const odd = [...query.keys()].find((name) => !known.includes(name));
  if (odd !== undefined) return refusal(400, `Unsupported query parameters: ${odd}`);
  const limit = Number(query.get("limit"));
  if (limit <= 100) return undefined;
  return refusal(403, `Limit "${limit}" specified, maximum value is "100"`);
}

function reply(content: StackStormContent, request: IncomingMessage): Reply {
  const place = new URL(request.url ?? "", "http://localhost");
  const no = refused(request, place);
  if (no !== undefined) return no;
  const { searchParams: query } = place;
  const path = place.pathname.slice(7);
  const limit = Number(query.get("limit") ?? 100);
  const all = rowsAt(content, path, query);
  const offset = Number(query.get("offset") ?? 0);
  const pages = operations[path]?.includes("limit") === true;
  return {
    status: 200,
    body: pages ? all.slice(offset, limit === -1 ? undefined : offset + limit) : all,
    ...(uncounted.has(path)
      ? {}
      : { headers: { "X-Total-Count": String(all.length), "X-Limit": String(limit) } }),
  };
}

export function stackStormFake(content: StackStormContent): StackStormFake {
  const refusals: string[] = [];
  const server = createServer((request, response) => {
    const { status, body, headers = {} } = reply(content, request);
    if (status !== 200) refusals.push(`${request.method ?? ""} ${request.url ?? ""}: ${status}`);
    response.writeHead(status, { ...headers, "Content-Type": "application/json" });
    response.end(JSON.stringify(body));
  }).listen(0);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused: refusals,
    close: () => server.close().closeAllConnections(),
  };
}
