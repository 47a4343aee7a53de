/** One call through Asterisk's manager interface: Originate into the application Read, which plays the text and takes one key. */
import { randomUUID } from "node:crypto";
import { copyFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { ActionFailed } from "raicho/pack";
import { Manager, type Message } from "./ami.ts";
import { dialled, numberOf, type CallEnd, type Calling, type Config, type Phone } from "./phone.ts";

export function asterisk(config: Partial<Config>): Phone {
  return {
    speaks: false,
    addressOf: (to) => {
      const number = numberOf(to);
      if (number !== undefined) return dialled(config.dial, number, "PJSIP/{number}@provider");
      if (/^(?:SIP|PJSIP|IAX2|Local|DAHDI)\/[\w.@:/+-]+$/.test(to)) return to;
      throw new ActionFailed(`phone: "${to}" is no number and no channel of Asterisk`);
    },
    call: (calling, signal) => call(config, calling, signal),
  };
}

async function call(
  config: Partial<Config>,
  { address, file, ringMs, answerMs }: Calling,
  signal: AbortSignal,
): Promise<CallEnd> {
  const id = randomUUID();
  const course = new Course(id);
  const manager = await open(config, (event) => course.hear(event), signal);
  const hangUp = (): Promise<unknown> =>
    manager.ask("Hangup", { Channel: course.channel, Cause: "16" });
  const gone = (): void => void hangUp().catch(() => undefined);
  signal.addEventListener("abort", gone, { once: true });
  const sound = soundOf(config, file, id);
  const timers: NodeJS.Timeout[] = [];
  try {
    await signIn(manager, config);
    const said = await manager.ask("Originate", {
      Channel: address,
      ChannelId: id,
      Application: "Read",
      // Variable, file, keys, options, tries, seconds of each.
      Data: `RAICHO_KEY,${sound.name},1,,1,${Math.ceil(answerMs / 1_000)}`,
      Timeout: String(ringMs),
      CallerID: config.caller ?? "Raicho",
      Async: "true",
    });
    if (said.get("Response") !== "Success")
      throw new ActionFailed(
        `phone: Asterisk cannot dial ${address}: ${said.get("Message") ?? ""}`,
      );
    // Asterisk ends the ringing by itself; this is for one that says nothing of it.
    timers.push(
      setTimeout(() => course.end("no-answer", "nothing was heard of it"), ringMs + 10_000),
    );
    const ended = await Promise.race([course.answered, course.ended]);
    if (ended !== undefined) return ended;
    for (const timer of timers) clearTimeout(timer);
    timers.push(setTimeout(() => course.end("no-key", "no key was pressed"), answerMs + 120_000));
    return await course.ended;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener("abort", gone);
    if (!course.over) await Promise.race([hangUp(), wait(2_000)]).catch(() => undefined);
    manager.close();
    sound.remove();
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

async function open(
  { host = "127.0.0.1", port = 5038 }: Partial<Config>,
  hear: (event: Message) => void,
  signal: AbortSignal,
): Promise<Manager> {
  try {
    return await Manager.open({ host, port }, hear, signal);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ActionFailed(
      `phone: Asterisk's manager interface ${host}:${port} cannot be reached: ${reason}; set host and port in <configs>/phone.yaml`,
      { cause: error },
    );
  }
}

async function signIn(
  manager: Manager,
  { user = "", password = "" }: Partial<Config>,
): Promise<void> {
  const said = await manager.ask("Login", { Username: user, Secret: password, Events: "on" });
  if (said.get("Response") === "Success") return;
  throw new ActionFailed(
    `phone: Asterisk does not let "${user}" in: ${said.get("Message") ?? ""}; set user and password in <configs>/phone.yaml`,
  );
}

/** The text where Asterisk finds it, under the name that it is asked for: without its ending. */
function soundOf(
  { sounds }: Partial<Config>,
  file: string,
  id: string,
): { readonly name: string; readonly remove: () => void } {
  if (sounds === undefined || sounds === "")
    throw new ActionFailed(
      "phone: sounds is missing in <configs>/phone.yaml; it is a directory that this machine and Asterisk share",
    );
  const place = join(sounds, `raicho-${id}.wav`);
  try {
    copyFileSync(file, place);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ActionFailed(`phone: the text cannot be put into sounds: ${reason}`, {
      cause: error,
    });
  }
  return {
    name: join(sounds, basename(place, ".wav")),
    remove: () => rmSync(place, { force: true }),
  };
}

/** Causes of hanging up (Q.850). */
const declined = new Set(["17", "21"]);
const unanswered = new Set(["18", "19", "20", "102", "127"]);

/** What happens to our call, by the id that we gave its channel; events of others are not ours. */
class Course {
  readonly #id: string;
  readonly #end = Promise.withResolvers<CallEnd>();
  readonly #answered = Promise.withResolvers<undefined>();
  #wasAnswered = false;
  #key = "";
  #cause: Message | undefined;
  /** Its name, once Asterisk said it; before that it is known by its id. */
  channel: string;
  over = false;

  constructor(id: string) {
    this.#id = id;
    this.channel = id;
  }

  get ended(): Promise<CallEnd> {
    return this.#end.promise;
  }

  get answered(): Promise<undefined> {
    return this.#answered.promise;
  }

  end(outcome: CallEnd["outcome"], reason: string): void {
    this.#end.resolve({ outcome, key: this.#key, answered: this.#wasAnswered, reason });
  }

  hear(event: Message): void {
    const kind = event.get("Event");
    if (kind === "CLOSED") return this.end("failed", event.get("Reason") ?? "");
    if (event.get("Uniqueid") !== this.#id) return;
    this.channel = event.get("Channel") ?? this.channel;
    if (kind === "OriginateResponse") this.#originated(event);
    else if (kind === "DTMFEnd" && event.get("Direction") === "Received") {
      this.#key = event.get("Digit") ?? "";
      this.end("key", "");
    } else if (kind === "Hangup") this.#hungUp(event);
  }

  #originated(event: Message): void {
    if (event.get("Response") === "Success") {
      this.#wasAnswered = true;
      this.#answered.resolve(undefined);
    } else this.#failed(event.get("Reason") ?? "");
  }

  #hungUp(event: Message): void {
    this.over = true;
    this.#cause = event;
    if (this.#wasAnswered) this.end("no-key", event.get("Cause-txt") ?? "");
  }

  /** Reasons of Asterisk: 3 = it rang too long, 5 = busy, 8 = congestion, 0 and 1 = whatever the hang-up said. */
  #failed(reason: string): void {
    this.over = true;
    const cause = this.#cause?.get("Cause") ?? "";
    const words = this.#cause?.get("Cause-txt") ?? `reason ${reason}`;
    if (reason === "5" || declined.has(cause)) this.end("declined", words);
    else if (reason === "3" || unanswered.has(cause)) this.end("no-answer", words);
    else this.end("failed", words);
  }
}
