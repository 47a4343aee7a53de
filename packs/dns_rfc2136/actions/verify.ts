import { ActionFailed, defineAction } from "raicho/pack";
import {
  ask,
  lines,
  sameData,
  seconds,
  targetOf,
  type Config,
  type RecordName,
  type Value,
} from "../lib/zone.ts";

interface Parameters extends RecordName {
  readonly expected: string | null;
  readonly wait: string;
  readonly server: string | null;
}

/** Answers {zone, name, type, records}, or fails with the same and `expected`. */
export const action = defineAction<Parameters, Config>(
  async (parameters, { config, signal, sleep }) => {
    const configured = targetOf(config, parameters);
    const target = { ...configured, ...otherServer(parameters.server) };
    const { zone, name, type } = target;
    const expected = lines(parameters.expected);
    const until = performance.now() + seconds("wait", parameters.wait) * 1_000;
    for (;;) {
      const records = await ask(target, signal);
      if (matches(type, records, expected)) return { zone, name, type, records };
      if (performance.now() >= until)
        throw new ActionFailed({
          error: `dns: ${name} ${type} is ${shown(records.map(({ data }) => data))} at ${target.server.host}, not ${shown(expected)}`,
          zone,
          name,
          type,
          records,
          expected,
        });
      await sleep(500);
    }
  },
);

function matches(type: string, records: readonly Value[], expected: readonly string[]): boolean {
  const has = (value: string): boolean => records.some(({ data }) => sameData(type, data, value));
  return records.length === expected.length && expected.every(has);
}

/** Another server does not know our key. */
function otherServer(server: string | null) {
  if (server === null || server === "") return {};
  const [, host = server, port = "53"] = /^\[?([^\]]+?)\]?(?::(\d+))?$/.exec(server) ?? [];
  return { server: { host, port: Number(port) }, key: undefined };
}

function shown(values: readonly string[]): string {
  return values.length === 0 ? "absent" : values.join(", ");
}
