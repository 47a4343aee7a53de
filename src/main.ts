/** The command line, and the composition root of every process: configuration → wiring → roles. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { lint } from "./cli/lint.ts";
import { reloadCommand } from "./cli/reload.ts";
import { workflow } from "./cli/workflow.ts";
import { ConfigError, readConfig } from "./config.ts";
import { contentDirectories, knownRunners } from "./wiring/content.ts";
import { declarationFaults } from "./wiring/load.ts";
import { runProcess } from "./wiring/process.ts";
import { runSupervisor } from "./wiring/supervisor.ts";

const usage = `raicho: event → rule → workflow → action, with the inventory inside

  raicho start [--workers N] [--watch] [--st2-ports]   everything one machine needs
  raicho start --role api|worker|sensors|scheduler   one role against DATABASE_URL
  raicho reload                                take up changed content, losing nothing
  raicho lint [DIRECTORY …] [--json]           check packs, rules and workflows
  raicho workflow inspect FILE [--json]        what is wrong with a workflow, with line and column
  raicho workflow rehearse SPEC                play a workflow with given results, compare what it does
  raicho version | help

Environment: RAICHO_HOME, RAICHO_PORT, RAICHO_HOST, RAICHO_SMTP_PORT, RAICHO_ST2_PORTS, RAICHO_ADMIN_PASSWORD, RAICHO_AUTH, RAICHO_CONFIGS, RAICHO_PACKS,
RAICHO_MASTER_KEY_FILE, RAICHO_TZ, RAICHO_WORKERS, RAICHO_CONCURRENCY, RAICHO_DRAIN_SECONDS, RAICHO_SSH_USER, RAICHO_SSH_KEY,
RAICHO_SSH_KNOWN_HOSTS, RAICHO_SSH_UNKNOWN_HOSTS, DATABASE_URL, REDIS_URL (docs/operations.md)
`;

async function start(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      workers: { type: "string" },
      role: { type: "string" },
      watch: { type: "boolean" },
      "st2-ports": { type: "boolean" },
      supervised: { type: "boolean" },
    },
  });
  const config = readConfig(process.env, process.cwd(), values);
  return config.role === "all"
    ? runSupervisor(config)
    : runProcess(config, { supervised: values.supervised === true });
}

async function run([command, ...args]: readonly string[]): Promise<number> {
  switch (command) {
    case "start":
      return start(args);
    case "reload":
      return reloadCommand(readConfig(process.env, process.cwd()).home);
    case "lint":
      return lint(args, {
        directories: contentDirectories(readConfig(process.env, process.cwd())),
        runners: knownRunners(),
        checkDeclarations: declarationFaults,
        workingDirectory: process.cwd(),
        write: (text) => void process.stdout.write(text),
      });
    case "workflow":
      return workflow(args, {
        workingDirectory: process.cwd(),
        write: (text) => void process.stdout.write(text),
      });
    case "version":
      process.stdout.write(`raicho ${version()} on Node ${process.version}\n`);
      return 0;
    case undefined:
    case "help":
    case "--help":
      process.stdout.write(usage);
      return 0;
    default:
      process.stderr.write(`raicho: there is no command "${command}"; see raicho help\n`);
      return 2;
  }
}

/** From package.json, which lies beside src/ and beside dist/. */
function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? "unknown";
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const expected =
    error instanceof ConfigError ||
    (error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"));
  const text =
    error instanceof Error
      ? expected
        ? error.message
        : (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`raicho: ${text}\n`);
  process.exitCode = 1;
}
