import { ActionFailed, defineAction } from "raicho/pack";
import { checkedKey, type Config } from "../lib/monitor.ts";
import { meant, tellAll } from "../lib/told.ts";

interface Parameters {
  readonly hosts: readonly string[];
  readonly start: string;
  readonly end: string;
  readonly comment: string;
  readonly key: string;
  readonly by: string;
  readonly monitor: string | null;
}

/** Answers {told: [{monitor, kind, done, missing}]}; `missing`: machines that the monitor does not know. What is over already is only ended. */
export const action = defineAction<Parameters, Config>(async (parameters, context) => {
  const { hosts, by, comment, monitor: name } = parameters;
  const key = checkedKey(parameters.key);
  const [start, end] = [moment("start", parameters.start), moment("end", parameters.end)];
  if (start >= end) throw new ActionFailed("monitoring: end is not after start");
  const strange = hosts.find((host) => !/^[^\s;,"'`|&<>]+$/.test(host));
  if (strange !== undefined)
    throw new ActionFailed(`monitoring: "${strange}" is no name of a machine`);
  const over = hosts.length === 0 || end.getTime() <= Date.now();
  const told = await tellAll(meant(context.config, { name }), context, (monitor) =>
    over ? monitor.cancel(key) : monitor.schedule({ hosts, start, end }, { by, comment, key }),
  );
  return { told };
});

function moment(name: string, text: string): Date {
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at;
  throw new ActionFailed(
    `monitoring: ${name} "${text}" is no time such as 2026-11-23T02:00:00+09:00`,
  );
}
