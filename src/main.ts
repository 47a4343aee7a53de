/** The program: what the command line needs of this machine, lent lazily, so that a command that only asks a server loads no server. */
import { readFileSync } from "node:fs";
import type { Host } from "./cli/cli.ts";
import { runCommandLine } from "./cli/program.ts";
import { processTerminal } from "./cli/terminal.ts";

const variables = `Environment: RAICHO_HOME, RAICHO_PORT, RAICHO_HOST, RAICHO_SMTP_PORT, RAICHO_TLS_CERT, RAICHO_TLS_KEY, RAICHO_LOCAL_PORT, RAICHO_ST2_PORTS, RAICHO_ADMIN_PASSWORD, RAICHO_AUTH, RAICHO_AUTH_FILE, RAICHO_ALLOW_ORIGIN, RAICHO_RBAC, RAICHO_WEBHOOKS, RAICHO_LOG, RAICHO_CONFIGS, RAICHO_PACKS, RAICHO_PACK_INDEX, RAICHO_WHEELS,
RAICHO_MASTER_KEY_FILE, RAICHO_TZ, RAICHO_WORKERS, RAICHO_CONCURRENCY, RAICHO_ACTION_NICE, RAICHO_LABELS, RAICHO_POOLS, RAICHO_DRAIN_SECONDS, RAICHO_KEEP_EXECUTIONS_DAYS, RAICHO_KEEP_OUTPUT_DAYS,
RAICHO_KEEP_EVENTS_DAYS, RAICHO_KEEP_FEED_DAYS, RAICHO_ACTION_TRIGGERS, RAICHO_SYSTEM_USER, RAICHO_SSH_USER, RAICHO_SSH_KEY,
RAICHO_SSH_KNOWN_HOSTS, RAICHO_SSH_UNKNOWN_HOSTS, RAICHO_VALIDATE_PAYLOADS, RAICHO_VALIDATE_OUTPUT, RAICHO_WEBHOOK_RATE, RAICHO_MAIL_RATE, RAICHO_CRASH_AT, RAICHO_API_URL, DATABASE_URL, REDIS_URL (docs/operations.md)`;

/** From package.json, which lies beside src/ and beside dist/. */
function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? "unknown";
}

const host: Host = {
  version: version(),
  variables,
  start: async (options) => {
    const { readConfig } = await import("./config.ts");
    const config = readConfig(process.env, process.cwd(), options);
    if (config.role === "all")
      return (await import("./wiring/supervisor.ts")).runSupervisor(config);
    const supervised = options.supervised === true;
    return (await import("./wiring/process.ts")).runProcess(config, { supervised });
  },
  home: async () => (await import("./config.ts")).readConfig(process.env, process.cwd()).home,
  backUp: async (file, progress) => {
    const [{ readConfig }, { backUp }] = await Promise.all([
      import("./config.ts"),
      import("./wiring/backup.ts"),
    ]);
    return backUp(readConfig(process.env, process.cwd()), { file, raicho: version() }, progress);
  },
  restore: async (file, progress) => {
    const [{ readConfig }, { restore }] = await Promise.all([
      import("./config.ts"),
      import("./wiring/backup.ts"),
    ]);
    return restore(readConfig(process.env, process.cwd()), file, progress);
  },
  packPlaces: async () => {
    const [{ readConfig }, { packPlaces }] = await Promise.all([
      import("./config.ts"),
      import("./wiring/packs.ts"),
    ]);
    const program = [process.execPath, process.argv[1] ?? ""];
    return { ...packPlaces(readConfig(process.env, process.cwd())), program };
  },
  alertParts: async () => {
    const [{ readConfig }, { alertParts }] = await Promise.all([
      import("./config.ts"),
      import("./wiring/alerts.ts"),
    ]);
    return alertParts(readConfig(process.env, process.cwd()));
  },
  lintParts: async () => {
    const [{ readConfig }, { contentDirectories, knownRunners }, { declarationFaults }] =
      await Promise.all([
        import("./config.ts"),
        import("./wiring/content.ts"),
        import("./wiring/load.ts"),
      ]);
    return {
      directories: contentDirectories(readConfig(process.env, process.cwd())),
      runners: knownRunners(),
      checkDeclarations: declarationFaults,
    };
  },
};

const interrupted = new AbortController();
let heeded = false;

/** From the first call on, Ctrl-C aborts this signal; a second one ends the program at once. */
function signal(): AbortSignal {
  if (!heeded)
    process.on("SIGINT", () => {
      if (interrupted.signal.aborted) process.exit(130);
      interrupted.abort();
    });
  heeded = true;
  return interrupted.signal;
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  terminal: processTerminal(process.env),
  host,
  environment: process.env,
  workingDirectory: process.cwd(),
  signal,
});
