/** `raicho execution`: the history, and what can be done about what runs. */
import { isObject } from "../model/json.ts";
import { Refused } from "./client.ts";
import { CliError, exitCodes, type CommandSetup } from "./cli.ts";
import { optionText, valueAt } from "./output.ts";
import { readParameters } from "./parameters.ts";
import { countOf, listOptions } from "./resource.ts";
import { follow, showExecution, waitingOptions } from "./run.ts";
import { addVerb, type Asked, type VerbShape } from "./verb.ts";
import { hasEnded, idOf, tail, waitFor } from "./wait.ts";
import { harmlessButColours } from "./width.ts";

const columns = [
  "id",
  "action.ref",
  "context.user",
  "status",
  "start_timestamp",
  "end_timestamp",
] as const;

async function list(asked: Asked): Promise<void> {
  const { options, client, print } = asked;
  const parent = optionText(options, "parent");
  const query = {
    action: optionText(options, "action"),
    status: optionText(options, "status"),
    user: optionText(options, "user"),
    rule: optionText(options, "rule"),
    runner: optionText(options, "runner"),
    trigger_instance: optionText(options, "triggerInstance"),
    timestamp_gt: optionText(options, "timestampGt"),
    timestamp_lt: optionText(options, "timestampLt"),
    parent: parent ?? (options["nested"] === true ? undefined : "null"),
    exclude_attributes: "result,trigger_instance",
    ...(options["sort"] === "asc" ? { sort_asc: "True" } : { sort_desc: "True" }),
  };
  const { rows } = await client.pages("/executions", query, countOf(options));
  await print.list(rows, { columns });
}

async function get(asked: Asked): Promise<void> {
  const { args, client, options, cli } = asked;
  for (const id of args) {
    const path = `/executions/${encodeURIComponent(id)}`;
    if (options["tail"] === true) await tail(asked, () => client.object("GET", path));
    const found = await client.object("GET", path);
    const execution = options["wait"] === true ? await waitFor(asked, idOf(found)) : found;
    const key = optionText(options, "key");
    if (key === undefined) {
      await showExecution(asked, execution);
      continue;
    }
    const value = valueAt(execution["result"], key);
    if (value === undefined)
      throw new CliError(exitCodes.notFound, `the result of ${id} has no "${key}"`);
    cli.terminal.write(
      `${typeof value === "string" ? harmlessButColours(value) : JSON.stringify(value)}\n`,
    );
  }
}

async function output({ args, client, cli, options }: Asked): Promise<void> {
  const [id = ""] = args;
  const query = { output_type: optionText(options, "type") };
  const { text } = await client.request("GET", `/executions/${encodeURIComponent(id)}/output`, {
    query,
  });
  cli.terminal.write(cli.terminal.columns === undefined ? text : harmlessButColours(text));
}

async function tailOne(asked: Asked): Promise<void> {
  const [id = "last"] = asked.args;
  await tail(asked, () => asked.client.object("GET", `/executions/${encodeURIComponent(id)}`));
}

/** Each of several: one that is refused does not stop the others. */
async function each(asked: Asked, work: (id: string) => Promise<string>): Promise<void> {
  let failure: CliError | undefined;
  for (const id of asked.args) {
    try {
      asked.print.done(await work(id));
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      asked.cli.terminal.note(`raicho: ${id}: ${error.message}\n`);
      failure = error;
    }
  }
  if (failure !== undefined) asked.cli.end(failure.exitCode);
}

async function cancel(asked: Asked): Promise<void> {
  await each(asked, async (id) => {
    const answer = await asked.client.json("DELETE", `/executions/${encodeURIComponent(id)}`);
    // What has ended already is answered with 200 and a refusal.
    if (isObject(answer) && typeof answer["faultstring"] === "string")
      throw new Refused(400, answer["faultstring"]);
    return `execution ${id} is asked to cancel`;
  });
}

function request(status: string, words: string): (asked: Asked) => Promise<void> {
  return (asked) =>
    each(asked, async (id) => {
      await asked.client.object("PUT", `/executions/${encodeURIComponent(id)}`, {
        body: { status },
      });
      return `execution ${id} is asked to ${words}`;
    });
}

function namesOf(asked: Asked, option: string): readonly string[] {
  return (optionText(asked.options, option) ?? "").split(",").filter((name) => name !== "");
}

