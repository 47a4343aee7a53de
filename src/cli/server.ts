/** `raicho start`, `raicho reload`, `raicho version`. */
import { Option } from "commander";
import { CliError, exitCodes, type CommandSetup, type StartOptions } from "./cli.ts";
import { signalServer } from "./tell-server.ts";

/** As commander names them. */
type StartFlags = Omit<StartOptions, "st2-ports"> & { readonly st2Ports?: boolean };

export const setUpStart: CommandSetup = (command, cli) => {
  command
    .option("--workers <n>", "worker processes beside the door (default: RAICHO_WORKERS, 1)")
    .option("--role <role>", "one role only, against DATABASE_URL: api, worker, sensors, scheduler")
    .option(
      "--label <label>",
      "run actions of this pool only, e.g. zone=dc1; may be repeated (default: RAICHO_LABELS)",
      (label: string, before: readonly string[] | undefined) => [...(before ?? []), label],
    )
    .option("--watch", "take up changed content by itself")
    .option("--st2-ports", "listen on StackStorm's three ports too")
    .addOption(new Option("--supervised").hideHelp())
    .addHelpText(
      "after",
      `
${cli.host.variables}

Examples:
  raicho start --workers 4
  DATABASE_URL=postgres://db/raicho raicho start --role worker`,
    )
    .action(async ({ st2Ports, ...options }: StartFlags) => {
      const ports = st2Ports === undefined ? {} : { "st2-ports": st2Ports };
      cli.end(await cli.host.start({ ...options, ...ports }));
    });
};

export const setUpReload: CommandSetup = (command, cli) => {
  command
    .addHelpText("after", "\nThe server is the one whose data directory is RAICHO_HOME.")
    .action(async () => {
      if (!(await signalServer(cli)))
        throw new CliError(
          exitCodes.failed,
          `no raicho runs with the data directory ${await cli.host.home()}; set RAICHO_HOME`,
        );
      cli.terminal.write("raicho takes up the content; problems are in its log\n");
    });
};

export const setUpVersion: CommandSetup = (command, { host, terminal }) => {
  command.action(() => terminal.write(`raicho ${host.version} on Node ${process.version}\n`));
};
