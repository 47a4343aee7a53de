/** One call through Twilio: the text and the question for a key go with the call; its end is read from the call, the key comes back to Raicho's webhook
 * `phone/twilio` and lies in the datastore under the call's id (actions/twilio_heard.ts).
 *
 * Nobody is called twice: what Twilio refuses for now (429) was not made and is asked again; of a request whose answer was lost the call is looked for, and never made
 * again. */
import { ActionFailed, type ActionContext } from "raicho/pack";
import { heardKey } from "./twilio-heard.ts";
import { needed, TwilioApi, type Placed } from "./twilio-api.ts";
import {
  dialled,
  isJapanese,
  numberOf,
  type CallEnd,
  type Calling,
  type Config,
  type Phone,
} from "./phone.ts";

const lookMs = 1_000;
/** A key that was pressed is under way to us when the call is over already. */
const lateMs = 10_000;
/** The text is read aloud before the wait for a key begins. */
const speakingMs = 120_000;

export function twilio(context: ActionContext<Config>): Phone {
  const { config } = context;
  return {
    speaks: true,
    addressOf: (to) => {
      const number = numberOf(to);
      if (number?.startsWith("+") === true) return number;
      // The 0 before the area code is not part of an international number.
      if (number !== undefined)
        return dialled(config.dial, number.replace(/^0/, ""), "+81{number}");
      if (/^sip:[^\s<>@]+@[^\s<>@]+$/.test(to)) return to;
      throw new ActionFailed(`phone: "${to}" is no number and no SIP address`);
    },
    call: (calling, signal) => call(context, calling, signal),
  };
}

async function call(
  context: ActionContext<Config>,
  calling: Calling,
  signal: AbortSignal,
): Promise<CallEnd> {
  const { config } = context;
  const answers = needed(config, "answers");
  const api = new TwilioApi(context);
  await mayHear(context);
  const placed = await api.place({
    To: calling.address,
    From: needed(config, "caller"),
    Timeout: String(Math.min(600, Math.ceil(calling.ringMs / 1_000))),
    Twiml: question(calling, answers),
  });
  if ("refused" in placed) return ended("failed", placed.refused);
  const gone = (): void => void api.hangUp(placed).catch(() => undefined);
  signal.addEventListener("abort", gone, { once: true });
  try {
    return await follow(context, { api, placed, calling });
  } finally {
    signal.removeEventListener("abort", gone);
  }
}

interface Following {
  readonly api: TwilioApi;
  readonly placed: Placed;
  readonly calling: Calling;
}

async function follow(
  context: ActionContext<Config>,
  { api, placed, calling: { ringMs, answerMs } }: Following,
): Promise<CallEnd> {
  const until = performance.now() + ringMs + answerMs + speakingMs;
  let over: number | undefined;
  while (performance.now() < until) {
    const key = await heard(context, placed);
    if (key !== undefined) {
      await api.hangUp(placed).catch(() => undefined);
      return key === "" ? ended("no-key", "no key was pressed", true) : pressed(key);
    }
    if (over !== undefined && performance.now() - over > lateMs)
      return ended("no-key", "it was hung up", true);
    const status = over === undefined ? await api.statusOf(placed) : "completed";
    const end = ends[status];
    if (end !== undefined) return ended(end, status);
    if (status === "completed") over ??= performance.now();
    await context.sleep(lookMs);
  }
  await api.hangUp(placed).catch(() => undefined);
  return ended("no-key", "nothing was heard of its end", true);
}

/** Statuses of calls that nobody took. */
const ends: Readonly<Record<string, CallEnd["outcome"]>> = {
  busy: "declined",
  "no-answer": "no-answer",
  failed: "failed",
  canceled: "failed",
};

function ended(outcome: CallEnd["outcome"], reason: string, answered = false): CallEnd {
  return { outcome, key: "", answered, reason };
}

function pressed(key: string): CallEnd {
  return { outcome: "key", key, answered: true, reason: "" };
}

/** The key that our webhook was told; "" = none was pressed; undefined = it was not told yet. */
async function heard(context: ActionContext<Config>, { sid }: Placed): Promise<string | undefined> {
  try {
    const answer = await ask(context, heardKey(sid));
    if (!answer.ok) {
      await answer.body?.cancel();
      return undefined;
    }
    const said: unknown = await answer.json();
    const value = typeof said === "object" && said !== null && "value" in said ? said.value : "";
    return typeof value === "string" ? value.replaceAll(/[^0-9*#]/g, "") : undefined;
  } catch {
    // The door is away for a moment: it is asked again.
    return undefined;
  }
}

function ask({ fetch, environment }: ActionContext<Config>, key: string): Promise<Response> {
  const { ST2_ACTION_API_URL: door = "", ST2_ACTION_AUTH_TOKEN: token = "" } = environment;
  return fetch(`${door}/keys/${key}`, { headers: { "x-auth-token": token } });
}

/** Before anybody is called: who may not read the datastore would hear of no key. */
async function mayHear(context: ActionContext<Config>): Promise<void> {
  const answer = await ask(context, "phone.twilio.test").catch(() => undefined);
  await answer?.body?.cancel();
  if (answer?.status === 401 || answer?.status === 403)
    throw new ActionFailed(
      `phone: whoever calls needs key_value_pair_view on phone.twilio.*, for the keys that are pressed (${answer.status})`,
    );
}

/** What Twilio does when somebody takes off (TwiML). The answer is told also when no key is pressed. */
function question({ text, answerMs }: Calling, answers: string): string {
  const language = isJapanese(text) ? "ja-JP" : "en-US";
  const seconds = Math.max(1, Math.ceil(answerMs / 1_000));
  return (
    `<Response><Gather input="dtmf" numDigits="1" timeout="${seconds}" actionOnEmptyResult="true" method="POST" action="${escaped(answers)}">` +
    `<Say language="${language}" loop="3">${escaped(text.slice(0, 600))}</Say></Gather></Response>`
  );
}

function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
