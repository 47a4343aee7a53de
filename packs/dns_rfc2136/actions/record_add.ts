import { ActionFailed, defineAction } from "raicho/pack";
import { addition } from "../lib/message.ts";
import { encodeData } from "../lib/record-data.ts";
import {
  ask,
  lines,
  sameData,
  seconds,
  targetOf,
  update,
  type Config,
  type RecordName,
} from "../lib/zone.ts";

interface Parameters extends RecordName {
  readonly data: string;
  readonly ttl: string;
}

/** Answers {zone, name, type, records, changed}. */
export const action = defineAction<Parameters, Config>(async (parameters, { config, signal }) => {
  const target = targetOf(config, parameters);
  const ttl = seconds("ttl", parameters.ttl);
  const values = lines(parameters.data);
  if (values.length === 0) throw new ActionFailed("dns: data holds no value");
  const { zone, name, type, typeCode } = target;
  const before = await ask(target, signal);
  const missing = values.filter(
    (value) => !before.some((one) => one.ttl === ttl && sameData(type, one.data, value)),
  );
  const changes = missing.map((value) => addition(name, typeCode, ttl, encodeData(type, value)));
  if (changes.length > 0) await update(target, changes, signal);
  const records = changes.length > 0 ? await ask(target, signal) : before;
  return { zone, name, type, records, changed: changes.length > 0 };
});
