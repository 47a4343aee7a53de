/** The JSON-RPC API of Zabbix (6.0 and 7.2) as documented, and as strict: what it does not know, it refuses. */
import type { ValidateFunction } from "ajv";
import {
  ajv,
  startFake,
  strict,
  words,
  type Asked,
  type HttpFake,
  type Said,
} from "./http-fake.ts";

const numeral = { type: "string", pattern: "^[0-9]+$" };
const ids = { type: "array", items: numeral, minItems: 1 };
const byHost = { type: "object", properties: { hostid: numeral }, additionalProperties: false };
const once5 = {
  type: "object",
  properties: {
    timeperiod_type: { const: 0 },
    start_date: { type: "integer", multipleOf: 60 },
    period: { type: "integer", minimum: 300, maximum: 86_399_940 },
  },
  required: ["start_date", "period"],
  additionalProperties: false,
};
const maintenance = {
  name: { type: "string", minLength: 1, maxLength: 128 },
  description: { type: "string" },
  active_since: { type: "integer" },
  active_till: { type: "integer" },
  hosts: { type: "array", items: byHost, minItems: 1 },
  timeperiods: { type: "array", items: once5, minItems: 1 },
};
const filtered = (fields: object): ValidateFunction =>
  strict(
    {
      output: words,
      filter: { type: "object", properties: fields, additionalProperties: false },
      searchByAny: { type: "boolean" },
    },
    [],
  );

const zabbixMethods: Readonly<Record<string, ValidateFunction>> = {
  "event.get": strict({ eventids: ids, output: words }, []),
  "event.acknowledge": strict(
    { eventids: ids, action: { type: "integer", minimum: 1 }, message: { type: "string" } },
    ["eventids", "action"],
  ),
  "host.get": filtered({ host: words, name: words }),
  "hostinterface.get": filtered({ ip: words, dns: words }),
  "maintenance.get": strict({ output: words, search: { type: "object" } }, []),
  "maintenance.create": strict(maintenance, [
    "name",
    "active_since",
    "active_till",
    "hosts",
    "timeperiods",
  ]),
  "maintenance.update": strict({ maintenanceid: numeral, ...maintenance }, ["maintenanceid"]),
  "maintenance.delete": ajv.compile(ids),
};

interface ZabbixEvent {
  readonly eventid: string;
  acknowledged: "0" | "1";
  readonly messages: string[];
}

export interface ZabbixFake extends HttpFake {
  readonly token: string;
  readonly event: ZabbixEvent;
  readonly maintenances: Record<string, unknown>[];
}

type Params = Readonly<Record<string, unknown>>;

const hosts: readonly Params[] = [
  { hostid: "10", host: "web01", name: "受付", ip: "10.0.0.1", dns: "" },
  { hostid: "11", host: "db01", name: "db01", ip: "10.0.0.2", dns: "db01.example.jp" },
];

function anyOf({ filter }: Params): readonly Params[] {
  const wanted = Object.entries(filter as Readonly<Record<string, readonly string[]>>);
  return hosts.filter((host) =>
    wanted.some(([name, values]) => values.includes(String(host[name]))),
  );
}

function acknowledge(event: ZabbixEvent, { eventids, action: bits, message }: Params): unknown {
  const action = Number(bits);
  if (!(eventids as readonly string[]).includes(event.eventid))
    throw new Error("No permissions to referred object or it does not exist!");
  if ((action & 4) !== 0 && message === undefined)
    throw new Error('Invalid parameter "/": the parameter "message" is missing.');
  if ((action & 2) !== 0) event.acknowledged = "1";
  if ((action & 16) !== 0) event.acknowledged = "0";
  if ((action & 4) !== 0) event.messages.push(String(message));
  return { eventids: [Number(event.eventid)] };
}

type Act = (params: Params) => unknown;

