/** One call through a real SIP phone: baresip with its module ctrl_tcp. Keys come as CALL_DTMF_START (SIP INFO or RFC 4733). */
import { ActionFailed } from "raicho/pack";
import { Control, type Said } from "./netstrings.ts";
import { dialled, numberOf, type CallEnd, type Calling, type Config, type Phone } from "./phone.ts";

export function baresip(config: Partial<Config>): Phone {
  return {
    speaks: false,
    addressOf: (to) => addressOf(to, config.dial),
    call: (calling, signal) => call(config, calling, signal),
  };
}

async function call(
  config: Partial<Config>,
  { address, file, ringMs, answerMs }: Calling,
  signal: AbortSignal,
): Promise<CallEnd> {
  const { host = "127.0.0.1", port = 4444 } = config;
  const course = new Course(address);
  const control = await open({ host, port }, (said) => course.hear(said), signal);
  const hangUp = (): void => void control.ask("hangup").catch(() => undefined);
  signal.addEventListener("abort", hangUp, { once: true });
  const timers: NodeJS.Timeout[] = [];
  try {
    await control.ask("ausrc", `aufile,${file}`);
    const { ok, data } = await control.ask("dial", address);
    if (ok !== true) throw new ActionFailed(`phone: baresip cannot dial ${address}: ${data ?? ""}`);
    timers.push(setTimeout(() => course.end("no-answer", `rang for ${ringMs / 1_000} s`), ringMs));
    const answered = await Promise.race([course.established, course.ended]);
    if (answered !== undefined) return answered;
    timers.push(setTimeout(() => course.end("no-key", "no key was pressed"), answerMs));
    return await course.ended;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener("abort", hangUp);
    // The answer to it tells that the line is free again.
    await Promise.race([control.ask("hangup"), wait(2_000)]).catch(() => undefined);
    control.close();
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

async function open(
  place: { readonly host: string; readonly port: number },
  hear: (said: Said) => void,
  signal: AbortSignal,
): Promise<Control> {
  try {
    return await Control.open(place, hear, signal);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ActionFailed(
      `phone: baresip's control port ${place.host}:${place.port} cannot be reached: ${reason}; set host and port in <configs>/phone.yaml`,
      { cause: error },
    );
  }
}

/** A SIP address; no blank may stand in it, or it would be another command. */
function addressOf(to: string, dial: string | undefined): string {
  if (/^sips?:[^\s;,]+$/.test(to)) return to;
  const number = numberOf(to);
  if (number === undefined)
    throw new ActionFailed(`phone: "${to}" is no number and no SIP address`);
  return dialled(dial, number, "sip:{number}@pbx.example.jp");
}

/** What happens to our call; events of others are not ours. */
class Course {
  readonly #address: string;
  readonly #end = Promise.withResolvers<CallEnd>();
  readonly #established = Promise.withResolvers<undefined>();
  #answered = false;

  constructor(address: string) {
    this.#address = address;
  }

  get ended(): Promise<CallEnd> {
    return this.#end.promise;
  }

  get established(): Promise<undefined> {
    return this.#established.promise;
  }

  end(outcome: CallEnd["outcome"], reason: string, key = ""): void {
    this.#end.resolve({ outcome, key, answered: this.#answered, reason });
  }

  hear({ type, peeruri, param = "" }: Said): void {
    if (type === "CONTROL_CLOSED") return this.end("failed", param);
    if (peeruri !== undefined && !this.#address.startsWith(peeruri.split(";")[0] ?? "")) return;
    if (type === "CALL_ESTABLISHED") {
      this.#answered = true;
      this.#established.resolve(undefined);
    } else if (type === "CALL_DTMF_START" && param !== "") this.end("key", "", param);
    else if (type === "CALL_CLOSED") this.end(this.#answered ? "no-key" : outcomeOf(param), param);
  }
}

function outcomeOf(reason: string): CallEnd["outcome"] {
  if (/\b(?:486|600|603)\b|busy|decline|reject/i.test(reason)) return "declined";
  return /\b(?:408|480|487)\b|timed? ?out|unavailable/i.test(reason) ? "no-answer" : "failed";
}
