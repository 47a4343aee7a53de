import { defineAction } from "raicho/pack";
import { endpointsOf, serversOf, type Config } from "../lib/runtime.ts";

interface Parameters {
  readonly backend: string | null;
  readonly server: string | null;
  readonly endpoint: string | null;
}

/** Answers {servers: [{endpoint, backend, server, address, state, status, weight, sessions}]}. */
export const action = defineAction<Parameters, Config>(async (parameters, { config, signal }) => {
  const wanted = endpointsOf(config, parameters.endpoint);
  const lists = await Promise.all(wanted.map((endpoint) => serversOf(endpoint, signal)));
  const servers = lists
    .flat()
    .filter(({ backend }) => (parameters.backend ?? backend) === backend)
    .filter(({ server }) => (parameters.server ?? server) === server);
  return { servers };
});
