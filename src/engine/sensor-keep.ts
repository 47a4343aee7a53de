/** A Python sensor in this engine: what it is started with, what becomes of its events, what others hear of it. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Content, SensorDefinition } from "../model/definitions.ts";
import {
  modulePaths,
  packInterpreter,
  pythonPath,
  sensorHost,
  type PythonPlaces,
} from "../runners/python-environment.ts";
import { SensorKeeper, type SensorPace } from "../sensors/python/keeper.ts";
import type { Dispatch, SensorAssignment, SensorTrigger } from "../sensors/python/protocol.ts";
import type { Core } from "./core.ts";
import { packConfig } from "./pack-config.ts";
import { configSecrets } from "./secrets.ts";
import { checkpointOf, takeDispatch, type SensorEventOptions } from "./sensor-events.ts";
import type { Kept } from "./sensor-fleet.ts";
import { announceSensor, passes, statusWriter } from "./sensor-news.ts";
import { serviceToken, type ServiceToken } from "./service-token.ts";

export interface SensorKeepOptions extends SensorEventOptions {
  readonly places: PythonPlaces;
  /** Directory for compiled files of packs; without it nothing is cached. */
  readonly cache: string | undefined;
  /** The triggers of these types that rules make. */
  triggers(types: readonly string[]): readonly SensorTrigger[];
  /** Resolves while this process may store what the sensor dispatches. */
  mayStore(sensor: string, signal: AbortSignal): Promise<void>;
  readonly pace?: SensorPace;
}

/** The user in whose name sensors speak to the API, as in StackStorm. */
const sensorUser = "sensors_container";
const firstRetryMs = 250;
const longestRetryMs = 5_000;

/** Runs the sensor of that ref until it is stopped. */
export function keepPythonSensor(core: Core, ref: string, options: SensorKeepOptions): Kept {
  const definition = (): SensorDefinition => {
    const found = core.definitions().content.sensors.get(ref);
    if (found === undefined) throw new Error(`The sensor ${ref} is not there any more.`);
    return found;
  };
  let token: ServiceToken | undefined;
  let dropped = 0;
  const reports = statusWriter(core, ref);
  const forgetToken = async (): Promise<void> => {
    const old = token;
    token = undefined;
    await old?.remove();
  };
  const keeper: SensorKeeper = new SensorKeeper({
    ref,
    host: sensorHost,
    prepare: async () => {
      await forgetToken();
      const sensor = definition();
      token = await serviceToken(core, sensorUser, { sensor: ref });
      return {
        assignment: await assignmentOf(core, sensor, token.secret, options),
        checkpoint: await checkpointOf(core.database.db, ref),
      };
    },
    triggers: () =>
      options.triggers(
        core
          .definitions()
          .content.sensors.get(ref)
          ?.triggerTypes.map((type) => type.ref) ?? [],
      ),
    take: async (dispatch, signal) => {
      const left = await storeWhenPossible(core, ref, { dispatch, signal }, options);
      dropped += left.length;
      if (left.length > 0) reports.tell(keeper.status, dropped);
      return left;
    },
    onStatus: (status) => reports.tell(status, dropped),
    onNews: (news) => void announceSensor(core, ref, news),
    say: (level, logger, message) => core.log(level, message, { sensor: ref, logger }),
    ...(options.pace === undefined ? {} : { pace: options.pace }),
  });
  const end = async (work: Promise<void>): Promise<void> => {
    await work;
    await forgetToken();
    await reports.settled();
  };
  return {
    restart: () => keeper.restart(),
    retrigger: () => keeper.retrigger(),
    stop: () => end(keeper.stop()),
    abandon: () => end(keeper.abandon()),
  };
}

/** Stores a dispatch, however long the database is away. Rejects when it can never be stored, or is to be given up. */
async function storeWhenPossible(
  core: Core,
  ref: string,
  { dispatch, signal }: { readonly dispatch: Dispatch; readonly signal: AbortSignal },
  options: SensorKeepOptions,
): Promise<readonly string[]> {
  for (let pause = firstRetryMs; ; pause = Math.min(pause * 2, longestRetryMs)) {
    await options.mayStore(ref, signal);
    try {
      return await takeDispatch(core, ref, dispatch, options);
    } catch (error) {
      if (!passes(error)) throw error;
    }
    await delay(pause, undefined, { signal });
  }
}

async function assignmentOf(
  core: Core,
  sensor: SensorDefinition,
  token: string,
  { places, cache }: SensorKeepOptions,
): Promise<SensorAssignment> {
  const { ref, pack, className, entryPath, pollInterval, triggerTypes } = sensor;
  const definition = core.definitions().content.packs.get(pack);
  const packPath = definition?.path ?? "";
  const file = { entryPath, packPath };
  const { program, base, missingLibraries } = packInterpreter({ pack, packPath }, places);
  const config = await packConfig(core, definition);
  return {
    ref,
    pack,
    className,
    entry: entryPath,
    directory: packPath,
    // Some packs' sensors import what their actions have.
    paths: [...modulePaths(file), join(packPath, "actions", "lib")],
    pollInterval: pollInterval ?? null,
    triggerTypes: triggerTypes.map((type) => type.ref),
    config,
    logLevel: "INFO",
    cache: cache === undefined ? undefined : join(cache, "python"),
    missingLibraries,
    program,
    environment: {
      ...base,
      PYTHONPATH: pythonPath(file),
      ST2_API_URL: `${core.apiUrl}/v1`,
      ST2_AUTH_TOKEN: token,
      RAICHO_PACK: pack,
      RAICHO_PACK_PATH: packPath,
      ...(places.configs === undefined ? {} : { RAICHO_CONFIGS: places.configs }),
    },
    secrets: [token, ...(definition === undefined ? [] : configSecrets(definition, config))],
  };
}

/** What a sensor is made of: its definition, its pack's configuration, and the pack's own Python files that it may import. Files of other
 * sensors count only where its own file names them. */
export async function sensorFingerprint(
  sensor: SensorDefinition,
  { packs, sensors }: Pick<Content, "packs" | "sensors">,
): Promise<string> {
  const { source, ...definition } = sensor;
  const pack = packs.get(sensor.pack);
  const text = await readFile(sensor.entryPath, "utf8").catch(() => "");
  const others = new Set(
    [...sensors.values()]
      .map(({ entryPath }) => entryPath)
      .filter((path) => path !== sensor.entryPath && !text.includes(basename(path, ".py"))),
  );
  const roots = [join(pack?.path ?? "", "sensors"), join(pack?.path ?? "", "lib")];
  const files = (await Promise.all(roots.map(pythonFiles)))
    .flat()
    .filter((file) => !others.has(file));
  const states = await Promise.all([sensor.entryPath, ...files].map(stateOf));
  return JSON.stringify([definition, source.file, pack?.config, pack?.path, states]);
}

async function pythonFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(
    () => [],
  );
  return entries
    .filter((entry) => entry.name.endsWith(".py"))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

async function stateOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  return `${file} ${found?.mtimeMs ?? "-"} ${found?.size ?? "-"}`;
}
