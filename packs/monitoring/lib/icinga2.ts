/** Icinga 2 through its API: acknowledge-problem, remove-acknowledgement, schedule-downtime, remove-downtime. */
import { ask, list, member, textAt } from "./http.ts";
import {
  marked,
  refused,
  shown,
  type Monitor,
  type Problem,
  type Settings,
  type Told,
} from "./monitor.ts";

/** Hosts are meant by object name, display name or address. */
const hostFilter = "(host.name in hosts || host.display_name in hosts || host.address in hosts)";

/** What was done, one result per object; nothing where none fits. */
type Act = (action: string, body: object) => Promise<readonly object[]>;

function actor(settings: Settings, signal: AbortSignal): Act {
  return async (action, body) => {
    const asked = { method: "POST", path: `/v1/actions/${action}`, body } as const;
    const answer = await ask(settings, asked, signal);
    // 409: it was acknowledged already.
    const fine = (code: number): boolean =>
      code < 300 || (code === 409 && action === "acknowledge-problem");
    const results = list(member(answer.body, "results"));
    if (answer.status === 404 || results.length === 0) return [];
    const done = results.filter((one) => fine(Number(member(one, "code"))));
    if (done.length > 0) return done;
    throw refused(settings, `${action} (${answer.status})`, textAt(results[0], "status"));
  };
}

/** Hosts that it knows by one of these names: all the names of each. */
async function namesOf(
  settings: Settings,
  hosts: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const attrs = ["name", "display_name", "address"];
  const asked = {
    method: "POST",
    path: "/v1/objects/hosts",
    body: { filter: hostFilter, filter_vars: { hosts }, attrs },
    headers: { "X-HTTP-Method-Override": "GET" },
  } as const;
  const known = list(member((await ask(settings, asked, signal)).body, "results"));
  return known.flatMap((one) => attrs.map((name) => textAt(one, "attrs", name)));
}

export function icinga2(settings: Settings, signal: AbortSignal): Monitor {
  const act = actor(settings, signal);
  const cancel = async (key: string): Promise<Told> => {
    const filter = "match(mark, downtime.comment)";
    const filter_vars = { mark: `*${marked({ comment: "", key })}` };
    return told(await act("remove-downtime", { type: "Downtime", filter, filter_vars }), []);
  };
  return {
    acknowledge: async (problem, note) => {
      const { by: author } = note;
      const how = { author, comment: marked(note), notify: false, sticky: false };
      const answer = await act("acknowledge-problem", { ...about(problem), ...how });
      return told(answer, [shown(problem)]);
    },
    takeBack: async (problem, _key) =>
      told(await act("remove-acknowledgement", about(problem)), [shown(problem)]),
    schedule: async ({ hosts, start, end }, note) => {
      const filter_vars = { hosts };
      const names = new Set(await namesOf(settings, hosts, signal));
      const missing = hosts.filter((host) => !names.has(host));
      await cancel(note.key);
      if (names.size === 0) return { done: [], missing };
      const [from, to] = [Math.floor(start.getTime() / 1_000), Math.ceil(end.getTime() / 1_000)];
      const answer = await act("schedule-downtime", {
        type: "Host",
        filter: hostFilter,
        filter_vars,
        author: note.by,
        comment: marked(note),
        start_time: from,
        end_time: to,
        duration: to - from,
        fixed: true,
        all_services: true,
      });
      return { ...told(answer, []), missing };
    },
    cancel,
  };
}

function about({ host, service }: Problem): {
  readonly type: string;
  readonly filter: string;
  readonly filter_vars: object;
} {
  return service === ""
    ? { type: "Host", filter: hostFilter, filter_vars: { hosts: [host] } }
    : {
        type: "Service",
        filter: `${hostFilter} && (service.name == wanted || service.display_name == wanted)`,
        filter_vars: { hosts: [host], wanted: service },
      };
}

function told(results: readonly object[], meant: readonly string[]): Told {
  if (results.length === 0) return { done: [], missing: meant };
  return { done: results.map((one) => textAt(one, "name") || textAt(one, "status")), missing: [] };
}
