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
  readonly state: "ready" | "drain" | "maint";
  readonly endpoint: string | null;
}

/** Answers {backend, server, state, changed, endpoints: [{endpoint, before, after, changed}]}. */
export const action = defineAction<Parameters, Config>(async (parameters, { config, signal }) => {
  const { state } = parameters;
  const backend = checkedName("backend", parameters.backend);
  const server = checkedName("server", parameters.server);
  const endpoints = [];
  for (const endpoint of endpointsOf(config, parameters.endpoint)) {
    const { state: before } = await findServer(endpoint, backend, server, signal);
    if (before !== state)
      await change(endpoint, `set server ${backend}/${server} state ${state}`, signal);
    const { state: after } = await findServer(endpoint, backend, server, signal);
    if (after !== state)
      throw new ActionFailed({
        error: `haproxy ${nameOf(endpoint)} took the command, but ${backend}/${server} is ${after}, not ${state}`,
        endpoints,
      });
    endpoints.push({ endpoint: nameOf(endpoint), before, after, changed: before !== state });
  }
  return { backend, server, state, changed: endpoints.some(({ changed }) => changed), endpoints };
});
