/** IRC (RFC 2812): signs on, joins, says it, and waits for the answer to a PING sent after it, which the server gives when it has read everything before. */
import { ActionFailed } from "raicho/pack";
import { Talk } from "./line-talk.ts";
import { needed, type Message, type Target } from "./targets.ts";

/** A line has 512 bytes with its prefix and its end. */
const lineBytes = 380;

export async function sendByIrc(
  target: Target,
  { text, user }: Message,
  signal: AbortSignal,
): Promise<void> {
  const { tls = true, ca, password, nick = "raicho" } = target;
  const receiver = word(target, user ?? needed(target, "channel"));
  const place = { host: needed(target, "host"), port: target.port ?? (tls ? 6697 : 6667), ca };
  const talk = await Talk.open(place, tls, signal);
  try {
    if (password !== undefined) talk.say(`PASS ${word(target, password)}\r\n`);
    await signOn(talk, word(target, nick));
    if (user === undefined) {
      talk.say(`JOIN ${receiver}\r\n`);
      await answer(talk, target, /^:\S+ (366|403|405|437|47[1-7]) .*\r?\n/m, "366");
    }
    for (const line of linesOf(text)) talk.say(`PRIVMSG ${receiver} :${line}\r\n`);
    talk.say("PING :said\r\n");
    await answer(talk, target, /^(?::\S+ )?(40[1-4]|412|PONG) .*\r?\n/m, "PONG");
  } finally {
    talk.close("QUIT :bye\r\n");
  }
}

/** A name that is taken gets an underscore. */
async function signOn(talk: Talk, nick: string): Promise<void> {
  talk.say(`NICK ${nick}\r\nUSER ${nick} 0 * :Raicho\r\n`);
  for (let name = nick; ;) {
    const [line, ping, code] = await talk.hear(
      /^(?:(PING) .*|:\S+ (001|43[2367]|46[45]) .*)\r?\n/m,
    );
    if (code === "001") return;
    if (ping !== undefined) talk.say(`PONG ${line.slice(5).trim()}\r\n`);
    else if (code === "433" && name.length < nick.length + 5) {
      name += "_";
      talk.say(`NICK ${name}\r\n`);
    } else throw new ActionFailed(`chat: IRC refuses to let us in: ${line.trim()}`);
  }
}

async function answer(talk: Talk, target: Target, pattern: RegExp, good: string): Promise<void> {
  const [line, code] = await talk.hear(pattern);
  if (code !== good) throw new ActionFailed(`chat: "${target.name}" (irc) refuses: ${line.trim()}`);
}

/** What stands in a command: no blank and no line end, or it would be another command. */
function word({ name }: Target, text: string): string {
  if (/^[^\s\0:][^\s\0]*$/.test(text)) return text;
  throw new ActionFailed(`chat: "${name}" (irc): "${text}" cannot be a name there`);
}

/** Lines that are short enough, cut between characters. */
function linesOf(text: string): readonly string[] {
  return text
    .replaceAll("\0", "")
    .split(/\r\n|\r|\n/)
    .flatMap((line) => {
      const pieces = [""];
      for (const character of line) {
        const last = pieces.length - 1;
        const longer = `${pieces[last] ?? ""}${character}`;
        if (Buffer.byteLength(longer) > lineBytes) pieces.push(character);
        else pieces[last] = longer;
      }
      return pieces;
    })
    .filter((line) => line.trim() !== "");
}
