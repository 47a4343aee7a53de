/** Alertmanager through its API v2. It knows no acknowledgement: an alert that somebody looks after is silenced, by exactly its labels. */
import { ask, list, textAt } from "./http.ts";
import { marked, refused, type Monitor, type Note, type Settings } from "./monitor.ts";

interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: true;
}

interface Span {
  readonly startsAt: string;
  readonly endsAt: string;
}

interface Silences {
  /** Those with that key which are not over. */
  readonly known: (key: string) => Promise<readonly object[]>;
  readonly expire: (silences: readonly object[]) => Promise<readonly string[]>;
  /** One silence of that key: one that says the same stays as it is. Gives its id. */
  readonly keep: (matchers: readonly Matcher[], span: Span, note: Note) => Promise<string>;
}

function silencesOf(settings: Settings, signal: AbortSignal): Silences {
  const known: Silences["known"] = async (key) => {
    const { body } = await ask(settings, { method: "GET", path: "/api/v2/silences" }, signal);
    const end = marked({ comment: "", key });
    return list(body).filter(
      (one) => textAt(one, "comment").endsWith(end) && textAt(one, "status", "state") !== "expired",
    );
  };
  const expire: Silences["expire"] = async (silences) => {
    const ids = silences.map((one) => textAt(one, "id"));
    for (const id of ids)
      await ask(
        settings,
        { method: "DELETE", path: `/api/v2/silence/${encodeURIComponent(id)}` },
        signal,
      );
    return ids;
  };
  const keep: Silences["keep"] = async (matchers, span, note) => {
    const before = await known(note.key);
    const same = before.find((one) => saysSame(one, matchers, span));
    await expire(before.filter((one) => one !== same));
    if (same !== undefined) return textAt(same, "id");
    const body = { matchers, ...span, createdBy: note.by || "raicho", comment: marked(note) };
    const { status, body: said } = await ask(
      settings,
      { method: "POST", path: "/api/v2/silences", body },
      signal,
    );
    if (status < 300) return textAt(said, "silenceID");
    throw refused(settings, `the silence (${status})`, JSON.stringify(said));
  };
  return { known, expire, keep };
}

export function alertmanager(settings: Settings, signal: AbortSignal): Monitor {
  const { known, expire, keep } = silencesOf(settings, signal);
  const cancel = async (key: string) => ({ done: await expire(await known(key)), missing: [] });
  return {
    acknowledge: async ({ host, labels }, note) => {
      const matchers = exactly(labels);
      if (matchers.length === 0) return { done: [], missing: [host] };
      const hours = settings.silence_hours ?? 24;
      const before = await known(note.key);
      if (before.length > 0) return { done: before.map((one) => textAt(one, "id")), missing: [] };
      const now = Date.now();
      const span = { startsAt: stamp(now), endsAt: stamp(now + hours * 3_600_000) };
      return { done: [await keep(matchers, span, note)], missing: [] };
    },
    takeBack: (_problem, key) => cancel(key),
    stands: async ({ labels }) => {
      const filters = exactly(labels).map(
        ({ name, value }) => `filter=${encodeURIComponent(`${name}=${JSON.stringify(value)}`)}`,
      );
      const path = `/api/v2/alerts?active=true&silenced=true&inhibited=true&${filters.join("&")}`;
      return list((await ask(settings, { method: "GET", path }, signal)).body).length > 0;
    },
    schedule: async ({ hosts, start, end }, note) => {
      if (hosts.length === 0) return cancel(note.key);
      const value = `(?:[a-z]+://)?(?:${hosts.map(literal).join("|")})(?::[0-9]+)?(?:/.*)?`;
      const name = settings.host_label ?? "instance";
      const span = { startsAt: stamp(start.getTime()), endsAt: stamp(end.getTime()) };
      return {
        done: [await keep([{ name, value, isRegex: true, isEqual: true }], span, note)],
        missing: [],
      };
    },
    cancel,
  };
}

function stamp(ms: number): string {
  return new Date(ms).toISOString();
}

/** Labels that our parser adds, or that are empty, are none of Alertmanager's. */
function exactly(labels: Readonly<Record<string, string>>): readonly Matcher[] {
  return Object.entries(labels).flatMap(([name, value]) =>
    value === "" ? [] : [{ name, value, isRegex: false, isEqual: true } as const],
  );
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

function saysSame(
  silence: object,
  matchers: readonly Matcher[],
  { startsAt, endsAt }: Span,
): boolean {
  const own = list("matchers" in silence ? silence.matchers : []).map(
    (one) => `${textAt(one, "name")}=${textAt(one, "value")}`,
  );
  const wanted = matchers.map(({ name, value }) => `${name}=${value}`);
  const begun =
    Date.parse(textAt(silence, "startsAt")) <= Math.max(Date.now(), Date.parse(startsAt));
  return (
    own.toSorted().join("\n") === wanted.toSorted().join("\n") &&
    Date.parse(textAt(silence, "endsAt")) === Date.parse(endsAt) &&
    (begun || Date.parse(textAt(silence, "startsAt")) === Date.parse(startsAt))
  );
}
