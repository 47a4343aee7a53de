/** `raicho run`, and what else starts executions. */
import { isObject, type JsonObject } from "../model/json.ts";
import { Refused, type Client } from "./client.ts";
import { CliError, exitCodes, type CommandSetup } from "./cli.ts";
import { formatOf, optionText, type Options } from "./output.ts";
import { nearest } from "../inventory/text.ts";
import { readParameters } from "./parameters.ts";
import { asVerb, type Asked, type VerbShape } from "./verb.ts";
import {
  childrenOf,
  exitCodeOf,
  idOf,
  isWorkflow,
  statusOf,
  tail,
  treeLines,
  waitFor,
} from "./wait.ts";

/** Names of the parameters that may be given, with their schemas. */
async function schemasOf(client: Client, ref: string): Promise<JsonObject> {
  try {
    const { parameters } = await client.object(
      "GET",
      `/actions/views/overview/${encodeURIComponent(ref)}`,
    );
    return isObject(parameters) ? parameters : {};
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error;
    const { rows } = await client.pages("/actions", { include_attributes: "ref" }, undefined);
    const close = nearest(
      ref,
      rows.map((row) => String(row["ref"])),
    );
    throw new CliError(
      exitCodes.notFound,
      `there is no action "${ref}"${close === undefined ? "; see raicho action list" : `; did you mean "${close}"?`}`,
    );
  }
}

/** Milliseconds of `--delay`. */
function delayOf(options: Options): number | undefined {
  const text = optionText(options, "delay");
  if (text === undefined) return undefined;
  const ms = Number(text);
  if (!Number.isInteger(ms) || ms < 0)
    throw new CliError(exitCodes.usage, `--delay ${text}: give milliseconds, a whole number`);
  return ms;
}

function contextOf(options: Options): JsonObject {
  const tag = optionText(options, "traceTag");
  const id = optionText(options, "traceId");
  if (tag !== undefined && id !== undefined)
    throw new CliError(exitCodes.usage, "give --trace-tag or --trace-id, not both");
  const trace =
    tag === undefined ? (id === undefined ? undefined : { id_: id }) : { trace_tag: tag };
  return trace === undefined ? {} : { context: { trace_context: trace } };
}

function environmentOf({ cli, options }: Asked): JsonObject {
  if (options["inheritEnv"] !== true) return {};
  const hidden = /TOKEN|SECRET|PASSWORD|API_KEY/i;
  return {
    env: Object.fromEntries(
      Object.entries(cli.environment).filter(
        ([name, value]) => value !== undefined && !hidden.test(name),
      ),
    ),
  };
}

const shown = [
  "id",
  "action.ref",
  "context.user",
  "parameters",
  "status",
  "start_timestamp",
  "end_timestamp",
  "log",
  "result",
];

/** An execution as people read it: its attributes, then the tree of its tasks. */
export async function showExecution(asked: Asked, execution: JsonObject): Promise<void> {
  const detail = asked.options["detail"] === true;
  await asked.print.one(
    execution,
    detail ? undefined : shown.filter((name) => detail || name !== "log"),
  );
  if (formatOf(asked.options) !== "table" || !isWorkflow(execution)) return;
  const lines = treeLines(await childrenOf(asked, idOf(execution)), idOf(execution));
  if (lines.length > 0) asked.cli.terminal.write(`\n${lines.join("\n")}\n`);
}

/** Starts it with `post`, then does what the options say: nothing (`--async`), print its output (`--tail`), or wait and show. */
export async function follow(asked: Asked, post: () => Promise<JsonObject>): Promise<void> {
  const { options, cli, client, print } = asked;
  if (options["async"] === true) {
    const started = await post();
    if (formatOf(options) !== "table") return print.one(started);
    await print.one(started, ["id", "action.ref", "status"]);
    print.done(`\nTo get the results, execute:\n raicho execution get ${idOf(started)}`);
    return;
  }
  if (options["tail"] === true) {
    let id = "";
    await tail(asked, async () => {
      const started = await post();
      id = idOf(started);
      cli.terminal.note(`execution ${id} (${statusOf(started)})\n`);
      return started;
    });
    const ended = await client.object("GET", `/executions/${id}`);
    cli.terminal.note(`execution ${id}: ${statusOf(ended)}\n`);
    cli.end(exitCodeOf(ended));
    return;
  }
  const ended = await waitFor(asked, idOf(await post()));
  await showExecution(asked, ended);
  cli.end(exitCodeOf(ended));
}

async function run(asked: Asked): Promise<void> {
  const { args, options, client, cli } = asked;
  const [ref = "", ...words] = args;
  const delay = delayOf(options);
  const schemas = await schemasOf(client, ref);
  const parameters = {
    ...readParameters(
      words,
      { ref, schemas },
      {
        workingDirectory: cli.workingDirectory,
        autoDict: options["autoDict"] === true,
      },
    ),
    ...environmentOf(asked),
  };
  const user = optionText(options, "user");
  const pool = optionText(options, "pool");
  const body = {
    action: ref,
    parameters,
    ...contextOf(options),
    ...(user === undefined ? {} : { user }),
    ...(delay === undefined ? {} : { delay }),
    ...(pool === undefined ? {} : { pool }),
  };
  await follow(asked, () => client.object("POST", "/executions", { body }));
}

export const waitingOptions: VerbShape["options"] = [
  ["-a, --async", "do not wait for the end"],
  ["--tail", "print what it prints while it runs"],
  ["-d, --detail", "show every attribute"],
];

export const runShape: Omit<VerbShape, "usage"> = {
  summary: "Run an action or a workflow and wait for its end.",
  options: [
    ...(waitingOptions ?? []),
    ["-e, --inherit-env", "pass the environment of this shell as parameter env, without secrets"],
    ["-u, --user <name>", "run it as another user (administrators)"],
    ["--trace-tag <tag>", "name of the trace it belongs to"],
    ["--trace-id <id>", "id of a trace that exists"],
    ["--delay <ms>", "milliseconds until it starts"],
    ["--pool <label>", "workers that are to run it, by their label"],
    ["--auto-dict", "read lists of key:value as objects"],
    ["--attr <names>", "attributes to show, separated by commas; all = everything"],
  ],
  examples: [
    "run core.local cmd=date",
    "run core.local -- uname -a",
    "run core.remote hosts=web1,web2 cmd=uptime",
    'run default.deploy targets=\'["web1","web2"]\' options=dry_run=true,depth=2',
    "run core.sendmail to=ops@example.com @body=report.txt",
    "run --tail default.alert_to_ticket host=web1",
  ],
  names: { path: "/actions", key: "ref" },
  run,
};

export const setUpRun: CommandSetup = (command, cli) => {
  asVerb(command, cli, { ...runShape, usage: "<action> [parameters...]" });
};
