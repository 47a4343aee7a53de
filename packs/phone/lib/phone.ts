/** The seam between a call and what makes it. */
import { ActionFailed } from "raicho/pack";

export interface Config {
  readonly driver: "baresip" | "asterisk" | "twilio";
  readonly host: string;
  readonly port: number;
  readonly dial: string;
  readonly speech: readonly string[];
  readonly user: string;
  readonly password: string;
  readonly caller: string;
  readonly sounds: string;
  readonly api: string;
  readonly answers: string;
}

export interface CallEnd {
  readonly outcome: "key" | "no-key" | "no-answer" | "declined" | "failed";
  /** The key that was pressed; "" when none was. */
  readonly key: string;
  readonly answered: boolean;
  /** In the words of the phone. */
  readonly reason: string;
}

export interface Calling {
  /** As the driver calls it: a SIP address, a channel of Asterisk. */
  readonly address: string;
  /** What is said. */
  readonly text: string;
  /** The same as a WAV that is played: 8 kHz, mono, 16 bit; "" for a phone that speaks by itself. */
  readonly file: string;
  readonly ringMs: number;
  readonly answerMs: number;
}

export interface Phone {
  /** Whether it reads texts aloud by itself. */
  readonly speaks: boolean;
  /** What is called for a number or an address. Throws ActionFailed. */
  readonly addressOf: (to: string) => string;
  /** Rings, speaks, waits for a key, hangs up. Fails only when the phone itself cannot be used. */
  readonly call: (calling: Calling, signal: AbortSignal) => Promise<CallEnd>;
}

export function isJapanese(text: string): boolean {
  return /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(text);
}

/** A number without blanks and the like; undefined when it is none. */
export function numberOf(to: string): string | undefined {
  const number = to.replaceAll(/[\s()-]/g, "");
  return /^\+?[0-9*#]{2,20}$/.test(number) ? number : undefined;
}

/** `dial` with the number in it. */
export function dialled(dial: string | undefined, number: string, example: string): string {
  if (dial !== undefined && dial.includes("{number}")) return dial.replace("{number}", number);
  throw new ActionFailed(
    `phone: dial is missing in <configs>/phone.yaml; it says how ${number} is called: ${example}`,
  );
}