function actsOn(
  event: ZabbixEvent,
  maintenances: Record<string, unknown>[],
): Readonly<Record<string, Act>> {
  return {
    "event.get": ({ eventids }) =>
      (eventids as readonly string[]).includes(event.eventid) ? [event] : [],
    "event.acknowledge": (params) => acknowledge(event, params),
    "host.get": anyOf,
    "hostinterface.get": anyOf,
    "maintenance.get": ({ search }) =>
      maintenances.filter(({ name }) => String(name).includes(String((search as Params)["name"]))),
    "maintenance.create": (params) => {
      if (maintenances.some(({ name }) => name === params["name"]))
        throw new Error(`Maintenance "${String(params["name"])}" already exists.`);
      const maintenanceid = String(100 + maintenances.length);
      maintenances.push({ maintenanceid, ...params });
      return { maintenanceids: [maintenanceid] };
    },
    "maintenance.update": ({ maintenanceid: id, ...params }) => {
      const found = maintenances.find(({ maintenanceid }) => maintenanceid === id);
      if (found === undefined) throw new Error("No permissions to referred object.");
      Object.assign(found, params);
      return { maintenanceids: [id] };
    },
    "maintenance.delete": (params) => {
      const gone = Object.values(params);
      const left = maintenances.filter((one) => !gone.includes(one["maintenanceid"]));
      maintenances.splice(0, maintenances.length, ...left);
      return { maintenanceids: gone };
    },
  };
}

function fail(data: string): Said {
  const error = { code: -32_602, message: "Invalid params.", data };
  return { status: 200, body: { jsonrpc: "2.0", error, id: 1 } };
}

/** Why it is not even looked at: 7.2 takes the token in the header only, 6.0 in the body only. */
function unsound({ headers, body }: Asked, token: string, version: string): string | undefined {
  const { jsonrpc, method, params: _params, id: _id, auth, ...more } = body as Params;
  const [strange] = [
    ...Object.keys(more),
    ...(auth !== undefined && version > "7" ? ["auth"] : []),
  ];
  if (strange !== undefined) return `Invalid parameter "/": unexpected parameter "${strange}".`;
  if (jsonrpc !== "2.0") return "Invalid request.";
  const given = version > "7" ? headers.authorization?.replace("Bearer ", "") : auth;
  if (method !== "apiinfo.version") return given === token ? undefined : "Not authorized.";
  return given === undefined ? undefined : "It must be called without authorization.";
}

/** With one event, and the hosts web01 (visible name 受付, 10.0.0.1) and db01. */
export async function startZabbixFake(version: "6.0.30" | "7.2.4"): Promise<ZabbixFake> {
  const token = "z".repeat(64);
  const event: ZabbixEvent = { eventid: "12345", acknowledged: "0", messages: [] };
  const maintenances: Record<string, unknown>[] = [];
  const acts = actsOn(event, maintenances);
  const done = (method: string, params: unknown): unknown => {
    if (method === "apiinfo.version") return version;
    const [known, act] = [zabbixMethods[method], acts[method]];
    if (known === undefined || act === undefined) throw new Error(`Incorrect method "${method}".`);
    if (!known(params)) throw new Error(`Invalid parameter ${ajv.errorsText(known.errors)}`);
    return act(params as Params);
  };
  const fake = await startFake((asked) => {
    const { method: verb, path, headers, body } = asked;
    if (path !== "/api_jsonrpc.php" || verb !== "POST") return { status: 404 };
    if (headers["content-type"] !== "application/json-rpc") return { status: 412 };
    const fault = unsound(asked, token, version);
    if (fault !== undefined) return fail(fault);
    const { method, params, id: number } = body as Params;
    try {
      const result = done(String(method), params);
      return { status: 200, body: { jsonrpc: "2.0", result, id: number } };
    } catch (error) {
      return fail(error instanceof Error ? error.message : "");
    }
  });
  return Object.assign(fake, { token, event, maintenances });
}
