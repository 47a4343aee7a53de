/** Waiting for an execution, with its tree on the screen meanwhile; and its output while it prints. */
import { setTimeout as delay } from "node:timers/promises";
import { isObject, type JsonObject } from "../model/json.ts";
import type { EventStream } from "./client.ts";
import { CliError, exitCodes } from "./cli.ts";
import { cell } from "./table.ts";
import type { Asked } from "./verb.ts";
import { clip, harmlessButColours } from "./width.ts";

const ended = new Set(["succeeded", "failed", "timeout", "canceled", "abandoned"]);
const resting = new Set(["paused", "pending"]);

export function statusOf({ status }: JsonObject): string {
  return typeof status === "string" ? status : "unknown";
}

export function hasEnded(execution: JsonObject): boolean {
  return ended.has(statusOf(execution));
}

/** What a command that waited for it ends with. */
export function exitCodeOf(execution: JsonObject): number {
  const status = statusOf(execution);
  if (status === "canceled") return exitCodes.executionCanceled;
  return ended.has(status) && status !== "succeeded" ? exitCodes.executionFailed : exitCodes.ok;
}

export function idOf({ id }: JsonObject): string {
  return typeof id === "string" ? id : "";
}

export function actionOf({ action }: JsonObject): string {
  return cell(isObject(action) ? action["ref"] : action);
}

/** Name of the task that an execution is, of a workflow in either language; undefined for a root. */
export function taskOf({ context }: JsonObject): string | undefined {
  if (!isObject(context)) return undefined;
  const { orquesta, chain } = context;
  if (isObject(orquesta) && typeof orquesta["task_name"] === "string") return orquesta["task_name"];
  return isObject(chain) && typeof chain["name"] === "string" ? chain["name"] : undefined;
}

const marks: Readonly<Record<string, string>> = {
  succeeded: "✓",
  failed: "✗",
  timeout: "✗",
  abandoned: "✗",
  canceled: "⊘",
  paused: "‖",
  pending: "?",
};

/** The tree of an execution: one line each, children below their parents. */
export function treeLines(children: readonly JsonObject[], root: string): readonly string[] {
  const below = Map.groupBy(children, ({ parent }) => String(parent));
  const lines: string[] = [];
  const walk = (parent: string, indent: string): void => {
    const group = below.get(parent) ?? [];
    for (const [index, child] of group.entries()) {
      const last = index === group.length - 1;
      const status = statusOf(child);
      const name = taskOf(child) ?? actionOf(child);
      lines.push(
        cell(
          `${indent}${last ? "└" : "├"} ${marks[status] ?? "•"} ${name}  ${actionOf(child)}  ${status}  ${idOf(child)}`.replaceAll(
            " ",
            "\u00A0",
          ),
        ).replaceAll("\u00A0", " "),
      );
      walk(idOf(child), `${indent}${last ? " " : "│"} `);
    }
  };
  walk(root, "");
  return lines;
}

const mostLines = 20;

/** Redraws a few lines at the bottom of the screen. Nothing is drawn when nobody looks. */
class Screen {
  #drawn = 0;
  readonly #terminal: Asked["cli"]["terminal"];
  constructor({ cli }: Asked) {
    this.#terminal = cli.terminal;
  }

