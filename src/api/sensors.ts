/** `/sensortypes` of StackStorm, and `/api/v2/sensors`: what became of them, and starting, stopping and restarting one. */
import { pathToFileURL } from "node:url";
import { checkpointOf } from "../engine/sensor-events.ts";
import { isEnabled } from "../engine/sensor-fleet.ts";
import { AppError } from "../model/errors.ts";
import type { SensorDefinition } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import { liveProcesses } from "../store/processes.ts";
import { enableSensor, sensorRows, wishRestart, type SensorRow } from "../store/sensors.ts";
import { metadataFile } from "./action-view.ts";
import { bodyOf } from "./bodies.ts";
import type { Door } from "./door.ts";
import { idFor, isoTime } from "./ids.ts";
import { answerList, oneOf } from "./lists.ts";
import { flag, refusal, text } from "./query.ts";
import { parameter } from "./resources.ts";
import { on, type ResourceOf, Routes } from "./routes.ts";

type Rows = ReadonlyMap<string, SensorRow>;

function typeView({ core }: Door, sensor: SensorDefinition, rows: Rows): JsonObject {
  const { ref, pack, className, entryPoint, entryPath, description } = sensor;
  return {
    id: idFor(`sensor_type:${ref}`),
    uid: `sensor_type:${pack}:${className}`,
    ref,
    pack,
    name: className,
    description,
    enabled: isEnabled(sensor, rows),
    artifact_uri: pathToFileURL(entryPath).href,
    entry_point: `sensors.${entryPoint.replace(/\.\w+$/, "").replaceAll("/", ".")}.${className}`,
    ...(sensor.pollInterval === undefined ? {} : { poll_interval: sensor.pollInterval }),
    trigger_types: sensor.triggerTypes.map((type) => type.ref),
    metadata_file: metadataFile(core.definitions().content, pack, sensor.source),
  };
}

const listed = {
  names: [
    "id",
    "uid",
    "ref",
    "pack",
    "name",
    "enabled",
    "entry_point",
    "artifact_uri",
    "trigger_types",
    "description",
  ],
  filters: ["pack", "name"],
};

async function typeViews(door: Door): Promise<readonly JsonObject[]> {
  const rows = await sensorRows(door.core.database.db);
  return [...door.core.definitions().content.sensors.values()].map((sensor) =>
    typeView(door, sensor, rows),
  );
}

/** Switches a sensor for the whole installation. What its file says anyway needs no note. */
async function switchSensor(
  { core }: Door,
  { ref, enabled: inFile }: SensorDefinition,
  enabled: boolean,
): Promise<void> {
  await enableSensor(core.database.db, ref, enabled === inFile ? null : enabled);
  core.bells.ring({ kind: "sensor", id: ref });
}

/** By ref or id. Throws NOT_FOUND. */
function sensorOf({ core }: Door, wanted: string): SensorDefinition {
  const found = [...core.definitions().content.sensors.values()].find(
    ({ ref }) => ref === wanted || idFor(`sensor_type:${ref}`) === wanted,
  );
  if (found === undefined)
    throw new AppError("NOT_FOUND", [`Resource with a reference or id "${wanted}" not found`]);
  return found;
}

function named(door: Door): ResourceOf {
  return (request) => {
    const { pack, className } = sensorOf(door, parameter(request, "ref"));
    return { uid: `sensor_type:${pack}:${className}`, within: [`pack:${pack}`] };
  };
}

