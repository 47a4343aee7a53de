/** Zabbix (6.0 and later) through its JSON-RPC API: event.acknowledge, maintenance.create. It wants a token of an administrator who may see the hosts. */
import { ask, list, member, textAt } from "./http.ts";
import {
  away,
  marked,
  needed,
  refused,
  shown,
  type Monitor,
  type Note,
  type Problem,
  type Settings,
  type Work,
} from "./monitor.ts";

type Call = (method: string, params: object) => Promise<unknown>;

interface Asked {
  readonly method: string;
  readonly params: object;
  readonly auth?: string;
}

/** Bits of `action` of event.acknowledge. */
const [acknowledge, message, unacknowledge] = [2, 4, 16];
/** Longest name of a maintenance. */
const longestName = 128;
const shortestSeconds = 300;

function caller(settings: Settings, signal: AbortSignal): Call {
  const post = async (
    { method, params, ...more }: Asked,
    headers: Readonly<Record<string, string>>,
  ): Promise<unknown> => {
    const path = "/api_jsonrpc.php";
    const body = { jsonrpc: "2.0", method, params, ...more, id: 1 };
    const answer = await ask(settings, { method: "POST", path, body, headers }, signal);
    const error = member(answer.body, "error");
    if (error !== undefined)
      throw refused(settings, method, textAt(error, "data") || textAt(error, "message"));
    const result = member(answer.body, "result");
    if (result !== undefined) return result;
    throw away(settings, `answers ${path} with ${answer.status}, and not as its API does`);
  };
  const json = { "content-type": "application/json-rpc" };
  let version: Promise<unknown> | undefined;
  return async (method, params) => {
    const token = needed(settings, "token");
    version ??= post({ method: "apiinfo.version", params: [] }, json);
    // Since 6.4 the token stands in a header; 7.2 knows nothing else.
    return takesHeader(await version)
      ? post({ method, params }, { ...json, authorization: `Bearer ${token}` })
      : post({ method, params, auth: token }, json);
  };
}

function takesHeader(version: unknown): boolean {
  const [major = 0, minor = 0] = String(version).split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 4);
}

export function zabbix(settings: Settings, signal: AbortSignal): Monitor {
  const call = caller(settings, signal);
  /** Of the event that the alert is about: whether it is acknowledged; undefined: there is none. */
  const acknowledged = async (problem: Problem): Promise<boolean | undefined> => {
    const id = eventOf(problem);
    if (id === undefined) return undefined;
    const output = ["eventid", "acknowledged"];
    const [event] = list(await call("event.get", { eventids: [id], output }));
    return event === undefined ? undefined : textAt(event, "acknowledged") === "1";
  };
  const tell = async (problem: Problem, action: number, more: object): Promise<void> => {
    await call("event.acknowledge", { eventids: [eventOf(problem)], action, ...more });
  };
  return {
    acknowledge: async (problem, note) => {
      const was = await acknowledged(problem);
      if (was === undefined) return { done: [], missing: [shown(problem)] };
      const words = { ...note, comment: [note.by, note.comment].filter(Boolean).join(": ") };
      if (!was) await tell(problem, acknowledge + message, { message: marked(words) });
      return { done: [shown(problem)], missing: [] };
    },
    takeBack: async (problem, _key) => {
      const was = await acknowledged(problem);
      if (was === undefined) return { done: [], missing: [shown(problem)] };
      if (was) await tell(problem, unacknowledge, {});
      return { done: [shown(problem)], missing: [] };
    },
    schedule: (work, note) => schedule(call, work, note),
    cancel: async (key) => {
      const ids = await maintenances(call, key);
      if (ids.length > 0) await call("maintenance.delete", ids);
      return { done: ids, missing: [] };
    },
  };
}

function eventOf({ ref, labels }: Problem): string | undefined {
  return [labels["problem_id"] ?? "", ref].find((id) => /^\d{1,20}$/.test(id));
}

/** Ids of the maintenances with that key. */
async function maintenances(call: Call, key: string): Promise<readonly string[]> {
  const mark = marked({ comment: "", key });
  const asked = { output: ["maintenanceid", "name"], search: { name: mark } };
  return list(await call("maintenance.get", asked))
    .filter((one) => textAt(one, "name").endsWith(mark))
    .map((one) => textAt(one, "maintenanceid"));
}

async function schedule(
  call: Call,
  { hosts, start, end }: Work,
  note: Note,
): ReturnType<Monitor["schedule"]> {
  const known = await hostsOf(call, hosts);
  const missing = hosts.filter((host) => !known.has(host));
  const [first, ...others] = await maintenances(call, note.key);
  const ids = [...new Set([...known.values()].flat())];
  const left = ids.length === 0 ? [first, ...others].filter((id) => id !== undefined) : others;
  if (left.length > 0) await call("maintenance.delete", left);
  if (ids.length === 0) return { done: [], missing };
  const [from, to] = [minutes(start, "floor"), minutes(end, "ceil")];
  const mark = marked({ comment: "", key: note.key });
  const room = Math.max(0, longestName - mark.length - 1);
  const what = {
    name: `${Array.from(note.comment).slice(0, room).join("").trim()} ${mark}`.trim(),
    description: [note.by, note.comment].filter(Boolean).join(": "),
    active_since: from,
    active_till: Math.max(to, from + shortestSeconds),
    hosts: ids.map((hostid) => ({ hostid })),
    timeperiods: [
      { timeperiod_type: 0, start_date: from, period: Math.max(to - from, shortestSeconds) },
    ],
  };
  if (first === undefined) await call("maintenance.create", what);
  else await call("maintenance.update", { maintenanceid: first, ...what });
  return { done: [...known.keys()], missing };
}

/** Zabbix counts maintenances in minutes. */
function minutes(at: Date, way: "floor" | "ceil"): number {
  return Math[way](at.getTime() / 60_000) * 60;
}

/** The ids behind each of these that it knows: by technical or visible name, or address of an interface. */
async function hostsOf(
  call: Call,
  wanted: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (wanted.length === 0) return new Map();
  const named = await call("host.get", {
    output: ["hostid", "host", "name"],
    filter: { host: wanted, name: wanted },
    searchByAny: true,
  });
  const addressed = await call("hostinterface.get", {
    output: ["hostid", "ip", "dns"],
    filter: { ip: wanted, dns: wanted },
    searchByAny: true,
  });
  const found = new Map<string, string[]>();
  for (const one of [...list(named), ...list(addressed)])
    for (const name of ["host", "name", "ip", "dns"].map((field) => textAt(one, field)))
      if (wanted.includes(name))
        found.set(name, [...(found.get(name) ?? []), textAt(one, "hostid")]);
  return found;
}