  draw(lines: readonly string[]): void {
    if (!this.#terminal.notesSeen) return;
    const hidden = Math.max(0, lines.length - mostLines);
    const shown = [...(hidden > 0 ? [`  … ${hidden} more above`] : []), ...lines.slice(hidden)];
    const width = (this.#terminal.columns ?? 80) - 1;
    const up = this.#drawn > 0 ? `\u001B[${this.#drawn}A` : "";
    const text = shown.map((line) => `${clip(line, width)}\n`).join("");
    this.#terminal.note(`${up}\u001B[0J${text}`);
    this.#drawn = shown.length;
  }

  clear(): void {
    if (this.#drawn > 0) this.draw([]);
  }
}

export async function childrenOf({ client }: Asked, id: string): Promise<readonly JsonObject[]> {
  return client.list(`/executions/${id}/children`, {
    query: { depth: -1, exclude_attributes: "result,trigger_instance" },
  });
}

export function isWorkflow({ action, runner }: JsonObject): boolean {
  const name = isObject(runner)
    ? runner["name"]
    : isObject(action)
      ? action["runner_type"]
      : undefined;
  return ["orquesta", "action-chain", "mistral-v2"].includes(String(name));
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch {
    // Aborted: whoever waits looks at the signal.
  }
}

/** The execution when it has ended, or rests (paused, or waiting for an answer). Ctrl-C leaves it running, and says how to go on. */
export async function waitFor(asked: Asked, id: string): Promise<JsonObject> {
  const { client, cli } = asked;
  const signal = cli.signal();
  const screen = new Screen(asked);
  const start = Date.now();
  for (let pause = 50; ; pause = Math.min(1_000, pause * 1.5)) {
    const execution = await client.object("GET", `/executions/${id}`);
    if (hasEnded(execution) || resting.has(statusOf(execution))) {
      screen.clear();
      return execution;
    }
    if (cli.terminal.notesSeen) {
      const seconds = Math.round((Date.now() - start) / 1_000);
      const tree = isWorkflow(execution) ? treeLines(await childrenOf(asked, id), id) : [];
      screen.draw([...tree, `${statusOf(execution)} ${id}  ${seconds} s`]);
    }
    await rest(pause, signal);
    if (signal.aborted) {
      screen.clear();
      throw new CliError(
        exitCodes.interrupted,
        `no longer waiting; the execution goes on: raicho execution get ${id}`,
      );
    }
  }
}

function parsed(data: string): JsonObject {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

type Print = (text: string) => void;

function textOf({ data }: JsonObject): string {
  return typeof data === "string" ? data : "";
}

/** What one execution that has no tasks prints, from its beginning to its end. */
async function tailAction({ client, cli }: Asked, id: string, print: Print): Promise<void> {
  const stream = await client.events(`/executions/${id}/output`, {}, cli.signal());
  for await (const { name, data } of stream.events) {
    if (name === "EOF") break;
    print(textOf(parsed(data)));
  }
  stream.close();
}

/** What a workflow and all below it print, until it ends. */
async function tailWorkflow(
  asked: Asked,
  root: string,
  events: EventStream["events"],
  print: Print,
): Promise<void> {
  const followed = new Set([root]);
  const told = new Map<string, string>();
  if (hasEnded(await asked.client.object("GET", `/executions/${root}`))) return;
  for await (const { name, data } of events) {
    const row = parsed(data);
    if (name === outputEvent) {
      if (followed.has(cell(row["execution_id"]))) print(textOf(row));
      continue;
    }
    const id = idOf(row);
    if (id === root && hasEnded(row)) return;
    const mine = followed.has(id) || followed.has(cell(row["parent"]));
    if (!mine || id === root || told.get(id) === statusOf(row)) continue;
    followed.add(id);
    told.set(id, statusOf(row));
    const task = taskOf(row) ?? actionOf(row);
    asked.cli.terminal.note(`${cell(`${task} (${id}): ${statusOf(row)}`)}\n`);
  }
}

const outputEvent = "st2.execution.output__create";

/** Prints what an execution and all below it print, until it ends. `start` gives it; the stream is open before, so nothing is missed. */
export async function tail(asked: Asked, start: () => Promise<JsonObject>): Promise<void> {
  const { client, cli } = asked;
  const { terminal } = cli;
  const print: Print = (text) =>
    terminal.write(terminal.columns === undefined ? text : harmlessButColours(text));
  const query = { events: `st2.execution__create,st2.execution__update,${outputEvent}` };
  const stream = await client.events("/stream", query, cli.signal());
  try {
    const root = await start();
    if (isWorkflow(root)) await tailWorkflow(asked, idOf(root), stream.events, print);
    else await tailAction(asked, idOf(root), print);
  } finally {
    stream.close();
  }
}