/** StackStorm's: of a sensor type only `enabled` can be changed, the rest is written in its file. */
export function sensorTypeRoutes(door: Door): Routes {
  const router = new Routes();
  router.get("/sensortypes", "sensor_type_list", async (request, response) => {
    const enabled = flag(request, "enabled");
    const trigger = text(request.query["trigger"]);
    const rows = (await typeViews(door)).filter(
      (each) =>
        (enabled === undefined || each["enabled"] === enabled) &&
        (trigger === undefined ||
          (Array.isArray(each["trigger_types"]) && each["trigger_types"].includes(trigger))),
    );
    answerList(request, response, rows, listed);
  });
  router.get(
    "/sensortypes/:ref",
    on("sensor_type_view", named(door)),
    async (request, response) => {
      response.json(oneOf(await typeViews(door), request.params.ref));
    },
  );
  router.put(
    "/sensortypes/:ref",
    on("sensor_type_modify", named(door)),
    async (request, response) => {
      const sensor = sensorOf(door, request.params.ref);
      const enabled = bodyOf(request)["enabled"] ?? false;
      if (typeof enabled !== "boolean") throw refusal("enabled: true or false is expected");
      await switchSensor(door, sensor, enabled);
      response.json(oneOf(await typeViews(door), sensor.ref));
    },
  );
  return router;
}

function stateOf(row: SensorRow | undefined, enabled: boolean, live: ReadonlySet<string>): string {
  const here = row?.owner !== undefined && row.owner !== null && live.has(row.owner);
  if (here) return row.state;
  return enabled ? "waiting" : "disabled";
}

/** As if it had run nowhere yet. */
const unknown = { restarts: 0, failures: 0, dropped: 0, exit_code: null, words: null };

/** What became of every sensor, with the state of its process. */
async function statusViews({ core }: Door): Promise<readonly JsonObject[]> {
  const { db } = core.database;
  const [rows, processes] = await Promise.all([sensorRows(db), liveProcesses(db)]);
  const live = new Set(processes.map(({ id }) => id));
  return [...core.definitions().content.sensors.values()].map((sensor) => {
    const row = rows.get(sensor.ref);
    const enabled = isEnabled(sensor, rows);
    const state = stateOf(row, enabled, live);
    const nowhere = state === "waiting" || state === "disabled";
    const { restarts, failures, dropped, exit_code, words } = row ?? unknown;
    return {
      ref: sensor.ref,
      pack: sensor.pack,
      class_name: sensor.className,
      enabled,
      enabled_in_file: sensor.enabled,
      state,
      since: row === undefined ? null : isoTime(row.since),
      ...(nowhere || row === undefined
        ? { host: null, pid: null }
        : { host: row.host, pid: row.pid }),
      restarts,
      failures,
      exit_code,
      words,
      dropped,
      poll_interval: sensor.pollInterval ?? null,
      trigger_types: sensor.triggerTypes.map(({ ref }) => ref),
    };
  });
}

async function statusOf(door: Door, ref: string): Promise<JsonObject> {
  const view = oneOf(await statusViews(door), ref);
  return {
    ...view,
    checkpoint: (await checkpointOf(door.core.database.db, ref)) ?? null,
  };
}

/** Ours. */
export function sensorRoutes(door: Door): Routes {
  const router = new Routes();
  const wished = (
    verb: "start" | "stop" | "restart",
    carryOut: (sensor: SensorDefinition) => Promise<void>,
  ): void => {
    router.post(
      `/sensors/:ref/${verb}`,
      on("sensor_type_modify", named(door)),
      async (request, response) => {
        const sensor = sensorOf(door, request.params.ref);
        await carryOut(sensor);
        response.status(202).json(await statusOf(door, sensor.ref));
      },
    );
  };
  router.get("/sensors", "sensor_type_list", async (request, response) => {
    const rows = await statusViews(door);
    answerList(request, response, rows, {
      names: ["class_name", "state", "host"],
      filters: ["pack", "state"],
    });
  });
  router.get("/sensors/:ref", on("sensor_type_view", named(door)), async (request, response) => {
    response.json(await statusOf(door, sensorOf(door, request.params.ref).ref));
  });
  wished("start", (sensor) => switchSensor(door, sensor, true));
  wished("stop", (sensor) => switchSensor(door, sensor, false));
  wished("restart", async ({ ref }) => {
    await wishRestart(door.core.database.db, ref);
    door.core.bells.ring({ kind: "sensor", id: ref });
  });
  return router;
}
