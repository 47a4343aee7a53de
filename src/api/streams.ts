/** `/stream` and `/executions/{id}/output` of the stream service: server-sent events. */
import type { Request, Response } from "express";
import { isFinished } from "../model/execution.ts";
import { findExecution } from "../store/executions.ts";
import { outputAfter } from "../store/execution-watch.ts";
import type { User } from "../engine/auth.ts";
import type { Door } from "./door.ts";
import { existing } from "./existing.ts";
import { outputType } from "./executions.ts";
import { type Feed, outputView, type FeedEvent } from "./feed.ts";
import { isAdmin, shownIn, userOf } from "./guard.ts";
import { names, text } from "./query.ts";
import { executionNamed, executionResource } from "./resources.ts";
import { mayDo, on, Routes } from "./routes.ts";

const heartbeatMs = 25_000;
/** How often it is looked whether the caller may still listen. */
const accessMs = 2_000;
/** Bytes that may wait for a slow client before it is cut off; it comes back with what it heard last. */
const mostWaiting = 4_000_000;
const outputTickMs = 200;

const defaultEvents = [
  "st2.announcement__*",
  "st2.execution__create",
  "st2.execution__update",
  "st2.execution__delete",
  "st2.liveaction__create",
  "st2.liveaction__update",
  "st2.liveaction__delete",
];
const outputEvent = "st2.execution.output__create";

interface Stream {
  /** What is written in one turn of the event loop goes out together. */
  write(text: string | Buffer): void;
  /** Ends it. */
  end(): void;
  /** Called once, however it ends. */
  onClose(work: () => void): void;
  readonly closed: () => boolean;
}

const leftStream: Stream = {
  write: () => undefined,
  end: () => undefined,
  onClose: (work) => work(),
  closed: () => true,
};

function hasExpired({ shown }: User): boolean {
  return shown?.expires != null && shown.expires.getTime() <= Date.now();
}

let streams = 0;

/** How many streams of events are open here. */
export function openStreams(): number {
  return streams;
}

/** Opens the answer, keeps it alive, and closes it within 5 s once the caller's token has ended or `mayStay` says no. */
function openStream(
  door: Door,
  request: Request,
  response: Response,
  mayStay: () => boolean,
): Stream {
  // Who left before it was open would never be seen to leave.
  if (response.destroyed) return leftStream;
  response.writeHead(200, {
    "Content-Type": "text/event-stream; charset=UTF-8",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
  });
  response.write("\n");
  let closed = false;
  streams += 1;
  const work: (() => void)[] = [];
  const beat = setInterval(() => void response.write("\n"), heartbeatMs);
  const secret = shownIn(request, door.signIn)?.secret;
  const look = async (): Promise<void> => {
    if (!door.auth || closed) return;
    const user = await door.authenticate(secret ?? "").catch(() => "unknown" as const);
    // While the ledger is away the time of a token ends all the same.
    if (user === undefined || hasExpired(userOf(response))) return void response.end();
    if (user === "unknown") return;
    response.locals["user"] = user;
    if (!mayStay()) response.end();
  };
  const access = setInterval(() => void look(), accessMs);
  response.on("close", () => {
    closed = true;
    streams -= 1;
    clearInterval(beat);
    clearInterval(access);
    for (const each of work) each();
  });
  let held: Buffer[] = [];
  const flush = (): void => {
    const [first] = held;
    const all = held;
    held = [];
    if (first === undefined || closed || response.writableEnded) return;
    response.write(all.length === 1 ? first : Buffer.concat(all));
    if (response.writableLength > mostWaiting) response.destroy();
  };
  return {
    write: (chunk) => {
      held.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
      if (held.length === 1) queueMicrotask(flush);
    },
    end: () => {
      flush();
      response.end();
    },
    onClose: (each) => {
      if (closed) each();
      else work.push(each);
    },
    closed: () => closed,
  };
}

/** `st2.execution__*` and the like. */
function globs(patterns: readonly string[]): (name: string) => boolean {
  const known = new Map<string, boolean>();
  const all = patterns.map((pattern) => ({
    head: pattern.endsWith("*") ? pattern.slice(0, -1) : undefined,
    pattern,
  }));
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const fits = all.some(({ head, pattern }) =>
      head === undefined ? pattern === name : name.startsWith(head),
    );
    known.set(name, fits);
    return fits;
  };
}

