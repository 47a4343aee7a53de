import { ActionFailed, defineAction } from "raicho/pack";
import { addition, removalOfAll } from "../lib/message.ts";
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

/** Answers {zone, name, type, before, records, changed}. */
export const action = defineAction<Parameters, Config>(async (parameters, { config, signal }) => {
  const target = targetOf(config, parameters);
  const ttl = seconds("ttl", parameters.ttl);
  const values = lines(parameters.data);
  if (values.length === 0)
    throw new ActionFailed("dns: data holds no value; to remove records use record_delete");
  const { zone, name, type, typeCode } = target;
  const additions = values.map((value) => addition(name, typeCode, ttl, encodeData(type, value)));
  const before = await ask(target, signal);
  const same =
    before.length === values.length &&
    values.every((value) =>
      before.some((one) => one.ttl === ttl && sameData(type, one.data, value)),
    );
  if (!same) await update(target, [removalOfAll(name, typeCode), ...additions], signal);
  const records = same ? before : await ask(target, signal);
  return { zone, name, type, before, records, changed: !same };
});
