/** `raicho backup` and `raicho restore`: the ledger and the master key in one file, while the engine works or stands still. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Config } from "../config.ts";
import { ConfigError } from "../config-values.ts";
import { type Progress, readBackup, writeBackup } from "../store/backup.ts";
import { BackupError, type BackupHeader, openBackup } from "../store/backup-format.ts";
import { migrate, openDatabase } from "../store/database.ts";
import { runningPostgres, startPostgres } from "../store/postgres.ts";
import { lockHome } from "./home-lock.ts";

interface Reached {
  readonly url: string;
  release(): Promise<void>;
}

/** The database of that configuration: the one that runs, or the embedded one started for this. */
async function reach({ databaseUrl, home }: Config): Promise<Reached> {
  const url = databaseUrl ?? runningPostgres(home);
  if (url !== undefined) return { url, release: async () => undefined };
  const unlock = lockHome(home);
  try {
    const server = await startPostgres({ home });
    return {
      url: server.url,
      release: async () => {
        await server.stop();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** What the system says of a file that cannot be made, or that there is no room for. */
const unwritable = /^(ENOENT|EACCES|EROFS|ENOSPC|EDQUOT|EFBIG|EIO): /;

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function asConfigError(error: unknown): unknown {
  return error instanceof BackupError ? new ConfigError(error.message) : error;
}

/** Writes the file; nothing is left of it when that fails. Throws ConfigError with a sentence. */
export async function backUp(
  config: Config,
  { file, raicho }: { file: string; raicho: string },
  progress: Progress,
): Promise<void> {
  if (existsSync(file)) throw new ConfigError(`${file} is there already; name a new file`);
  if (config.databaseUrl === undefined && !existsSync(config.home))
    throw new ConfigError(`there is no data directory ${config.home}; set RAICHO_HOME`);
  if (!existsSync(config.masterKeyFile))
    throw new ConfigError(
      `there is no master key ${config.masterKeyFile}: this raicho was never started; set RAICHO_HOME or RAICHO_MASTER_KEY_FILE`,
    );
  const key = readFileSync(config.masterKeyFile, "utf8").trim();
  const reached = await reach(config);
  try {
    await writeBackup({ url: reached.url, file, key, raicho }, progress);
  } catch (error) {
    rmSync(file, { force: true });
    throw asConfigError(
      unwritable.test(reasonOf(error))
        ? new BackupError(`${file} cannot be written: ${reasonOf(error)}`)
        : error,
    );
  } finally {
    await reached.release();
  }
}

/** Reads the file into an empty data directory or database, whole or not at all. Throws ConfigError with a sentence. */
export async function restore(
  config: Config,
  file: string,
  progress: Progress,
): Promise<BackupHeader> {
  if (!existsSync(file)) throw new ConfigError(`there is no file ${file}`);
  const backup = await openBackup(file).catch((error: unknown) => {
    throw asConfigError(error);
  });
  const { masterKeyFile, home } = config;
  const { key } = backup.header;
  if (existsSync(masterKeyFile) && readFileSync(masterKeyFile, "utf8").trim() !== key) {
    backup.close();
    throw new ConfigError(
      `${masterKeyFile} holds another master key than the backup; restore into an empty RAICHO_HOME`,
    );
  }
  mkdirSync(home, { recursive: true });
  const reached = await reach(config);
  try {
    await readBackup({ url: reached.url, backup }, progress);
    mkdirSync(dirname(masterKeyFile), { recursive: true });
    if (!existsSync(masterKeyFile))
      writeFileSync(masterKeyFile, `${key}\n`, { mode: 0o600, flag: "wx" });
    const database = openDatabase(reached.url, { max: 1, application: "raicho restore" });
    await migrate(database).finally(() => database.close());
    return backup.header;
  } catch (error) {
    throw asConfigError(error);
  } finally {
    await reached.release();
  }
}