/** Who may list all executions hears of all; others of those that they may view. What belongs to no execution is for everybody. */
function mayHear(
  { signIn }: Door,
  response: Response,
  { action, execution: id, user }: FeedEvent,
): boolean {
  if (action === "") return true;
  const caller = userOf(response);
  if (signIn.isolation && user !== caller.name && !isAdmin(caller)) return false;
  return (
    mayDo(response, "execution_list") ||
    mayDo(response, "execution_view", executionResource({ id, action }))
  );
}

/** Which events a client asked for. */
function filterOf(door: Door, request: Request, response: Response): (event: FeedEvent) => boolean {
  const events = names(request.query["events"]);
  const actions = new Set(names(request.query["action_refs"]));
  const executions = new Set(names(request.query["execution_ids"]));
  const named = globs(events.length === 0 ? defaultEvents : events);
  return (event) =>
    named(event.name) &&
    mayHear(door, response, event) &&
    (actions.size === 0 || actions.has(event.action)) &&
    (executions.size === 0 || executions.has(event.execution));
}

async function follow(door: Door, feed: Feed, request: Request, response: Response): Promise<void> {
  const wanted = filterOf(door, request, response);
  const endEvent = text(request.query["end_event"]);
  const endExecution = text(request.query["end_execution_id"]);
  const waiting: FeedEvent[] = [];
  let tell = (event: FeedEvent): void => void waiting.push(event);
  const withOutput = names(request.query["events"]).some((pattern) =>
    globs([pattern])(outputEvent),
  );
  const stop = await feed.listen({ output: withOutput, hear: (event) => tell(event) });
  const stream = openStream(door, request, response, () => mayDo(response, "stream_view"));
  stream.onClose(stop);
  if (stream.closed()) return;
  const hear = (event: FeedEvent): void => {
    if (wanted(event)) stream.write(event.bytes);
    const { name, execution, last } = event;
    if (endEvent === name && endExecution === execution && last) stream.end();
  };
  const before = request.headers["last-event-id"] ?? text(request.query["last_event_id"]);
  if (typeof before === "string") for (const event of await feed.since(before)) hear(event);
  // It may have ended before anybody listened.
  if (endEvent === "st2.execution__update" && endExecution !== undefined) {
    const row = await findExecution(door.core.database.db, endExecution);
    if (row !== undefined && isFinished(row.status)) hear(feed.stateOf(row));
  }
  for (const event of waiting) hear(event);
  tell = hear;
}

/** All that an execution printed and prints, then `EOF`. */
async function output(door: Door, id: string, request: Request, response: Response): Promise<void> {
  const { db } = door.core.database;
  const type = outputType(request);
  const execution = await existing(door, id);
  const stream = openStream(door, request, response, () =>
    mayDo(response, "execution_view", executionResource(execution)),
  );
  let last = 0;
  for (;;) {
    const row = await findExecution(db, execution.id).catch(() => undefined);
    const lines = await outputAfter(db, new Map([[execution.id, last]])).catch(() => []);
    for (const line of lines) {
      last = line.seq;
      if (type === undefined || line.stream === type)
        stream.write(
          `event: ${outputEvent}\ndata: ${JSON.stringify(outputView(execution, line))}\n\n`,
        );
    }
    if (stream.closed()) return;
    if (row !== undefined && isFinished(row.status) && lines.length === 0) break;
    if (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, outputTickMs));
  }
  stream.write("event: EOF\ndata: ''\n\n");
  stream.end();
}

/** The general stream. */
export function streamRoutes(door: Door, feed: Feed): Routes {
  const router = new Routes();
  router.get("/stream", "stream_view", (request, response) =>
    follow(door, feed, request, response),
  );
  return router;
}

/** The stream service's own output route: under the API that path gives plain text. */
export function outputStreamRoutes(door: Door): Routes {
  const router = new Routes();
  router.get(
    "/executions/:id/output",
    on("execution_view", executionNamed(door)),
    (request, response) => output(door, request.params.id, request, response),
  );
  return router;
}
