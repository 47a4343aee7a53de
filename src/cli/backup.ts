/** `raicho backup FILE` and `raicho restore FILE`. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { CommandSetup, TableProgress, Terminal } from "./cli.ts";

interface Told {
  readonly progress: TableProgress;
  /** Rows so far. */
  readonly rows: () => number;
  /** Takes the line of progress away. */
  readonly clear: () => void;
}

/** One line that is written over, where somebody looks. */
function told(terminal: Terminal): Told {
  let all = 0;
  return {
    progress: (table, rows) => {
      all += rows;
      if (terminal.notesSeen)
        terminal.note(`\r\u001B[K${table}: ${rows.toLocaleString("en")} rows`);
    },
    rows: () => all,
    clear: () => {
      if (terminal.notesSeen) terminal.note("\r\u001B[K");
    },
  };
}

export const setUpBackup: CommandSetup = (command, { host, terminal, workingDirectory }) => {
  command
    .argument("<file>", "a new file, e.g. raicho-2026-11-21.backup")
    .addHelpText(
      "after",
      `
The database is the one of DATABASE_URL, or the embedded one of RAICHO_HOME; the engine may go on working. The file holds the master key: whoever has it
can read all secrets. Files of packs, rules, workflows and configurations are not in it: keep them in a repository.`,
    )
    .action(async (file: string) => {
      const path = resolve(workingDirectory, file);
      const { progress, rows, clear } = told(terminal);
      await host.backUp(path, progress).finally(clear);
      const size = (statSync(path).size / 1_000_000).toFixed(1);
      terminal.write(`${file}: ${rows().toLocaleString("en")} rows, ${size} MB\n`);
    });
};

export const setUpRestore: CommandSetup = (command, { host, terminal, workingDirectory }) => {
  command
    .argument("<file>", "what raicho backup wrote")
    .addHelpText(
      "after",
      `
RAICHO_HOME must be a new directory, or DATABASE_URL an empty database: nothing is ever written over. Start raicho afterwards as usual.`,
    )
    .action(async (file: string) => {
      const { progress, rows, clear } = told(terminal);
      const { raicho, at } = await host
        .restore(resolve(workingDirectory, file), progress)
        .finally(clear);
      terminal.write(
        `restored ${rows().toLocaleString("en")} rows as of ${at}, written by raicho ${raicho}\n`,
      );
    });
};
