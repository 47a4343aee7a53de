import { ActionFailed, defineAction } from "raicho/pack";
import { heardKey } from "../lib/twilio-heard.ts";

interface Parameters {
  readonly call: string;
  readonly key: string;
}

const keptSeconds = 3_600;

/** Doing it again changes nothing. */
export const action = defineAction<Parameters>(async ({ call, key }, { environment, fetch }) => {
  const name = heardKey(call);
  const { ST2_ACTION_API_URL: door = "", ST2_ACTION_AUTH_TOKEN: token = "" } = environment;
  const answer = await fetch(`${door}/keys/${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json", "x-auth-token": token },
    body: JSON.stringify({ name, value: key === "" ? "-" : key, ttl: keptSeconds }),
  });
  if (!answer.ok)
    throw new ActionFailed(
      `phone: the key could not be kept (${answer.status}): ${(await answer.text()).slice(0, 300)}`,
    );
  await answer.body?.cancel();
  return { call, key };
});
