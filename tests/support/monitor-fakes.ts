/** The APIs of Mackerel (v0) and Datadog (v1, v2) as documented, and as strict: what they do not know, they refuse. */
import { randomUUID } from "node:crypto";
import { ajv, startFake, strict, words, type HttpFake, type Said } from "./http-fake.ts";

type Params = Readonly<Record<string, unknown>>;

export interface MackerelFake extends HttpFake {
  readonly key: string;
  readonly alert: { readonly id: string; memo: string };
}

/** With one open alert. */
export async function startMackerelFake(): Promise<MackerelFake> {
  const key = "mackerel key";
  const alert = { id: "2wpLU5fBXbG", memo: "" };
  const memo = strict({ memo: { type: "string", maxLength: 80_000 } }, ["memo"]);
  const fake = await startFake(({ method, path, headers, body }) => {
    if (headers["x-api-key"] !== key)
      return { status: 403, body: { error: "Authentication failed." } };
    if (path !== `/api/v0/alerts/${alert.id}`)
      return { status: 404, body: { error: "Alert not found" } };
    if (method === "GET")
      return {
        status: 200,
        body: { status: "CRITICAL", monitorId: "2cYjfibBkaj", type: "host", ...alert },
      };
    if (method !== "PUT") return { status: 405 };
    if (headers["content-type"] !== "application/json" || !memo(body))
      return { status: 400, body: { error: ajv.errorsText(memo.errors) } };
    alert.memo = (body as { memo: string }).memo;
    return { status: 200, body: { memo: alert.memo } };
  });
  return Object.assign(fake, { key, alert });
}

interface Downtime {
  readonly id: string;
  readonly type: "downtime";
  readonly attributes: Readonly<Record<string, unknown>> & { status: string };
}

export interface DatadogFake extends HttpFake {
  readonly keys: { readonly token: string; readonly application_key: string };
  readonly monitor: { readonly id: number; readonly groups: Record<string, string> };
  /** Those that were not cancelled. */
  downtimes(): readonly Downtime["attributes"][];
}

const stamp = { type: ["string", "null"], pattern: String.raw`^\d{4}-\d\d-\d\dT[\d:.]+Z$` };
const createDowntime = strict(
  {
    data: {
      type: "object",
      properties: {
        type: { const: "downtime" },
        attributes: {
          type: "object",
          properties: {
            message: { type: "string" },
            scope: { type: "string", pattern: String.raw`^(\*|\w+:[^ ,@]+( (AND|OR) [^ ,@]+)*)$` },
            monitor_identifier: {
              type: "object",
              properties: { monitor_id: { type: "integer" }, monitor_tags: words },
              minProperties: 1,
              maxProperties: 1,
              additionalProperties: false,
            },
            schedule: {
              type: "object",
              properties: { start: stamp, end: stamp },
              additionalProperties: false,
            },
          },
          required: ["monitor_identifier", "scope"],
          additionalProperties: false,
        },
      },
      required: ["attributes", "type"],
      additionalProperties: false,
    },
  },
  ["data"],
);

/** With one monitor of two groups. */
export async function startDatadogFake(): Promise<DatadogFake> {
  const keys = { token: "d".repeat(32), application_key: "a".repeat(40) };
  const groups: Record<string, string> = { "host:web01": "Alert", "host:web02": "OK" };
  const monitor = { id: 4_711, groups };
  const all: Downtime[] = [];
  const current = (): readonly Downtime[] =>
    all.filter(({ attributes }) => attributes.status !== "canceled");
  const list = (query: URLSearchParams): Said => {
    const [offset, limit] = ["page[offset]", "page[limit]"].map((name) => Number(query.get(name)));
    const found = query.get("current_only") === "true" ? current() : all;
    const page = { total_filtered_count: found.length };
    const data = found.slice(offset, (offset ?? 0) + (limit ?? 30));
    return { status: 200, body: { data, meta: { page } } };
  };
  const create = (body: unknown): Said => {
    if (!createDowntime(body))
      return { status: 400, body: { errors: [ajv.errorsText(createDowntime.errors)] } };
    const { attributes } = (body as { data: { attributes: Params } }).data;
    const made = { id: randomUUID(), type: "downtime" as const };
    all.push({ ...made, attributes: { ...attributes, status: "active" } });
    return { status: 200, body: { data: all.at(-1) } };
  };
  const fake = await startFake(({ method, path, query, headers, body }) => {
    if (
      headers["dd-api-key"] !== keys.token ||
      headers["dd-application-key"] !== keys.application_key
    )
      return { status: 403, body: { errors: ["Forbidden"] } };
    if (path === `/api/v1/monitor/${monitor.id}` && method === "GET") {
      const states = Object.entries(groups).map(([name, status]) => [name, { name, status }]);
      const overall = Object.values(groups).includes("Alert") ? "Alert" : "OK";
      const state =
        query.get("group_states") === "all" ? { groups: Object.fromEntries(states) } : {};
      return { status: 200, body: { id: monitor.id, overall_state: overall, state } };
    }
    if (path === "/api/v2/downtime") return method === "POST" ? create(body) : list(query);
    const found = all.find((one) => path === `/api/v2/downtime/${one.id}`);
    if (found === undefined || method !== "DELETE")
      return { status: 404, body: { errors: ["Downtime not found"] } };
    found.attributes.status = "canceled";
    return { status: 204 };
  });
  return Object.assign(fake, {
    keys,
    monitor,
    downtimes: () => current().map(({ attributes }) => attributes),
  });
}
