import { defineAction } from "raicho/pack";
import { removal, removalOfAll } from "../lib/message.ts";
import { encodeData } from "../lib/record-data.ts";
import {
  ask,
  lines,
  sameData,
  targetOf,
  update,
  type Config,
  type RecordName,
} from "../lib/zone.ts";

interface Parameters extends RecordName {
  readonly data: string | null;
}

/** Answers {zone, name, type, before, records, changed}; `before` holds what a later record_add needs. */
export const action = defineAction<Parameters, Config>(async (parameters, { config, signal }) => {
  const target = targetOf(config, parameters);
  const values = lines(parameters.data);
  const { zone, name, type, typeCode } = target;
  const before = await ask(target, signal);
  const present = before.filter(
    ({ data }) => values.length === 0 || values.some((value) => sameData(type, data, value)),
  );
  const changes =
    values.length === 0
      ? [removalOfAll(name, typeCode)]
      : values.map((value) => removal(name, typeCode, encodeData(type, value)));
  if (present.length > 0) await update(target, changes, signal);
  const records = present.length > 0 ? await ask(target, signal) : before;
  return { zone, name, type, before, records, changed: present.length > 0 };
});
