import { ActionFailed, defineAction } from "raicho/pack";
import {
  change,
  checkedName,
  endpointsOf,
  findServer,
  nameOf,
  type Config,
} from "../lib/runtime.ts";

interface Parameters {
  readonly backend: string;
  readonly server: string;
  readonly weight: string;
  readonly endpoint: string | null;
}

/** Answers {backend, server, weight, changed, endpoints: [{endpoint, before, after, changed}]}. */
export const action = defineAction<Parameters, Config>(async (parameters, { config, signal }) => {
  const backend = checkedName("backend", parameters.backend);
  const server = checkedName("server", parameters.server);
  const weight = absoluteWeight(parameters.weight);
  const endpoints = [];
  for (const endpoint of endpointsOf(config, parameters.endpoint)) {
    const { weight: before } = await findServer(endpoint, backend, server, signal);
    if (before !== weight)
      await change(endpoint, `set server ${backend}/${server} weight ${weight}`, signal);
    const { weight: after } = await findServer(endpoint, backend, server, signal);
    endpoints.push({ endpoint: nameOf(endpoint), before, after, changed: before !== after });
  }
  return { backend, server, weight, changed: endpoints.some(({ changed }) => changed), endpoints };
});

function absoluteWeight(text: string): number {
  if (text.includes("%"))
    throw new ActionFailed(
      `haproxy: the weight ${text} is relative; 50% of a weight of 1 is 0, which drains the server. Give a number from 0 to 256`,
    );
  const weight = Number(text);
  if (/^\d{1,3}$/.test(text) && weight <= 256) return weight;
  throw new ActionFailed(`haproxy: the weight must be a whole number from 0 to 256, not "${text}"`);
}