async function reRun(asked: Asked): Promise<void> {
  const { args, client, cli, options } = asked;
  const [id = "", ...words] = args;
  const tasks = namesOf(asked, "tasks");
  const kept = namesOf(asked, "reset");
  if (kept.length > 0 && tasks.length === 0)
    throw new CliError(exitCodes.usage, "--no-reset goes with --tasks: the tasks to run again");
  const before = await client.object("GET", `/executions/${encodeURIComponent(id)}`);
  if (!hasEnded(before))
    throw new CliError(
      exitCodes.failed,
      `execution ${id} is still ${String(before["status"])}; only what has ended can be run again`,
    );
  const ref = String(valueAt(before, "action.ref"));
  const { parameters: schemas } =
    words.length === 0
      ? { parameters: {} }
      : await client.object("GET", `/actions/views/overview/${encodeURIComponent(ref)}`);
  const parameters = readParameters(
    words,
    { ref, schemas: isObject(schemas) ? schemas : {} },
    {
      workingDirectory: cli.workingDirectory,
      autoDict: false,
    },
  );
  const delay = optionText(options, "delay");
  const body = {
    parameters,
    ...(tasks.length === 0 ? {} : { tasks, reset: tasks.filter((task) => !kept.includes(task)) }),
    ...(delay === undefined ? {} : { delay: Number(delay) }),
  };
  await follow(asked, () => client.object("POST", `/executions/${idOf(before)}/re_run`, { body }));
}

const filters: NonNullable<VerbShape["options"]> = [
  ["--action <ref>", "of that action"],
  ["--status <status>", "in that state"],
  ["--user <name>", "requested by that user"],
  ["--rule <ref>", "started by that rule"],
  ["--runner <name>", "of that runner"],
  ["--trigger-instance <id>", "started by that trigger instance"],
  ["--timestamp-gt <time>", "started at or after, e.g. 2026-11-21T00:00:00Z"],
  ["--timestamp-lt <time>", "started at or before"],
  ["--parent <id>", "tasks of that workflow"],
  ["--nested", "tasks of workflows too"],
  ["--sort <asc|desc>", "the oldest or the newest first", "desc"],
];

const executions = {
  path: "/executions",
  key: "id",
  query: { limit: "50" },
  all: true,
  whole: true,
};
/** Those that may still be stopped. */
const unfinished = { ...executions, query: { limit: "50", status: "running" } };

export const setUpExecution: CommandSetup = (command, cli) => {
  addVerb(command, cli, {
    usage: "list",
    summary: "List executions, the newest first.",
    shows: true,
    options: [...listOptions, ...filters],
    examples: ["execution list -n 10 --status failed", "execution list -o jsonl -a id,status"],
    run: list,
  });
  addVerb(command, cli, {
    usage: "get <id...>",
    summary: 'Show executions; "last" is the newest.',
    shows: true,
    options: [
      ["-d, --detail", "show every attribute"],
      ["-k, --key <path>", "only that part of the result, e.g. stdout"],
      ["--wait", "wait for its end, with the tree of its tasks meanwhile"],
      ["--tail", "print what it prints until it ends"],
    ],
    examples: ["execution get last", "execution get last --wait", "execution get 674d… -k stdout"],
    names: executions,
    run: get,
  });
  addVerb(command, cli, {
    usage: "tail [id]",
    names: { ...executions, all: false },
    summary: "Print what an execution prints, and its tasks, until it ends.",
    run: tailOne,
  });
  addVerb(command, cli, {
    usage: "output <id>",
    summary: "Print what an execution has printed.",
    options: [["--type <stdout|stderr|all>", "which of it", "all"]],
    run: output,
  });
  addVerb(command, cli, {
    usage: "re-run <id> [parameters...]",
    aliases: ["rerun"],
    summary: "Run it again, with other parameters or from some tasks on.",
    options: [
      ...(waitingOptions ?? []),
      ["--tasks <names>", "only these tasks of a workflow and what follows, separated by commas"],
      ["--no-reset <names>", "of these, tasks with items of which only failed items run again"],
      ["--delay <ms>", "milliseconds until it starts"],
    ],
    examples: ["execution re-run 674d… cmd=uptime", "execution re-run 674d… --tasks deploy,notify"],
    run: reRun,
  });
  const verbs = [
    ["cancel", "Cancel executions.", cancel],
    ["pause", "Pause workflows: what runs ends, nothing new begins.", request("pausing", "pause")],
    ["resume", "Let paused workflows go on.", request("resuming", "resume")],
  ] as const;
  for (const [name, summary, run] of verbs)
    addVerb(command, cli, { usage: `${name} <id...>`, summary, names: unfinished, run });
};
