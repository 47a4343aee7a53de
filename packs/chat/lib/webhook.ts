/** Incoming webhooks. Slack: `{text}` with &, < and > written as entities. Mattermost: `{text, channel}`. Teams: an adaptive card, as its workflows take. */
import { ActionFailed, type ActionContext } from "raicho/pack";
import { needed, type Config, type Message, type Target } from "./targets.ts";

const tries = 4;

export async function sendByWebhook(
  target: Target,
  message: Message,
  { fetch, sleep, signal }: Pick<ActionContext<Config>, "fetch" | "sleep" | "signal">,
): Promise<void> {
  const url = needed(target, "url");
  const body = JSON.stringify(bodyOf(target, message));
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      signal,
    });
    const said = (await response.text()).slice(0, 300);
    if (response.ok) return;
    // Too many, or away for a moment: the post was not taken. Anything else will not get better.
    const passing = response.status === 429 || response.status === 503;
    if (!passing || attempt === tries)
      throw new ActionFailed({
        error: `chat: "${target.name}" (${target.kind}) answers ${response.status}: ${said}`,
        status: response.status,
      });
    await sleep(waitMs(response.headers.get("retry-after"), attempt));
  }
}

function waitMs(retryAfter: string | null, attempt: number): number {
  const seconds = Number(retryAfter);
  return retryAfter !== null && seconds >= 0 ? Math.min(seconds, 60) * 1_000 : attempt * 1_000;
}

function bodyOf(target: Target, { text, user }: Message): object {
  if (target.kind === "mattermost") {
    const channel = user === undefined ? target.channel : `@${user.replace(/^@/, "")}`;
    return { text, ...(channel === undefined ? {} : { channel }) };
  }
  refuseUser(target, user);
  if (target.kind === "teams")
    return {
      type: "message",
      attachments: [
        {
          contentType: "application/vnd.microsoft.card.adaptive",
          content: {
            $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
            type: "AdaptiveCard",
            version: "1.4",
            body: [{ type: "TextBlock", text, wrap: true }],
          },
        },
      ],
    };
  return { text: text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;") };
}

function refuseUser({ name, kind }: Target, user: string | undefined): void {
  if (user === undefined) return;
  throw new ActionFailed(
    `chat: "${name}" is a webhook of ${kind}; it reaches its room only, not ${user}`,
  );
}
