/** Datadog through its API. It knows no acknowledgement: the monitor is silent about the alert's scope, by a downtime. */
import { ask, list, member, textAt, type Answer, type Asked } from "./http.ts";
import {
  marked,
  needed,
  refused,
  shown,
  type Monitor,
  type Note,
  type Problem,
  type Settings,
} from "./monitor.ts";

type Send = (asked: Asked) => Promise<Answer>;

const downtimes = "/api/v2/downtime";
const pageSize = 100;

function sender(given: Settings, signal: AbortSignal): Send {
  const settings = { url: "https://api.datadoghq.com", ...given };
  return (asked) => {
    const headers = {
      "dd-api-key": needed(settings, "token"),
      "dd-application-key": needed(settings, "application_key"),
    };
    return ask(settings, { ...asked, headers }, signal);
  };
}

interface Downtimes {
  /** Ids of those with that key that last or are still to come. */
  readonly known: (key: string) => Promise<readonly string[]>;
  readonly end: (ids: readonly string[]) => Promise<void>;
  readonly make: (what: object, note: Note) => Promise<string>;
}

function downtimesOf(settings: Settings, send: Send): Downtimes {
  const known: Downtimes["known"] = async (key) => {
    const mark = marked({ comment: "", key });
    const ids: string[] = [];
    for (let offset = 0; ; offset += pageSize) {
      const page = `current_only=true&page%5Boffset%5D=${offset}&page%5Blimit%5D=${pageSize}`;
      const { status, body } = await send({ method: "GET", path: `${downtimes}?${page}` });
      if (status >= 300) throw refused(settings, `the downtimes (${status})`, JSON.stringify(body));
      const found = list(member(body, "data"));
      ids.push(
        ...found
          .filter((one) => textAt(one, "attributes", "message").endsWith(mark))
          .map((one) => textAt(one, "id")),
      );
      if (found.length < pageSize) return ids;
    }
  };
  const end: Downtimes["end"] = async (ids) => {
    for (const id of ids) {
      const path = `${downtimes}/${encodeURIComponent(id)}`;
      const { status, body } = await send({ method: "DELETE", path });
      // 404: it is over by now.
      if (status >= 300 && status !== 404)
        throw refused(settings, `to end downtime ${id} (${status})`, JSON.stringify(body));
    }
  };
  const make: Downtimes["make"] = async (what, note) => {
    const words = [note.by, note.comment].filter(Boolean).join(": ");
    // Whoever stands behind an @ would be notified.
    const message = marked({ key: note.key, comment: words.replaceAll("@", "＠") });
    const body = { data: { type: "downtime", attributes: { message, ...what } } };
    const answer = await send({ method: "POST", path: downtimes, body });
    if (answer.status < 300) return textAt(answer.body, "data", "id");
    throw refused(settings, `the downtime (${answer.status})`, JSON.stringify(answer.body));
  };
  return { known, end, make };
}

export function datadog(settings: Settings, signal: AbortSignal): Monitor {
  const send = sender(settings, signal);
  const { known, end, make } = downtimesOf(settings, send);
  const cancel: Monitor["cancel"] = async (key) => {
    const ids = await known(key);
    await end(ids);
    return { done: ids, missing: [] };
  };
  return {
    acknowledge: async (problem, note) => {
      const monitor_id = monitorOf(problem);
      if (monitor_id === undefined) return { done: [], missing: [shown(problem)] };
      const before = await known(note.key);
      if (before.length > 0) return { done: before, missing: [] };
      const until = Date.now() + (settings.silence_hours ?? 24) * 3_600_000;
      const what = {
        monitor_identifier: { monitor_id },
        scope: partsOf(problem).join(" AND ") || "*",
        schedule: { end: new Date(until).toISOString() },
      };
      return { done: [await make(what, note)], missing: [] };
    },
    takeBack: (_problem, key) => cancel(key),
    stands: (problem) => stands(settings, send, problem),
    schedule: async ({ hosts, start, end: until }, note) => {
      const before = await known(note.key);
      const what = {
        monitor_identifier: { monitor_tags: ["*"] },
        scope: hosts.length === 1 ? `host:${hosts[0]}` : `host:(${hosts.join(" OR ")})`,
        schedule: { start: start.toISOString(), end: until.toISOString() },
      };
      const done = hosts.length === 0 ? [] : [await make(what, note)];
      // The old one goes last, so that the machines are covered all the time.
      await end(before);
      return { done, missing: [] };
    },
    cancel,
  };
}

function monitorOf({ ref }: Problem): number | undefined {
  return /^\d{1,15}$/.test(ref) ? Number(ref) : undefined;
}

/** Tags that the alert is about: its scope as Datadog told it, else its machine. */
function partsOf({ host, labels }: Problem): readonly string[] {
  const scope = (labels["scope"] ?? "").trim();
  if (scope !== "" && scope !== "*") return scope.split(",").map((part) => part.trim());
  return host === "" ? [] : [`host:${host}`];
}

/** Of a monitor with groups, those that the alert is about count. */
async function stands(settings: Settings, send: Send, problem: Problem): Promise<boolean> {
  const monitor = monitorOf(problem);
  if (monitor === undefined) return false;
  const path = `/api/v1/monitor/${monitor}?group_states=all`;
  const { status, body } = await send({ method: "GET", path });
  if (status === 404) return false;
  if (status >= 300)
    throw refused(settings, `to show monitor ${monitor} (${status})`, JSON.stringify(body));
  const wanted = partsOf(problem);
  const groups = member(body, "state", "groups");
  const about = Object.entries(typeof groups === "object" && groups !== null ? groups : {}).filter(
    ([name]) => within(wanted, name.split(",")) || within(name.split(","), wanted),
  );
  const said =
    about.length === 0
      ? [textAt(body, "overall_state")]
      : about.map(([, group]) => textAt(group, "status"));
  return said.some((state) => ["Alert", "Warn", "No Data"].includes(state));
}

function within(some: readonly string[], all: readonly string[]): boolean {
  return some.length > 0 && some.every((one) => all.includes(one));
}
