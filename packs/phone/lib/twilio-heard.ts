/** Where the key that was pressed in a call lies in the datastore, between the webhook that was told and the call that waits for it. */
import { ActionFailed } from "raicho/pack";

/** Name of the key in scope system. Throws for what is no id of a call. */
export function heardKey(sid: string): string {
  if (/^CA[0-9a-fA-F]{32}$/.test(sid)) return `phone.twilio.${sid}`;
  throw new ActionFailed(`phone: ${JSON.stringify(sid)} is no id of a call of Twilio`);
}
