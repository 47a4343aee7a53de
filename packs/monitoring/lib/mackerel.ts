/** Mackerel through its API v0. It knows no acknowledgement: who looks after an alert stands in the alert's memo. It knows no downtimes of single machines. */
import { ask, textAt, type Answer, type Asked } from "./http.ts";
import { marked, needed, refused, shown, type Monitor, type Settings } from "./monitor.ts";

interface Memo {
  /** What stands there; undefined: there is no such alert. */
  readonly read: (id: string) => Promise<string | undefined>;
  readonly write: (id: string, memo: string) => Promise<void>;
}

function memoOf(given: Settings, signal: AbortSignal): Memo {
  const settings = { url: "https://api.mackerelio.com", ...given };
  const send = (asked: Asked): Promise<Answer> => {
    const headers = { "x-api-key": needed(settings, "token") };
    return ask(settings, { ...asked, headers }, signal);
  };
  return {
    read: async (id) => {
      const { status, body } = await send({ method: "GET", path: path(id) });
      if (status === 404) return undefined;
      if (status < 300) return textAt(body, "memo");
      throw refused(settings, `to show alert ${id} (${status})`, JSON.stringify(body));
    },
    write: async (id, memo) => {
      const { status, body } = await send({ method: "PUT", path: path(id), body: { memo } });
      if (status >= 300)
        throw refused(settings, `the memo of alert ${id} (${status})`, JSON.stringify(body));
    },
  };
}

function path(id: string): string {
  return `/api/v0/alerts/${encodeURIComponent(id)}`;
}

export function mackerel(settings: Settings, signal: AbortSignal): Monitor {
  const { read, write } = memoOf(settings, signal);
  return {
    acknowledge: async (problem, note) => {
      const before = problem.ref === "" ? undefined : await read(problem.ref);
      if (before === undefined) return { done: [], missing: [shown(problem)] };
      const words = [note.by, note.comment].filter(Boolean).join(": ");
      const line = marked({ key: note.key, comment: `対応中 / acknowledged: ${flat(words)}` });
      const others = without(before, note.key);
      // What people wrote there stays.
      if (before.split("\n")[0] !== line) await write(problem.ref, [line, ...others].join("\n"));
      return { done: [problem.ref], missing: [] };
    },
    takeBack: async (problem, key) => {
      const before = problem.ref === "" ? undefined : await read(problem.ref);
      if (before === undefined) return { done: [], missing: [shown(problem)] };
      const after = without(before, key).join("\n");
      if (after !== before) await write(problem.ref, after);
      return { done: [problem.ref], missing: [] };
    },
    schedule: ({ hosts }) => Promise.resolve({ done: [], missing: hosts }),
    cancel: () => Promise.resolve({ done: [], missing: [] }),
  };
}

function flat(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ").trim();
}

/** The lines of a memo, but ours of that key. */
function without(memo: string, key: string): readonly string[] {
  const end = marked({ comment: "", key });
  return memo === "" ? [] : memo.split("\n").filter((line) => !line.endsWith(end));
}
