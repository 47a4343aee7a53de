import { ActionFailed, type ActionContext } from "raicho/pack";
import { sendByIrc } from "./irc.ts";
import { targetOf, type Config, type Message } from "./targets.ts";
import { sendByWebhook } from "./webhook.ts";
import { sendByXmpp } from "./xmpp.ts";

export async function send(name: string, message: Message, context: ActionContext<Config>) {
  const target = targetOf(context.config, name);
  if (message.text.trim() === "") throw new ActionFailed("chat: the text is empty");
  try {
    if (target.kind === "irc") await sendByIrc(target, message, context.signal);
    else if (target.kind === "xmpp") await sendByXmpp(target, message, context.signal);
    else await sendByWebhook(target, message, context);
  } catch (error) {
    if (error instanceof ActionFailed) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ActionFailed(`chat: "${name}" (${target.kind}) cannot be reached: ${reason}`, {
      cause: error,
    });
  }
  return { target: name, kind: target.kind, posted: true };
}
