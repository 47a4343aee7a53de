/** Nagios through its pipe for external commands. Nagios answers nothing: names are checked against its file of objects before. */
import { constants } from "node:fs";
import { open, readFile, type FileHandle } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { ActionFailed } from "raicho/pack";
import {
  away,
  marked,
  shown,
  type Monitor,
  type Note,
  type Problem,
  type Settings,
} from "./monitor.ts";

/** A write of at most so many bytes is never mixed with those of others (PIPE_BUF). */
const mostBytes = 4_096;

interface Host {
  readonly name: string;
  readonly alias: string;
  readonly address: string;
  readonly services: readonly string[];
}

export function nagios(settings: Settings): Monitor {
  const { command_file: pipe = "/var/lib/nagios4/rw/nagios.cmd" } = settings;
  const say = async (all: readonly string[]): Promise<void> => {
    const now = Math.floor(Date.now() / 1_000);
    await write(
      settings,
      pipe,
      all.map((one) => `[${now}] ${one}\n`),
    );
  };
  const find = async (problem: Problem): Promise<Problem | undefined> =>
    found(await hostsOf(settings), problem);
  return {
    acknowledge: async (problem, note) => {
      const meant = await find(problem);
      if (meant === undefined) return { done: [], missing: [shown(problem)] };
      // Not sticky, so that a worse state is told; no notification, which would come back to us; the comment goes with it.
      const words = ["0", "0", "0", ...written(note)];
      await say([command(meant, "ACKNOWLEDGE_HOST_PROBLEM", "ACKNOWLEDGE_SVC_PROBLEM", words)]);
      return { done: [shown(meant)], missing: [] };
    },
    takeBack: async (problem, _key) => {
      const meant = await find(problem);
      if (meant === undefined) return { done: [], missing: [shown(problem)] };
      await say([command(meant, "REMOVE_HOST_ACKNOWLEDGEMENT", "REMOVE_SVC_ACKNOWLEDGEMENT", [])]);
      return { done: [shown(meant)], missing: [] };
    },
    schedule: async ({ hosts, start, end }, note) => {
      const known = await hostsOf(settings);
      const meant = hosts.map((host) => ({ host, is: hostOf(known, host) }));
      const [from, to] = [Math.floor(start.getTime() / 1_000), Math.ceil(end.getTime() / 1_000)];
      const [author] = written({ ...note, by: [note.by, note.comment].filter(Boolean).join(": ") });
      const words = [from, to, 1, 0, to - from, author, mark(note.key)].join(";");
      const added = meant.flatMap(({ is }) =>
        is === undefined
          ? []
          : [
              `SCHEDULE_HOST_DOWNTIME;${is.name};${words}`,
              `SCHEDULE_HOST_SVC_DOWNTIME;${is.name};${words}`,
            ],
      );
      await say([dropped(note.key), ...added]);
      return {
        done: meant.flatMap(({ is }) => (is === undefined ? [] : [is.name])),
        missing: meant.flatMap(({ host, is }) => (is === undefined ? [host] : [])),
      };
    },
    cancel: async (key) => {
      await say([dropped(key)]);
      return { done: [key], missing: [] };
    },
  };
}

/** Nagios compares the whole comment: it holds the mark and nothing else, so that it is found again. */
function dropped(key: string): string {
  return `DEL_DOWNTIME_BY_START_TIME_COMMENT;;${mark(key)}`;
}

function mark(key: string): string {
  return marked({ comment: "", key });
}

function command(
  { host, service }: Problem,
  ofHost: string,
  ofService: string,
  words: readonly string[],
): string {
  const about = service === "" ? [ofHost, host] : [ofService, host, service];
  return [...about, ...words].join(";");
}

/** On one line, and not longer than so many characters. */
function oneLine(text: string, most: number): string {
  const flat = text.replaceAll(/[\r\n]+/g, " ").trim();
  return Array.from(flat).slice(0, most).join("");
}

/** Author and comment as they may stand in a command. */
function written(note: Note): readonly [author: string, comment: string] {
  const author = oneLine(note.by, 200).replaceAll(";", ",") || "raicho";
  return [author, marked({ comment: oneLine(note.comment, 600), key: note.key })];
}

/** With the names of Nagios: mails name a service's host by its alias. */
function found(known: readonly Host[], problem: Problem): Problem | undefined {
  const host = hostOf(known, problem.host);
  if (host === undefined) return undefined;
  const { service } = problem;
  if (service !== "" && !host.services.includes(service)) return undefined;
  return { ...problem, host: host.name };
}

function hostOf(known: readonly Host[], wanted: string): Host | undefined {
  const same = (text: string): boolean => text.toLowerCase() === wanted.toLowerCase();
  return (
    known.find(({ name }) => name === wanted) ??
    known.find(({ name, alias, address }) => same(name) || same(alias) || same(address))
  );
}

/** Every host with its services, of the file of objects. */
async function hostsOf(settings: Settings): Promise<readonly Host[]> {
  const { object_cache: file = "/var/lib/nagios4/objects.cache" } = settings;
  let text;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw away(settings, `cannot be asked for its objects: ${why}; set object_cache`);
  }
  const hosts = new Map<string, Omit<Host, "services">>();
  const services = new Map<string, string[]>();
  for (const [, type, body = ""] of text.matchAll(/^define (host|service) \{\n([^]*?)\n\t?\}/gm)) {
    const facts = new Map(
      [...body.matchAll(/^\s*(\S+)\s+(.*)$/gm)].map(([, key = "", value = ""]) => [key, value]),
    );
    const at = (key: string): string => facts.get(key) ?? "";
    const name = at("host_name");
    if (type === "host") hosts.set(name, { name, alias: at("alias"), address: at("address") });
    else services.set(name, [...(services.get(name) ?? []), at("service_description")]);
  }
  return [...hosts.values()].map((host) => ({ ...host, services: services.get(host.name) ?? [] }));
}

/** Each command whole; waits for nobody: without a reader, Nagios does not run. */
async function write(settings: Settings, pipe: string, lines: readonly string[]): Promise<void> {
  const long = lines.find((line) => Buffer.byteLength(line) > mostBytes);
  if (long !== undefined)
    throw new ActionFailed(`monitoring: a command is too long for Nagios: ${long.slice(0, 80)}…`);
  let file;
  try {
    file = await open(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const hint = /ENXIO/.test(why) ? "Nagios does not read its pipe; does it run?" : why;
    throw away(settings, `takes no commands: ${hint} (command_file ${pipe})`);
  }
  try {
    for (const line of lines) await put(file, line);
  } finally {
    await file.close();
  }
}

/** A full pipe is tried again until there is room. */
async function put(file: FileHandle, line: string): Promise<void> {
  for (let wait = 10; ; wait = Math.min(wait * 2, 1_000)) {
    try {
      await file.write(line);
      return;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      await delay(wait);
    }
  }
}
