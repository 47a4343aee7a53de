/** The Python sensors of packs, as far as they run in this process. */
import { join } from "node:path";
import { namedId, triggerView } from "../api/trigger-view.ts";
import type { Config } from "../config.ts";
import type { ResolvedTrigger } from "../engine/sensor-events.ts";
import { SensorFleet } from "../engine/sensor-fleet.ts";
import { keepPythonSensor, sensorFingerprint } from "../engine/sensor-keep.ts";
import { type Content, triggersInUse } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { SensorTrigger } from "../sensors/python/protocol.ts";
import { openLocks } from "../store/locks.ts";
import { countSensorHosts, sensorRows } from "../store/sensors.ts";
import type { EngineProcess } from "./engine.ts";
import { pythonPlaces } from "./runners.ts";

export interface PythonSensors {
  stop(): Promise<void>;
}

const lookMs = 1_000;

/** Starts taking sensors; resolves at once, as there may be none for this process. */
export function openPythonSensors(engine: EngineProcess, config: Config): PythonSensors {
  const { core } = engine;
  const { db } = core.database;
  const content = (): Content => core.definitions().content;
  const locks = openLocks(core.database.url, () => {
    core.log("warn", "the locks of the sensors were lost with a connection and are taken again");
  });
  const fleet: SensorFleet = new SensorFleet({
    locks,
    sensors: () => [...content().sensors.values()],
    rows: () => sensorRows(db),
    hosts: () => countSensorHosts(db),
    fingerprint: (sensor) => sensorFingerprint(sensor, content()),
    keep: (ref) =>
      keepPythonSensor(core, ref, {
        places: pythonPlaces(config),
        cache: join(config.home, "cache"),
        validate: config.validatePayloads,
        triggers: (types) => sensorTriggers(content(), types),
        resolve: (trigger) => resolveTrigger(content(), trigger),
        mayStore: (sensor, signal) => fleet.mayStore(sensor, signal),
      }),
    log: (message, details) => core.log("warn", message, details),
  });
  const looks = everySoOften(
    lookMs,
    () => fleet.look(),
    (reason) =>
      core.log("warn", "the sensors cannot be looked after; it is tried again", { reason }),
  );
  engine.on("reload", () => void fleet.reload().catch(() => undefined));
  engine.on("sensor", () => looks.now());
  return {
    stop: async () => {
      await looks.stop();
      await fleet.stop();
      await locks.close();
    },
  };
}

/** The triggers of these types that are in use, and those that need no rule. */
export function sensorTriggers(
  { rules, triggerTypes, triggers }: Pick<Content, "rules" | "triggerTypes" | "triggers">,
  types: readonly string[],
): readonly SensorTrigger[] {
  const found = new Map<string, SensorTrigger>();
  const add = ({ type, parameters }: ResolvedTrigger): void => {
    const view = triggerView(type, parameters);
    const id = String(view["id"]);
    found.set(id, { ...view, id, description: triggerTypes.get(type)?.description ?? "" });
  };
  for (const type of types) {
    const schema = triggerTypes.get(type)?.parametersSchema ?? {};
    if (Object.keys(schema).length === 0) add({ type, parameters: {} });
  }
  for (const trigger of triggersInUse({ rules, triggers }))
    if (types.includes(trigger.type)) add(trigger);
  return [...found.values()];
}

/** What a sensor means by `trigger`: a reference of a type or of a trigger that it was told of, or that trigger itself. */
export function resolveTrigger(
  { rules, triggerTypes, triggers }: Pick<Content, "rules" | "triggerTypes" | "triggers">,
  trigger: unknown,
): ResolvedTrigger | undefined {
  const { id, ref, pack, name, type, parameters }: JsonObject = isObject(trigger)
    ? trigger
    : { ref: trigger };
  if (typeof type === "string") return { type, parameters: isObject(parameters) ? parameters : {} };
  const full = typeof ref === "string" ? ref : `${String(pack)}.${String(name)}`;
  if (triggerTypes.has(full)) return { type: full, parameters: {} };
  const made = [...triggers.values()];
  const named = made.find((each) => each.ref === full || namedId(each) === id);
  if (named !== undefined) return { type: named.type, parameters: named.parameters };
  const used = [...[...rules.values()].map(({ trigger: own }) => own), ...made];
  const views = used.map((own) => ({ own, view: triggerView(own.type, own.parameters) }));
  return views.find(({ view }) => view["id"] === id || view["ref"] === full)?.own;
}

/** Works again and again, and at once when asked. A failure is told once until it works again. */
function everySoOften(
  ms: number,
  work: () => Promise<void>,
  onFailure: (reason: string) => void,
): { now(): void; stop(): Promise<void> } {
  const stopping = new AbortController();
  let wake = Promise.withResolvers<void>();
  const loop = async (): Promise<void> => {
    let failing = false;
    while (!stopping.signal.aborted) {
      try {
        await work();
        failing = false;
      } catch (error) {
        if (!failing) onFailure(error instanceof Error ? error.message : String(error));
        failing = true;
      }
      const timer = setTimeout(() => wake.resolve(), ms);
      await wake.promise;
      clearTimeout(timer);
      wake = Promise.withResolvers();
    }
  };
  const running = loop();
  return {
    now: () => wake.resolve(),
    stop: async () => {
      stopping.abort();
      wake.resolve();
      await running;
    },
  };
}
